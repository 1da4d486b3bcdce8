package jobs_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
)

func job(name string, needs ...string) *jobs.Job {
	return &jobs.Job{Name: name, Command: "true", Needs: needs}
}

func group(name string, children ...*jobs.Job) *jobs.Job {
	return &jobs.Job{Name: name, Jobs: children}
}

func needing(j *jobs.Job, needs ...string) *jobs.Job {
	j.Needs = needs
	return j
}

func TestNewPlanRefuses(t *testing.T) {
	tests := []struct {
		name, reason string
		jobs         []*jobs.Job
		want         string
	}{
		{"itself", "a job cannot wait for itself", []*jobs.Job{job("a", "a")}, "jobs wait for each other: a → a"},
		{"two", "nor two for each other", []*jobs.Job{job("a", "b"), job("b", "a")}, "jobs wait for each other: a → b → a"},
		{"three", "nor three in a ring, which others lead to",
			[]*jobs.Job{job("x", "a"), job("a", "b"), job("b", "c"), job("c", "a")}, "jobs wait for each other: a → b → c → a"},
		{"own group", "a group ends with its jobs",
			[]*jobs.Job{group("g", job("a", "g"))}, "jobs wait for each other: g → g/a → g"},
		{"round a group", "a group begins when what it needs has ended",
			[]*jobs.Job{needing(group("g", job("a")), "b"), job("b", "g/a")}, "jobs wait for each other: g → b → g/a → g"},
		{"unknown", "a need that is no job", []*jobs.Job{job("build"), job("test", "biuld")},
			`job "test" needs "biuld", which does not exist; did you mean "build"?`},
		{"unlike any", "a need that is like none", []*jobs.Job{job("test", "xyzzy")},
			`job "test" needs "xyzzy", which does not exist`},
		{"inside", "a job of another group has a longer name", []*jobs.Job{group("g", job("inner")), job("b", "inner")},
			`job "b" needs "inner", which does not exist; did you mean "g/inner"?`},
		{"twice", "a name is one job's", []*jobs.Job{job("a"), job("a")}, `two jobs are called "a"`},
		{"nothing", "a job does something", []*jobs.Job{{Name: "a"}}, `job "a": no command`},
		{"nothing, nameless", "and has a name all the same", []*jobs.Job{{}}, `job "group 1": no command`},
		{"both", "a group has no command", []*jobs.Job{{Name: "a", Command: "x", Jobs: []*jobs.Job{job("b")}}},
			`job "a": both a command and jobs; a group has jobs only`},
		{"retries", "no fewer than none", []*jobs.Job{{Name: "a", Command: "x", Retries: ptr(-1)}},
			`job "a": retries is -1; it cannot be negative`},
		{"variable", "a name that no environment can hold", []*jobs.Job{{Name: "a", Command: "x", Env: map[string]string{"A=B": "c"}}},
			`job "a": env has a variable "A=B", a name that no environment can hold`},
		{"null", "JSON has nulls", []*jobs.Job{nil}, `job 1 is null`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.NotEmpty(t, tt.reason)
			_, err := jobs.NewPlan(&jobs.Job{Jobs: tt.jobs})
			assert.EqualError(t, err, tt.want, tt.reason)
		})
	}
	_, err := jobs.NewPlan(&jobs.Job{Command: "x"})
	assert.ErrorContains(t, err, "belongs to a job")
}

func TestNewPlanResolvesNeeds(t *testing.T) {
	tests := []struct {
		name, reason string
		jobs         []*jobs.Job
	}{
		{"none", "an empty file is a plan", nil},
		{"forward", "what is needed may come later", []*jobs.Job{job("a", "b"), job("b")}},
		{"twice", "the same need twice is one", []*jobs.Job{job("a"), job("b", "a", "a")}},
		{"group", "a whole group", []*jobs.Job{group("g", job("x"), job("y")), job("b", "g")}},
		{"path", "a job of another group", []*jobs.Job{group("g", job("x")), job("b", "g/x")}},
		{"sibling", "beside it rather than above", []*jobs.Job{job("x", "g"), group("g", job("x"), job("y", "x"))}},
		{"above", "beside its group", []*jobs.Job{job("x"), group("g", job("y", "x"))}},
		{"slash", "a slash is a letter like others", []*jobs.Job{job("lint/js"), job("b", "lint/js")}},
		{"same name", "in another group", []*jobs.Job{group("g", job("x")), group("h", job("x"))}},
		{"nameless", "nobody needs them, and two may be the same", []*jobs.Job{job(""), job("")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.NotEmpty(t, tt.reason)
			_, err := jobs.NewPlan(&jobs.Job{Jobs: tt.jobs})
			assert.NoError(t, err, tt.reason)
		})
	}
}
