module example.com/testdata

go 1.25.0

require (
	github.com/heirloom-go/heirloom v0.1.0
	golang.org/x/sync v0.22.0
)

replace github.com/heirloom-go/heirloom => ../../..
