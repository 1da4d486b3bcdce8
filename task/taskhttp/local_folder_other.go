//go:build !unix && !windows

package taskhttp

import "errors"

var noSuchSockets = errors.ErrUnsupported

func folders() []folder { return nil }

func (f folder) check() error       { return nil }
func (f folder) checkParent() error { return nil }

func alive(int) bool { return false }
