module github.com/heirloom-go/heirloom/bench

go 1.25.0

require (
	github.com/alitto/pond/v2 v2.7.1
	github.com/cloudwego/localsession v0.1.2
	github.com/heirloom-go/heirloom v0.1.0
	github.com/jtolds/gls v4.20.0+incompatible
	github.com/panjf2000/ants/v2 v2.12.1
	github.com/petermattis/goid v0.0.0-20260820044319-269ab09b5261
	github.com/sourcegraph/conc v0.3.0
	github.com/stretchr/testify v1.12.1
	github.com/thejerf/suture/v4 v4.0.6
	github.com/timandy/routine v1.1.6
	golang.org/x/sync v0.22.0
	golang.org/x/time v0.15.0
	gonum.org/v1/plot v0.16.0
)

require (
	codeberg.org/go-fonts/liberation v0.5.0 // indirect
	codeberg.org/go-latex/latex v0.1.0 // indirect
	codeberg.org/go-pdf/fpdf v0.10.0 // indirect
	git.sr.ht/~sbinet/gg v0.6.0 // indirect
	github.com/ajstarks/svgo v0.0.0-20211024235047-1546f124cd8b // indirect
	github.com/campoy/embedmd v1.0.0 // indirect
	github.com/cloudwego/runtimex v0.1.1 // indirect
	github.com/golang/freetype v0.0.0-20170609003504-e2365dfdc4a0 // indirect
	github.com/gopherjs/gopherjs v1.21.0 // indirect
	github.com/modern-go/reflect2 v1.0.2 // indirect
	github.com/pmezard/go-difflib v1.0.0 // indirect
	go.uber.org/atomic v1.7.0 // indirect
	go.uber.org/multierr v1.9.0 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/image v0.25.0 // indirect
	golang.org/x/text v0.23.0 // indirect
)

replace github.com/heirloom-go/heirloom => ..
