package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/mod/semver"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("no command; the package's documentation lists them")
	}
	command, args := args[0], args[1:]
	wanted, ok := map[string]int{"modules": 0, "required": 0, "internals": 0, "next": 0, "set": 1, "pin": 1, "proxy": 2, "verify": 2, "alone": 1}[command]
	if !ok {
		return fmt.Errorf("unknown command %q", command)
	}
	if len(args) != wanted {
		return fmt.Errorf("%s takes %d arguments, not %d", command, wanted, len(args))
	}
	var version string
	if wanted > 0 && command != "alone" {
		version = args[0]
		// Semantic import versioning puts v2 and later into the module's path.
		if semver.Canonical(version) != version || semver.Build(version) != "" ||
			semver.Major(version) != "v0" && semver.Major(version) != "v1" {
			return fmt.Errorf("%s is no version that these modules can have; they look like v0.1.0", version)
		}
	}
	repo, err := load(".")
	if err != nil {
		return err
	}
	switch command {
	case "modules":
		for _, m := range repo.published {
			fmt.Println(m.dir, m.path())
		}
		return nil
	case "internals":
		return repo.internals()
	case "required", "next":
		required, err := repo.required()
		if err != nil {
			return err
		}
		if command == "next" {
			changelog, err := os.ReadFile("CHANGELOG.md")
			if err != nil {
				return err
			}
			required = next(string(changelog), required)
		}
		fmt.Println(required)
		return nil
	case "alone":
		return repo.alone(os.Stdout, args[0])
	case "set":
		// The changelog is changed first, so that a version that it refuses leaves the tree
		// as it is.
		if err := updateFile("CHANGELOG.md", func(text string) (string, error) {
			return openSection(text, version, time.Now().UTC())
		}); err != nil {
			return err
		}
		return repo.setVersions(version)
	case "pin":
		return repo.pin(version)
	case "verify":
		return repo.verify(version, args[1])
	default:
		dir, err := filepath.Abs(args[1])
		if err != nil {
			return err
		}
		return repo.writeProxy(version, dir)
	}
}

func updateFile(name string, update func(string) (string, error)) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	updated, err := update(string(text))
	if err != nil {
		return err
	}
	return os.WriteFile(name, []byte(updated), 0o644)
}
