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

// page returns the page as one document, which loads nothing else, and a content security
// policy that allows only its own script and style. The policy has the hashes of these two,
// so a script that gets into the page does not run, and no text becomes markup. The
// document is made when it is first requested, because most programs that can serve it
// never do.
var page = sync.OnceValues(func() ([]byte, string) { return buildPage(pageFiles) })

// The scripts are in the order of their names.
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
