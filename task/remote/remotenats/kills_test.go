//go:build unix

package remotenats_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/internal/killtest"
)

const killItems = 8

// TestKills stops or kills each part of an installation, in three ways and at three
// moments. Plain `go test` runs the two most telling cases. HEIRLOOM_SLOW runs all
// of them; they mostly wait, so use -parallel 12.
func TestKills(t *testing.T) {
	always := map[string]bool{"worker/SIGKILL/running": true, "caller/SIGKILL/running": true}
	for _, part := range []string{"worker", "caller", "engine", "leader"} {
		for _, s := range []syscall.Signal{syscall.SIGKILL, syscall.SIGSTOP, syscall.SIGTERM} {
			for _, moment := range []string{"queued", "running", "stored"} {
				name := part + "/" + map[syscall.Signal]string{syscall.SIGKILL: "SIGKILL", syscall.SIGSTOP: "SIGSTOP", syscall.SIGTERM: "SIGTERM"}[s] + "/" + moment
				if !always[name] && !slow {
					continue
				}
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					newKill(t, part, s, moment).run()
				})
			}
		}
	}
}

// A kill is one case.
type kill struct {
	*testing.T
	ctx    context.Context
	part   string
	signal syscall.Signal
	moment string

	role    role // what all its processes have in common
	servers map[string]role
	parts   map[string]*part
}

func newKill(t *testing.T, target string, s syscall.Signal, moment string) *kill {
	k := &kill{T: t, part: target, signal: s, moment: moment, servers: map[string]role{}, parts: map[string]*part{}}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	t.Cleanup(cancel)
	k.ctx = ctx
	k.role = role{Dir: t.TempDir(), Age: 6 * time.Second, Replicas: 1, Items: killItems}
	if slow {
		// A caller learns that its consumer is gone when it has missed two heartbeats of
		// five seconds. Its outcomes must still be stored then.
		k.role.Age = 20 * time.Second
	}
	names := []string{"server"}
	if target == "leader" {
		names = []string{"server-1", "server-2", "server-3"}
		// A caller that asks for its consumer while the servers elect a leader waits
		// for ten seconds, and for up to ten more before it asks again.
		k.role.Replicas, k.role.Age = 3, 90*time.Second
	}
	var urls, routes []string
	for _, name := range names {
		r := role{Part: "server", Name: name, Dir: k.role.Dir, Port: freePort(t)}
		if len(names) > 1 {
			r.Cluster = freePort(t)
			routes = append(routes, fmt.Sprintf("nats://127.0.0.1:%d", r.Cluster))
		}
		urls = append(urls, fmt.Sprintf("nats://127.0.0.1:%d", r.Port))
		k.servers[name] = r
	}
	k.role.URL = strings.Join(urls, ",")
	for name, r := range k.servers {
		r.Routes = routes
		k.servers[name] = r
		k.start(name, r)
	}
	t.Cleanup(k.killAll)
	return k
}

// ports are tried one after another, from a beginning that differs between processes.
var ports = func() *atomic.Int32 {
	n := new(atomic.Int32)
	n.Store(int32(os.Getpid() * 97 % 20_000))
	return n
}()

// freePort returns a port on which nothing listens and that no other case is given.
// It avoids the ports that a system assigns by itself, since such a port could be
// taken before the server listens or while it restarts.
func freePort(t *testing.T) int {
	for range 20_000 {
		port := 10_000 + int(ports.Add(1))%20_000
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			require.NoError(t, l.Close())
			return port
		}
	}
	require.Fail(t, "no port is free")
	return 0
}

func (k *kill) run() {
	k.begin()
	target := k.part
	switch target {
	case "engine":
		target = "server"
	case "leader":
		target = k.leader()
	}
	k.hit(target)
	k.file("go")
	k.file("release")
	k.start("worker-2", k.worker(killItems))
	k.checkAnswers()
	k.checkRuns()
	k.checkStreams()
	k.endAll()
}

