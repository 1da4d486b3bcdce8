package main

import "context"

// SetFault makes the service call fn in the middle of each transaction that adds a
// note. It must be called before the service is used.
func (s *Service) SetFault(fn func(ctx context.Context) error) { s.fault = fn }
