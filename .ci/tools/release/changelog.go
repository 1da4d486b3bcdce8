package main

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

var (
	// The topmost section has the changes that no release has yet. Its heading is
	// Unreleased, or the number of the next release.
	comingHeading = regexp.MustCompile(`(?m)^## \[(?:Unreleased\]|([0-9][^\]\s]*)\] - unreleased)\n`)
	nextHeading   = regexp.MustCompile(`(?m)^(## |\[[^\]]+\]: )`)
	comingLink    = regexp.MustCompile(`(?m)^\[([^\]]+)\]: (https://\S+?)/(?:commits|compare)/\S+\n`)
)

// openSection gives the changelog's topmost section the version and the day, puts a new
// and empty section above it, and adds the links of both.
func openSection(text, version string, day time.Time) (string, error) {
	number := strings.TrimPrefix(version, "v")
	if hasSection(text, number) {
		return "", fmt.Errorf("CHANGELOG.md has a section for %s already", number)
	}
	heading := comingHeading.FindStringSubmatchIndex(text)
	if heading == nil {
		return "", fmt.Errorf(`CHANGELOG.md has no section "## [Unreleased]" or "## [%s] - unreleased"`, number)
	}
	called := "Unreleased"
	if heading[2] >= 0 {
		if called = text[heading[2]:heading[3]]; called != number {
			return "", fmt.Errorf("CHANGELOG.md announces %s, and this is the release of %s: write one of them in both places", called, number)
		}
	}
	link := comingLink.FindStringSubmatch(text)
	if link == nil || link[1] != called {
		return "", fmt.Errorf("CHANGELOG.md lacks the link of its section %s", called)
	}
	body := text[heading[1]:]
	if end := nextHeading.FindStringIndex(body); end != nil {
		body = body[:end[0]]
	}
	if strings.TrimSpace(body) == "" {
		return "", fmt.Errorf("CHANGELOG.md: nothing is unreleased")
	}
	text = text[:heading[0]] + "## [Unreleased]\n\n## [" + number + "] - " + day.Format(time.DateOnly) + "\n" + text[heading[1]:]
	return strings.Replace(text, link[0],
		"[Unreleased]: "+link[2]+"/compare/"+version+"...HEAD\n"+
			"["+number+"]: "+link[2]+"/releases/tag/"+version+"\n", 1), nil
}

// hasSection reports whether the changelog has a section for a release.
func hasSection(changelog, number string) bool {
	heading := regexp.MustCompile(`(?m)^## \[` + regexp.QuoteMeta(number) + `\] - [0-9]`)
	return heading.MatchString(changelog)
}

// next returns the next version: the one that the changelog announces; otherwise the
// one that the tree requires, if it is not released yet; otherwise the next minor
// version.
func next(changelog, required string) string {
	if heading := comingHeading.FindStringSubmatch(changelog); heading != nil && heading[1] != "" {
		return "v" + heading[1]
	}
	if !hasSection(changelog, strings.TrimPrefix(required, "v")) {
		return required
	}
	var major, minor int
	if _, err := fmt.Sscanf(required, "v%d.%d.", &major, &minor); err != nil {
		return required // these modules have no other form of version
	}
	return fmt.Sprintf("v%d.%d.0", major, minor+1)
}
