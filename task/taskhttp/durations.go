package taskhttp

import (
	"cmp"
	"maps"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/heirloom-go/heirloom/task"
)

// Durations has the durations of the tasks of one name that ended in the last
// five minutes, while somebody viewed them. Names that differ only in their
// numbers are combined, with * for each number. Tasks without a name of their
// own are counted under the name of their function.
type Durations struct {
	Name   string `json:"name"` // "" for all further names
	Count  int    `json:"count"`
	Failed int    `json:"failed"`
	// Median, P95 and Longest are in milliseconds. The first two are as precise
	// as the buckets.
	Median  float64 `json:"median"`
	P95     float64 `json:"p95"`
	Longest float64 `json:"longest"`
	// Buckets has the buckets that are not empty, the shortest first: from and to, in
	// microseconds, and the number of tasks.
	Buckets [][3]int64 `json:"buckets"`
}

const (
	mostNames   = 200 // names that are counted separately
	listedNames = 30  // names that are shown
	minutes     = 5
)

// durations has a part for each of the last minutes.
type durations struct {
	parts  [minutes]map[string]*histogram
	minute int64 // of the latest part
}

// A histogram counts durations in buckets, four for each power of two
// microseconds.
type histogram struct {
	count, failed int
	longest       time.Duration
	buckets       [4 * 40]int32
}

func (d *durations) add(f *task.Finished, failed bool) {
	d.turn(f.Ended)
	part := d.parts[d.minute%minutes]
	if part == nil {
		part = make(map[string]*histogram)
		d.parts[d.minute%minutes] = part
	}
	name := pattern(f)
	h := part[name]
	if h == nil {
		if len(part) >= mostNames {
			name = ""
		}
		if h = part[name]; h == nil {
			h = new(histogram)
			part[name] = h
		}
	}
	took := max(0, f.Ended.Sub(f.Started))
	h.count++
	if failed {
		h.failed++
	}
	h.longest = max(h.longest, took)
	h.buckets[min(bucket(took.Microseconds()), len(h.buckets)-1)]++
}

// turn empties the parts of minutes that have passed.
func (d *durations) turn(at time.Time) {
	minute := at.Unix() / 60
	if minute-d.minute > minutes {
		d.minute = minute - minutes
	}
	for d.minute < minute {
		d.minute++
		d.parts[d.minute%minutes] = nil
	}
}

// list returns the Durations, the most frequent names first.
func (d *durations) list() []Durations {
	d.turn(time.Now())
	all := make(map[string]*histogram)
	for _, part := range d.parts {
		for name, h := range part {
			if all[name] == nil {
				all[name] = new(histogram)
			}
			all[name].merge(h)
		}
	}
	names := slices.SortedFunc(maps.Keys(all), func(a, b string) int {
		return cmp.Or(cmp.Compare(all[b].count, all[a].count), strings.Compare(a, b))
	})
	list := []Durations{}
	for _, name := range names[:min(len(names), listedNames)] {
		list = append(list, all[name].durations(name))
	}
	return list
}

func (h *histogram) merge(o *histogram) {
	h.count += o.count
	h.failed += o.failed
	h.longest = max(h.longest, o.longest)
	for i, n := range o.buckets {
		h.buckets[i] += n
	}
}

func (h *histogram) durations(name string) Durations {
	d := Durations{Name: name, Count: h.count, Failed: h.failed, Longest: float64(h.longest.Microseconds()) / 1000}
	passed := 0
	for i, n := range h.buckets {
		if n == 0 {
			continue
		}
		from, to := lowest(i), lowest(i+1)
		middle := min(float64(from+to)/2000, d.Longest)
		if passed*2 < h.count {
			d.Median = middle
		}
		if passed*20 < h.count*19 {
			d.P95 = middle
		}
		passed += int(n)
		d.Buckets = append(d.Buckets, [3]int64{from, to, int64(n)})
	}
	return d
}

// bucket returns the bucket for a number of microseconds.
func bucket(us int64) int {
	if us < 4 {
		return int(us)
	}
	e := bits.Len64(uint64(us)) - 3
	return 4*(e+1) + int(us>>e)&3
}

// lowest returns the least number of microseconds that is in a bucket.
func lowest(bucket int) int64 {
	if bucket < 4 {
		return int64(bucket)
	}
	return int64(4+bucket%4) << (bucket/4 - 1)
}

// pattern returns the name under which f is counted.
func pattern(f *task.Finished) string {
	name := strings.TrimSuffix(f.Name, "-"+strconv.FormatUint(f.ID, 10))
	if len(name) < len(f.Name) || !strings.ContainsAny(name, "0123456789") {
		return name
	}
	var b strings.Builder
	inNumber := false
	for i := range len(name) {
		digit := '0' <= name[i] && name[i] <= '9'
		switch {
		case !digit:
			b.WriteByte(name[i])
		case !inNumber:
			b.WriteByte('*')
		}
		inNumber = digit
	}
	return b.String()
}
