package verdict

// Find reports whether match returns true for err or for one of the errors that it
// wraps, at any depth. Unlike [errors.Is] and [errors.As], it returns even if an error
// unwraps to itself, because it stops after 10,000 errors.
func Find(err error, match func(error) bool) bool {
	left := deepest
	return find(err, match, &left)
}

// Has is Find for an err whose methods may panic or call Goexit: that ends the search,
// and Has returns false unless match has returned true before.
func Has(err error, match func(error) bool) (found bool) {
	switch {
	case err == nil:
		return false
	case match(err):
		return true
	}
	switch err.(type) {
	case interface{ Unwrap() error }, interface{ Unwrap() []error }:
		Apart(func() { found = Find(err, match) })
	}
	return found
}

func find(err error, match func(error) bool, left *int) bool {
	if err == nil || *left == 0 {
		return false
	}
	*left--
	if match(err) {
		return true
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		return find(e.Unwrap(), match, left)
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			if find(inner, match, left) {
				return true
			}
		}
	}
	return false
}

// Is is [errors.Is], but always returns.
func Is(err, target error) bool {
	return Find(err, func(e error) bool {
		if Same(e, target) {
			return true
		}
		is, ok := e.(interface{ Is(error) bool })
		return ok && is.Is(target)
	})
}
