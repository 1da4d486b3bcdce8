package bench_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime/pprof"
	"strings"
	"sync"
	"testing"

	"github.com/cloudwego/localsession"
	"github.com/jtolds/gls"
	"github.com/petermattis/goid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/timandy/routine"
	"golang.org/x/sync/errgroup"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// A locals is a package that gives goroutines values of their own. Here, the value of a
// goroutine is one int, and 0 stands for no value.
type locals struct {
	name string

	// with calls fn with the value v, in the calling goroutine.
	with func(v int, fn func())

	// set sets the value of the calling goroutine, which has one already. It is nil if
	// only with can set a value.
	set func(v int)

	get func() int

	// spawn starts a goroutine that inherits, in the way that the package recommends.
	spawn func(fn func())

	// These report which properties hold; see TestLocals.
	plainGo, errgroup, pprofDo, labels bool
}

var (
	ctxvarVar   = ctxvar.New[int]("peers")
	routineVar  = routine.NewInheritableThreadLocal[int]()
	glsManager  = gls.NewContextManager()
	glsKey      = gls.GenSym()
	sessionKey  = "peers"
	goidValues  sync.Map // from goroutine ids to values
	localsPeers = []locals{
		{
			name:    "ctxvar",
			with:    func(v int, fn func()) { ctxvarVar.With(v, fn) },
			set:     func(v int) { ctxvarVar.Set(v) },
			get:     ctxvarVar.Get,
			spawn:   func(fn func()) { go fn() },
			plainGo: true, errgroup: true, pprofDo: true, labels: true,
		},
		{
			name: "timandy/routine",
			with: func(v int, fn func()) {
				routineVar.Set(v)
				defer routineVar.Remove()
				fn()
			},
			set:   routineVar.Set,
			get:   routineVar.Get,
			spawn: func(fn func()) { routine.Go(fn) },
			// The values are behind the pointer to the labels, and are lost with it.
			labels: true,
		},
		{
			name: "jtolds/gls",
			with: func(v int, fn func()) { glsManager.SetValues(gls.Values{glsKey: v}, fn) },
			get: func() int {
				v, _ := glsManager.GetValue(glsKey)
				n, _ := v.(int)
				return n
			},
			spawn:   gls.Go,
			pprofDo: true, labels: true,
		},
		{
			name: "cloudwego/localsession",
			with: func(v int, fn func()) {
				session := localsession.NewSessionCtx(context.Background())
				localsession.BindSession(session.WithValue(sessionKey, v))
				defer localsession.UnbindSession()
				fn()
			},
			set: func(v int) {
				session, _ := localsession.CurSession()
				localsession.BindSession(session.WithValue(sessionKey, v))
			},
			get: func() int {
				session, ok := localsession.CurSession()
				if !ok {
					return 0
				}
				v, _ := session.Get(sessionKey).(int)
				return v
			},
			spawn:   localsession.Go,
			pprofDo: true, labels: true,
		},
		{
			name: "goid+sync.Map",
			with: func(v int, fn func()) {
				id := goid.Get()
				goidValues.Store(id, v)
				defer goidValues.Delete(id)
				fn()
			},
			set: func(v int) { goidValues.Store(goid.Get(), v) },
			get: func() int {
				v, _ := goidValues.Load(goid.Get())
				n, _ := v.(int)
				return n
			},
			spawn: func(fn func()) {
				v, ok := goidValues.Load(goid.Get())
				go func() {
					if ok {
						id := goid.Get()
						goidValues.Store(id, v)
						defer goidValues.Delete(id)
					}
					fn()
				}()
			},
			pprofDo: true, labels: true,
		},
	}
)

// localsession requires this TestMain.
func TestMain(m *testing.M) {
	localsession.InitDefaultManager(localsession.DefaultManagerOptions())
	m.Run()
}

// TestLocals checks the table in docs/performance.md.
func TestLocals(t *testing.T) {
	for _, l := range localsPeers {
		t.Run(l.name, func(t *testing.T) {
			seen := make(chan int, 1)
			look := func() { seen <- l.get() }
			within(l, 1, func() {
				require.Equal(t, 1, l.get(), "the goroutine that sets")

				l.spawn(look)
				assert.Equal(t, 1, <-seen, "its own way to start a goroutine")

				go look()
				assert.Equal(t, l.plainGo, <-seen == 1, "a plain go")

				var g errgroup.Group
				g.Go(func() error { look(); return nil })
				require.NoError(t, g.Wait())
				assert.Equal(t, l.errgroup, <-seen == 1, "a library that starts a goroutine")

				l.spawn(func() {
					l.with(2, look)
				})
				assert.Equal(t, 2, <-seen)
				assert.Equal(t, 1, l.get(), "what the child sets is the child's")
			})
			within(l, 1, func() {
				withLabels(t.Context(), func(ctx context.Context) {
					assert.Equal(t, l.pprofDo, l.get() == 1, "inside of a pprof.Do")
				})
			})
			withLabels(t.Context(), func(context.Context) {
				l.with(1, func() {
					assert.Equal(t, 1, l.get())
					assert.Equal(t, l.labels, labelled(t), "the labels, when a value is set")
				})
			})
		})
	}
}

// within calls l.with in a goroutine of its own.
func within(l locals, v int, fn func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.with(v, fn)
	}()
	<-done
}

// withLabels does what a profiled server does around a request. Its context carries what
// the server's middleware put there: for ctxvar, the variables.
func withLabels(ctx context.Context, fn func(context.Context)) {
	pprof.Do(ctxvar.NewContext(ctx), pprof.Labels("peers", "yes"), fn)
}

// labelled reports whether a goroutine has the label that withLabels sets.
func labelled(t *testing.T) bool {
	var profile strings.Builder
	require.NoError(t, pprof.Lookup("goroutine").WriteTo(&profile, 1))
	return strings.Contains(profile.String(), `"peers":"yes"`)
}

const implicitEnv = "PEERS_TEST_IMPLICIT"

// localsession has a mode in which a plain go inherits, through a label in the slot
// where ctxvar keeps its values. It treats pprof's labels as a map, which they have not
// been since Go 1.24, so a program that has labels crashes. When this test fails,
// docs/performance.md has to be changed.
func TestLocalsessionImplicitMode(t *testing.T) {
	if os.Getenv(implicitEnv) != "" {
		// Labels come first, as its documentation says.
		pprof.Do(context.Background(), pprof.Labels("peers", "yes"), func(context.Context) {
			session := localsession.NewSessionCtx(context.Background())
			localsession.BindSession(session.WithValue(sessionKey, 1))
		})
		fmt.Println("survived")
		return
	}
	child := exec.Command(os.Args[0], "-test.run=^TestLocalsessionImplicitMode$", "-test.timeout=20s")
	child.Env = append(os.Environ(), implicitEnv+"=1", localsession.SESSION_CONFIG_KEY+"=true")
	out, err := child.CombinedOutput()
	assert.Error(t, err, "%s", out)
	assert.NotContains(t, string(out), "survived")
}
