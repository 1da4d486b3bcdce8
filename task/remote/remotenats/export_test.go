package remotenats

import "context"

// PackForTest makes the data of a message.
var PackForTest = pack

// StoredForTest returns how many jobs and how many outcomes and reports are stored.
func (e *Engine) StoredForTest(ctx context.Context) (jobs, outcomes uint64, err error) {
	for name, n := range map[string]*uint64{"-jobs": &jobs, "-outcomes": &outcomes} {
		s, err := e.js.Stream(ctx, e.namespace+name)
		if err != nil {
			return 0, 0, err
		}
		*n = s.CachedInfo().State.Msgs
	}
	return jobs, outcomes, nil
}

// WaitingForTest returns how many requests for jobs of a function wait at the
// server.
func (e *Engine) WaitingForTest(ctx context.Context, fn string) (int, error) {
	s, err := e.js.Stream(ctx, e.namespace+"-jobs")
	if err != nil {
		return 0, err
	}
	c, err := s.Consumer(ctx, fn)
	if err != nil {
		return 0, err
	}
	return c.CachedInfo().NumWaiting, nil
}
