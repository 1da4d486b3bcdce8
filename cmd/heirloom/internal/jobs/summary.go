package jobs

import "time"

// Counts are the numbers of jobs in each state.
type Counts struct {
	OK       int `json:"ok"`
	Failed   int `json:"failed"`
	TimedOut int `json:"timeout"`
	Canceled int `json:"canceled"`
	Skipped  int `json:"skipped"`
	Resumed  int `json:"resumed"`
	NotRun   int `json:"not_run"` // jobs of a plan that an early end left out

	Running int  `json:"-"` // at the moment
	Known   int  `json:"-"` // how many have been read so far
	Final   bool `json:"-"` // whether Known is all of them
}

// Ended returns how many jobs have ended.
func (c Counts) Ended() int {
	return c.OK + c.Failed + c.TimedOut + c.Canceled + c.Skipped + c.Resumed
}

// A Summary describes a run that has ended. It has a limited number of results, so that
// it does not grow with the jobs of a stream.
type Summary struct {
	Counts
	Elapsed time.Duration
	Halted  bool      // whether Halt ended the run
	Enough  bool      // whether the run ended because the required number of jobs succeeded
	First   []*Result // the first to end, up to MaxResults
	Bad     []*Result // those that did not succeed, up to MaxResults
}

// MaxResults is how many results of each kind a Summary has at most.
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
