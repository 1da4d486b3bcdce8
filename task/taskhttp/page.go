package taskhttp

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"io/fs"
	"strings"
	"sync"
)

//go:embed page
var pageFiles embed.FS

// page returns the one document that the files of the page make up, so that there is
// nothing else to load, and a policy that lets it run its own script and style, and
// nothing else. The hashes stand for these two, so none that gets into the page
// counts, and no text becomes markup by any way. It is made when somebody asks for it,
// because most programs that can show it start without that.
var page = sync.OnceValues(func() ([]byte, string) { return buildPage(pageFiles) })

// The order of the scripts is that of their names.
func buildPage(files embed.FS) (page []byte, policy string) {
	read := func(name string) string {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			panic(fmt.Sprintf("taskhttp: %v", err)) // it was embedded
		}
		return string(text)
	}
	names, err := fs.Glob(files, "page/*.js")
	if err != nil {
		panic(fmt.Sprintf("taskhttp: %v", err))
	}
	script := "\n\"use strict\";\n"
	for _, name := range names {
		script += read(name)
	}
	style := "\n" + read("page/page.css")
	page = []byte(strings.NewReplacer("{{style}}", style, "{{script}}", script).Replace(read("page/page.html")))
	policy = fmt.Sprintf("default-src 'none'; connect-src 'self'; style-src '%s'; script-src '%s'; "+
		"require-trusted-types-for 'script'; trusted-types 'none'; "+
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'", hashOf(style), hashOf(script))
	return page, policy
}

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
