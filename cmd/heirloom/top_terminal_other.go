//go:build !unix && !windows

package main

import "os"

func interpretEscapes(*os.File) (restore func() error, err error) { return nil, nil }

func (t *terminal) changes() (changed <-chan struct{}, stop func()) { return nil, func() {} }

func (t *terminal) suspend() error { return nil }
