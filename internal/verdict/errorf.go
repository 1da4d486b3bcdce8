package verdict

import "fmt"

// Errorf is [fmt.Errorf], but calls the Error methods of the errors among args only when
// its own is called. These methods are the user's code: one that does not return would
// keep Errorf from returning. Each of these errors is wrapped, so its verb is %w.
func Errorf(format string, args ...any) error {
	var wrapped []error
	for _, arg := range args {
		if err, ok := arg.(error); ok {
			wrapped = append(wrapped, err)
		}
	}
	text := lateText{format, args}
	if len(wrapped) == 1 {
		return &one{text, wrapped[0]}
	}
	return &several{text, wrapped}
}

// A lateText is a text that is made when it is used.
type lateText struct {
	format string
	args   []any
}

func (u lateText) Error() string { return fmt.Errorf(u.format, u.args...).Error() }

type one struct {
	lateText
	err error
}

func (o *one) Unwrap() error { return o.err }

type several struct {
	lateText
	errs []error
}

func (s *several) Unwrap() []error { return s.errs }
