package taskhttp_test

import (
	"fmt"

	"github.com/heirloom-go/heirloom/task/taskhttp"
)

// A program that can be looked into by its process id.
func ExampleHandler_ListenLocal() {
	local, err := taskhttp.New().ListenLocal()
	if err != nil {
		fmt.Println("heirloom ps will not find this program:", err)
		return
	}
	defer func() { _ = local.Close() }()
	// ... all that the program does ...
}