// begin brings the items to the moment of the case.
func (k *kill) begin() {
	caller := k.role
	caller.Part, caller.Name = "caller", "caller"
	if k.moment == "stored" {
		k.file("go")
	}
	k.start("caller", caller)
	switch {
	case k.moment == "queued" && k.part != "worker":
		k.until("the items are stored", func() bool { return k.stored("jobs") == killItems })
	case k.moment == "queued":
		k.start("worker", k.worker(1)) // all but one wait
		k.until("one item runs", func() bool { return len(k.runs()) == 1 && k.stored("jobs") == killItems })
	case k.moment == "running":
		k.start("worker", k.worker(killItems))
		k.until("all items run", func() bool { return len(k.runs()) == killItems })
	default:
		r := k.worker(killItems)
		r.HoldAck = true
		k.start("worker", r)
		k.until("an outcome is stored", func() bool { return k.exists("held") })
	}
}

func (k *kill) worker(places int) role {
	r := k.role
	r.Part, r.Places = "worker", places
	return r
}

// hit does to a process what the case demands.
func (k *kill) hit(name string) {
	p := k.parts[name]
	require.NoError(k, p.Process.Signal(k.signal))
	switch k.signal {
	case syscall.SIGSTOP:
		// The process stays stopped for longer than its lease, if it has one. No part can be
		// asked whether the lease is over.
		time.Sleep(killLease + killLease/2)
		require.NoError(k, p.Process.Signal(syscall.SIGCONT))
		return
	case syscall.SIGKILL:
		p.dead = true
		_ = p.Wait()
		p.ended = true
	case syscall.SIGTERM:
		if k.part == "worker" || k.part == "caller" {
			return // it ends by itself when its work is done
		}
		assert.NoError(k, p.Wait(), "%s", p.stderr.String())
		p.ended = true
	}
	if k.part == "engine" {
		k.start(name, k.servers[name]) // starts it again
	}
}

// checkAnswers checks that the caller has one answer for each item, and the right
// one unless the case asked the caller to stop.
func (k *kill) checkAnswers() {
	caller := k.parts["caller"]
	if k.part == "caller" && k.signal == syscall.SIGKILL {
		return
	}
	k.wait("caller")
	killtest.CheckAnswers(k, &caller.stdout, killItems, k.part == "caller" && k.signal == syscall.SIGTERM)
}

// checkRuns checks that no item ran more often than it may.
func (k *kill) checkRuns() {
	var items []string
	for _, line := range k.runs() {
		item, delivery, _ := strings.Cut(line, " ")
		items = append(items, item)
		d, err := strconv.Atoi(delivery)
		require.NoError(k, err)
		assert.LessOrEqual(k, d, killDeliveries)
	}
	killtest.CheckRuns(k, items, killDeliveries)
}

// checkStreams checks that the streams are empty.
func (k *kill) checkStreams() {
	k.until("no job is left", func() bool { return k.stored("jobs") == 0 })
	k.until("outcomes pass their age", func() bool { return k.stored("outcomes") == 0 })
}

func (k *kill) file(name string) {
	require.NoError(k, os.WriteFile(filepath.Join(k.role.Dir, name), nil, 0o600))
}

func (k *kill) exists(name string) bool {
	_, err := os.Stat(filepath.Join(k.role.Dir, name))
	return err == nil
}

func (k *kill) runs() []string {
	text, _ := os.ReadFile(filepath.Join(k.role.Dir, "runs"))
	return strings.FieldsFunc(string(text), func(c rune) bool { return c == '\n' })
}

func (k *kill) until(what string, yes func() bool) {
	k.Helper()
	for !yes() {
		select {
		case <-time.After(20 * time.Millisecond):
		case <-k.ctx.Done():
			k.tell()
			require.Fail(k, "not in time: "+what)
		}
	}
}

// stream asks a server for the state of a stream, over a connection of its own. It
// returns nil if no server answers.
func (k *kill) stream(name string) *jetstream.StreamInfo {
	nc, err := nats.Connect(k.role.URL, nats.NoReconnect(), nats.Timeout(2*time.Second))
	if err != nil {
		return nil
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(k.ctx, 3*time.Second)
	defer cancel()
	s, err := js.Stream(ctx, "heirloom-"+name)
	if err != nil {
		return nil
	}
	return s.CachedInfo()
}

// stored returns how many messages a stream has, or -1 if that is not known.
func (k *kill) stored(name string) int {
	if info := k.stream(name); info != nil {
		return int(info.State.Msgs)
	}
	return -1
}

// leader returns the server that leads the stream of jobs.
func (k *kill) leader() (name string) {
	k.until("there is a leader", func() bool {
		if info := k.stream("jobs"); info != nil && info.Cluster != nil {
			name = info.Cluster.Leader
		}
		return name != ""
	})
	return name
}
