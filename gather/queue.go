package gather

import "github.com/heirloom-go/heirloom/internal/gls"

// A part is a function given to a Group, with the variables of the goroutine that
// called Go.
type part struct {
	f    func() error
	vars gls.Snapshot
}

// A queue is a ring of parts, which grows as needed. If a group never has more than one
// function waiting, its ring is part of the group.
type queue struct {
	ring []part // its length is a power of two, or 0
	head int    // where the first part is
	len  int
	one  [1]part
}

// push puts p at the end of the queue.
func (q *queue) push(p part) {
	if q.len == len(q.ring) {
		q.grow()
	}
	q.ring[(q.head+q.len)&(len(q.ring)-1)] = p
	q.len++
}

func (q *queue) grow() {
	if q.ring == nil {
		q.ring = q.one[:]
		return
	}
	ring := make([]part, max(8, 2*len(q.ring)))
	n := copy(ring, q.ring[q.head:])
	copy(ring[n:], q.ring[:q.head])
	clear(q.ring) // it may be q.one, which stays
	q.ring, q.head = ring, 0
}

// pop removes the first part from the queue, which is not empty.
func (q *queue) pop() part {
	place := &q.ring[q.head]
	p := *place
	*place = part{}
	q.head = (q.head + 1) & (len(q.ring) - 1)
	q.len--
	return p
}
