package limit_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/limit"
)

func TestNilCtx(t *testing.T) {
	var none context.Context
	keyed := limit.NewKeyed(func(string) limit.Limit { return limit.Limit{AtOnce: 1} })
	one := func(context.Context) (int, error) { return 1, nil }
	for name, call := range map[string]func(){
		"Acquire": func() { _ = new(limit.Limiter).Acquire(none, 1) },
		"Wait":    func() { _ = new(limit.Limiter).Wait(none) },
		"For":     func() { _ = keyed.For("a").Acquire(none, 1) },
		"Do":      func() { _, _ = limit.Do(none, limit.Chain(), one) },
	} {
		t.Run(name, func(t *testing.T) { assert.PanicsWithValue(t, task.ErrNilContext, call) })
	}
	assert.Zero(t, keyed.Len(), "nothing is held")
}
