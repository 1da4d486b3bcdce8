module github.com/heirloom-go/heirloom

go 1.25.0
