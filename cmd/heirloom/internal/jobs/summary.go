package jobs

import "time"

// Counts tell how many jobs have ended how.
type Counts struct {
	OK       int `json:"ok"`
	Failed   int `json:"failed"`
	TimedOut int `json:"timeout"`
	Canceled int `json:"canceled"`
	Skipped  int `json:"skipped"`
	Resumed  int `json:"resumed"`
	NotRun   int `json:"not_run"` // of a plan whose run was ended early

	Running int  `json:"-"` // at the moment
	Known   int  `json:"-"` // have been read so far
	Final   bool `json:"-"` // whether there are no more than those
}

// Ended is how many jobs have ended.
func (c Counts) Ended() int {
	return c.OK + c.Failed + c.TimedOut + c.Canceled + c.Skipped + c.Resumed
}

// A Summary is what is kept of a run. It holds some results only, so that it does
// not grow with the jobs of a stream.
type Summary struct {
	Counts
	Elapsed time.Duration
	Halted  bool      // whether Halt ended the run
	Enough  bool      // whether the run ended because as many succeeded as were asked for
	First   []*Result // the first to end, up to MaxResults
	Bad     []*Result // those that did not succeed, up to MaxResults
}

// MaxResults is how many results a Summary holds of each kind.
const MaxResults = 30

func (s *Summary) add(r *Result) {
	switch r.State {
	case OK:
		s.OK++
	case Failed:
		s.Failed++
	case TimedOut:
		s.TimedOut++
	case Canceled:
		s.Canceled++
	case Skipped:
		s.Skipped++
	case Resumed:
		s.Resumed++
	}
	if len(s.First) < MaxResults {
		s.First = append(s.First, r)
	}
	if !r.State.succeeded() && len(s.Bad) < MaxResults {
		s.Bad = append(s.Bad, r)
	}
}
