package exact

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMerge(t *testing.T) {
	const none = "-overlay=ours() -tags=heirloom_exact"
	tests := []struct {
		reason        string
		args, goflags string
		want, wantEnv string
		wantDir       string
	}{
		{"nothing of the user's", "build ./...", "", "build ./...", none, ""},
		{"no arguments", "", "", "", none, ""},
		{"other flags stay", "test -race -run=X -count 3 ./...", "-mod=mod", "test -race -run=X -count 3 ./...", "-mod=mod " + none, ""},
		{"tags joined", "build -tags=a,b .", "", "build -tags=a,b,heirloom_exact .", none, ""},
		{"tags apart", "build -v --tags a .", "", "build -v --tags a,heirloom_exact .", none, ""},
		{"the last ones count", "build -tags=a -tags=b .", "", "build -tags=a -tags=b,heirloom_exact .", none, ""},
		{"ours already", "build -tags=heirloom_exact,a .", "", "build -tags=heirloom_exact,a .", none, ""},
		{"no tags", "build -tags= .", "", "build -tags=heirloom_exact .", none, ""},
		{"tags without a value are go's to refuse", "build -tags", "", "build -tags", none, ""},
		{"a value that looks like a flag", "build -o -tags .", "", "build -o -tags .", none, ""},
		{"after the package, it is the program's", "run . -tags x", "", "run . -tags x", none, ""},
		{"after the value of another flag", "run -exec sudo -tags x . -tags y", "", "run -exec sudo -tags x,heirloom_exact . -tags y", none, ""},
		{"after a flag without a value", "run -race -tags x .", "", "run -race -tags x,heirloom_exact .", none, ""},
		{"test takes flags after packages", "test ./a -tags x ./b", "", "test ./a -tags x,heirloom_exact ./b", none, ""},
		{"and none after -args", "test ./a -args -tags x", "", "test ./a -args -tags x", none, ""},
		{"an overlay", "build -overlay o.json .", "", "build -overlay ours(o.json) .", none, ""},
		{"an overlay, joined", "build -overlay=o.json .", "", "build -overlay=ours(o.json) .", none, ""},
		{"a folder", "build -C dir -tags a .", "", "build -C dir -tags a,heirloom_exact .", none, "dir"},
		{"a folder before the command", "-C=dir build -tags a .", "", "-C=dir build -tags a,heirloom_exact .", none, "dir"},
		{"-C later is an error of go's", "build -v -C dir", "", "build -v -C dir", none, ""},
		{"tags in GOFLAGS", "build .", "--tags=a -v", "build .", "-tags=a,heirloom_exact -v -overlay=ours()", ""},
		{"an overlay in GOFLAGS", "build .", "-overlay=o.json", "build .", "-overlay=ours(o.json) -tags=heirloom_exact", ""},
		{"arguments count, and GOFLAGS is for go commands below", "build -tags=b .", "-tags=a", "build -tags=b,heirloom_exact .", "-tags=a,heirloom_exact -overlay=ours()", ""},
		{"tags separated by spaces", "build .", "'-tags=a b'", "build .", "-tags=a,b,heirloom_exact -overlay=ours()", ""},
		{"quotes stay", "build .", `"-ldflags=-X 'a.b=c'" '-gcflags=-m -l'`, "build .", `"-ldflags=-X 'a.b=c'" '-gcflags=-m -l' ` + none, ""},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			a := ParseArgs(strings.Fields(test.args))
			args, goflags, err := a.Merge(test.goflags, func(user string) (string, error) { return "ours(" + user + ")", nil })
			require.NoError(t, err)
			assert.Equal(t, test.want, strings.Join(args, " "))
			assert.Equal(t, test.wantEnv, goflags)
			assert.Equal(t, test.wantDir, a.Dir())
		})
	}
}

func TestMergeFails(t *testing.T) {
	prepare := func(string) (string, error) { return "/a b/overlay.json", nil }
	_, goflags, err := ParseArgs(nil).Merge("", prepare)
	require.NoError(t, err)
	assert.Equal(t, "'-overlay=/a b/overlay.json' -tags=heirloom_exact", goflags, "a folder with a space is quoted")

	_, _, err = ParseArgs(nil).Merge("'-v", prepare)
	assert.ErrorContains(t, err, "GOFLAGS: there is no ' at the end")

	_, _, err = ParseArgs(nil).Merge("", func(string) (string, error) { return `/"it's"/overlay.json`, nil })
	assert.ErrorContains(t, err, "both kinds of quotes")

	failed := errors.New("failed")
	_, _, err = ParseArgs([]string{"build", "-overlay=x"}).Merge("", func(string) (string, error) { return "", failed })
	assert.ErrorIs(t, err, failed)
}

func TestMergeLeavesTheArgumentsAlone(t *testing.T) {
	given := []string{"build", "-tags=a"}
	_, _, err := ParseArgs(given).Merge("", func(string) (string, error) { return "o", nil })
	require.NoError(t, err)
	assert.Equal(t, []string{"build", "-tags=a"}, given)
}

func TestIsGo(t *testing.T) {
	for command, want := range map[string]bool{
		"go": true, "go.exe": true, "/usr/local/go/bin/go": true, "go1.27.4": true,
		"gofmt": false, "gopls": false, "goreleaser": false, "1.27": false, "dlv": false,
	} {
		assert.Equal(t, want, IsGo(command), command)
	}
}
