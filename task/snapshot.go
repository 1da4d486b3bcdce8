package task

import "time"

// Info is what there is to know about a task, at one moment.
type Info struct {
	ID      uint64    `json:"id"`
	Name    string    `json:"name"`
	State   State     `json:"state"`
	Started time.Time `json:"started"`
}

func (n *node) info() Info {
	return Info{ID: n.id, Name: n.name(), State: n.current()}
}
