package taskhttp_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"

	"github.com/heirloom-go/heirloom/task/taskhttp"
)

// A program can be inspected by its process id.
func ExampleHandler_ListenLocal() {
	local, err := taskhttp.New().ListenLocal()
	if err != nil {
		fmt.Println("heirloom ps will not find this program:", err)
		return
	}
	defer func() { _ = local.Close() }()
	// ... all that the program does ...
}

// Another program, or this one, asks a program that listens for its description.
func ExampleDialLocal() {
	local, err := taskhttp.New().ListenLocal()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = local.Close() }()

	pid := os.Getpid()
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return taskhttp.DialLocal(ctx, pid)
	}}
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport}).Get("http://localhost" + taskhttp.ProgramPath)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = resp.Body.Close() }()
	var program taskhttp.Program
	fmt.Println(json.NewDecoder(resp.Body).Decode(&program), program.PID == pid)
	// Output: <nil> true
}
