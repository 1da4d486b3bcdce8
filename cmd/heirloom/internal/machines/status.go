package machines

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
)

// A Status is a worker's description of itself.
type Status struct {
	Worker    string        `json:"worker"`
	Started   time.Time     `json:"started"`
	AtOnce    int           `json:"at_once"`
	Templates []string      `json:"templates,omitempty"` // the only commands that it runs; none: it runs any command
	Running   []*RunningJob `json:"running"`             // the oldest first
}

// A RunningJob is an attempt that a worker runs.
type RunningJob struct {
	Job      string    `json:"job"`
	Command  string    `json:"command"`
	Caller   string    `json:"caller"`   // the run's name
	Delivery int       `json:"delivery"` // how many workers have been given the attempt
	Started  time.Time `json:"started"`
}

// maxText limits the text of a command in a status, which has to fit into a message.
const maxText = 200

func (s *serving) status() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	status := Status{Worker: s.Name, Started: s.started, AtOnce: s.AtOnce, Templates: s.serves()}
	for r := range s.running {
		short := *r
		short.Job, short.Command = short.Job[:min(maxText, len(short.Job))], short.Command[:min(maxText, len(short.Command))]
		status.Running = append(status.Running, &short)
	}
	slices.SortFunc(status.Running, func(a, b *RunningJob) int { return a.Started.Compare(b.Started) })
	text, err := json.Marshal(status)
	if err != nil { // a time in a year that JSON can't represent
		return nil
	}
	return text
}

// listenTime is how long Ask waits for another answer after the last one.
const listenTime = 500 * time.Millisecond

// Ask returns the status of each worker of the hub, by their names. It takes half a
// second longer than the last of them takes to answer.
func (h *Hub) Ask(ctx context.Context) ([]*Status, error) {
	nc, err := h.dial(ctx, "heirloom ps")
	if err != nil {
		return nil, err
	}
	defer nc.Close()
	inbox := nc.NewRespInbox()
	answers, err := nc.SubscribeSync(inbox)
	if err != nil {
		return nil, err
	}
	if err := nc.PublishRequest(h.statusSubject(), inbox, nil); err != nil {
		return nil, err
	}
	var all []*Status
	for {
		m, err := answers.NextMsg(listenTime)
		switch {
		case errors.Is(err, nats.ErrTimeout), errors.Is(err, nats.ErrNoResponders):
			slices.SortFunc(all, func(a, b *Status) int { return cmp.Compare(a.Worker, b.Worker) })
			return all, nil
		case err != nil:
			return nil, err
		}
		s := new(Status)
		if json.Unmarshal(m.Data, s) == nil && s.Worker != "" {
			all = append(all, s)
		}
	}
}
