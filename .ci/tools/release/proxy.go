package main

import (
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"time"

	"golang.org/x/mod/module"
)

// writeProxy lays out a module proxy in a folder, by the rules of
// https://go.dev/ref/mod#goproxy-protocol, that serves the tree as it is.
func (r *repository) writeProxy(version, dir string) error {
	for _, m := range r.published {
		escaped, err := module.EscapePath(m.path())
		if err != nil {
			return err
		}
		zipped, err := r.zipped(m, version)
		if err != nil {
			return err
		}
		goMod, err := os.ReadFile(r.disk(path.Join(m.dir, "go.mod")))
		if err != nil {
			return err
		}
		info, err := json.Marshal(struct {
			Version string
			Time    time.Time
		}{version, time.Now().UTC()})
		if err != nil {
			return err
		}
		folder := filepath.Join(dir, filepath.FromSlash(escaped), "@v")
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
		for name, data := range map[string][]byte{
			"list":            []byte(version + "\n"),
			version + ".info": info,
			version + ".mod":  goMod,
			version + ".zip":  zipped,
		} {
			if err := os.WriteFile(filepath.Join(folder, name), data, 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}
