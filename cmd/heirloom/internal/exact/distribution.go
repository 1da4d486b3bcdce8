package exact

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// A Distribution is the Go distribution that a go command uses in a folder.
type Distribution struct {
	Root     string `json:"GOROOT"`
	Version  string `json:"GOVERSION"`  // as in runtime.Version, without experiments
	ModCache string `json:"GOMODCACHE"` // the folder of the toolchains that go.mod files require
	Flags    string `json:"GOFLAGS"`    // the user's, from the environment or go env -w
}

// Find asks a go command which distribution it uses in dir, which depends on go.mod,
// go.work and GOTOOLCHAIN. If the distribution must be downloaded, Find waits for that.
func Find(ctx context.Context, goCommand, dir string) (*Distribution, error) {
	cmd := exec.CommandContext(ctx, goCommand, "env", "-json", "GOROOT", "GOVERSION", "GOMODCACHE", "GOFLAGS")
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		if text := strings.TrimSpace(stderr.String()); text != "" {
			return nil, fmt.Errorf("%s env: %s", goCommand, text)
		}
		return nil, fmt.Errorf("asking for the Go distribution: %w", err)
	}
	d := new(Distribution)
	if err := json.Unmarshal(out, d); err != nil {
		return nil, fmt.Errorf("%s env: %w", goCommand, err)
	}
	if d.Root == "" || d.Version == "" {
		return nil, fmt.Errorf("%s env names no GOROOT or GOVERSION", goCommand)
	}
	// The version of a go command that was itself built with an experiment ends with "
	// X:name" or "-X:name", as that of any program does. The programs that it builds may
	// have no experiment.
	d.Version, _, _ = strings.Cut(strings.ReplaceAll(d.Version, "-X:", " X:"), " X:")
	return d, nil
}

// runtimeFile returns the path of a file of package runtime, in the distribution
// that has the given root.
func runtimeFile(root, name string) string { return filepath.Join(root, "src", "runtime", name) }
