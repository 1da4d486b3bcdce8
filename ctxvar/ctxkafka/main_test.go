package ctxkafka_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kversion"

	"github.com/heirloom-go/heirloom/internal/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// A broker is a cluster of one, in this process, that speaks Kafka's protocol.
type broker struct {
	seeds  []string
	topics atomic.Int32
}

func start(t testing.TB) *broker {
	t.Helper()
	topics := make([]string, 20)
	for i := range topics {
		topics[i] = fmt.Sprint("topic", i+1)
	}
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, topics...))
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	return &broker{seeds: cluster.ListenAddrs()}
}

// topic returns one that no other test has.
func (b *broker) topic() string { return fmt.Sprint("topic", b.topics.Add(1)) }

// client returns a client that is closed at the end of the test.
func (b *broker) client(t testing.TB, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	client, err := kgo.NewClient(append(opts, kgo.SeedBrokers(b.seeds...), kgo.FetchMaxWait(50*time.Millisecond),
		kgo.MaxVersions(kversion.V3_6_0()))...) // kfake knows no newer ones
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return client
}

// consume makes a goroutine poll records of topic, until the end of the test.
func (b *broker) consume(t testing.TB, topic string, handle func(*kgo.Record)) {
	t.Helper()
	client := b.client(t, kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			fetches := client.PollFetches(ctx)
			fetches.EachError(func(_ string, _ int32, err error) {
				assert.True(t, errors.Is(err, context.Canceled) || errors.Is(err, kgo.ErrClientClosed), "%v", err)
			})
			fetches.EachRecord(handle)
		}
	}()
	t.Cleanup(func() { cancel(); <-ended })
}
