package verdict

import "fmt"

// Errorf is [fmt.Errorf], but asks the errors among args for their texts only when
// somebody asks for its own. Their methods are the user's code: one that does not return
// would take the whole error with it. Each of these errors is wrapped, so its verb is %w.
func Errorf(format string, args ...any) error {
	var wrapped []error
	for _, arg := range args {
		if err, ok := arg.(error); ok {
			wrapped = append(wrapped, err)
		}
	}
	text := untold{format, args}
	if len(wrapped) == 1 {
		return &one{text, wrapped[0]}
	}
	return &several{text, wrapped}
}

// untold is a text that is made when it is asked for.
type untold struct {
	format string
	args   []any
}

func (u untold) Error() string { return fmt.Errorf(u.format, u.args...).Error() }

type one struct {
	untold
	err error
}

func (o *one) Unwrap() error { return o.err }

type several struct {
	untold
	errs []error
}

func (s *several) Unwrap() []error { return s.errs }
