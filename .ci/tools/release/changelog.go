package main

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

var (
	unreleasedHeading = regexp.MustCompile(`(?m)^## \[Unreleased\]\n`)
	nextHeading       = regexp.MustCompile(`(?m)^(## |\[[^\]]+\]: )`)
	unreleasedLink    = regexp.MustCompile(`(?m)^\[Unreleased\]: (https://\S+?)/(?:commits|compare)/\S+\n`)
)

// openSection turns the changelog's Unreleased section into a version's, below a
// new and empty one, and makes both link to what they hold.
func openSection(text, version string, day time.Time) (string, error) {
	number := strings.TrimPrefix(version, "v")
	if strings.Contains(text, "\n## ["+number+"]") {
		return "", fmt.Errorf("CHANGELOG.md has a section for %s already", number)
	}
	heading := unreleasedHeading.FindStringIndex(text)
	link := unreleasedLink.FindStringSubmatch(text)
	if heading == nil || link == nil {
		return "", fmt.Errorf("CHANGELOG.md lacks its Unreleased section, or the link at its end")
	}
	body := text[heading[1]:]
	if end := nextHeading.FindStringIndex(body); end != nil {
		body = body[:end[0]]
	}
	if strings.TrimSpace(body) == "" {
		return "", fmt.Errorf("CHANGELOG.md: nothing is unreleased")
	}
	text = text[:heading[1]] + "\n## [" + number + "] - " + day.Format(time.DateOnly) + "\n" + text[heading[1]:]
	return unreleasedLink.ReplaceAllLiteralString(text,
		"[Unreleased]: "+link[1]+"/compare/"+version+"...HEAD\n"+
			"["+number+"]: "+link[1]+"/releases/tag/"+version+"\n"), nil
}

// next returns the version that comes next: the one that the tree requires, until
// that is released, and then the next minor one.
func next(changelog, required string) string {
	if !strings.Contains(changelog, "\n## ["+strings.TrimPrefix(required, "v")+"]") {
		return required
	}
	var major, minor int
	if _, err := fmt.Sscanf(required, "v%d.%d.", &major, &minor); err != nil {
		return required // no version of these modules looks otherwise
	}
	return fmt.Sprintf("v%d.%d.0", major, minor+1)
}
