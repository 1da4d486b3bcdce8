package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/display"
	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/remote"
	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task/taskhttp"
)

// A program is a program of this machine that serves its live view.
type program struct {
	taskhttp.Program
	Tasks int    `json:"tasks"`           // live ones
	Error string `json:"error,omitempty"` // why it can't be inspected after all
}

const (
	// listPatience is how long a program has to answer. A stopped program does not
	// answer.
	listPatience = 3 * time.Second
	listLimit    = 32 // how many programs are asked at a time
)

// listPrograms asks the listening programs for their descriptions. It leaves out
// programs that have ended and left a socket behind.
func listPrograms(ctx context.Context) ([]program, error) {
	ctx, cancel := context.WithTimeout(ctx, listPatience)
	defer cancel()
	programs, err := gather.Map(ctx, remote.Processes(), askProgram, gather.Limit(listLimit))
	programs = slices.DeleteFunc(programs, func(p program) bool { return p.PID == 0 })
	return programs, err
}

// askProgram returns the zero program if there is no process, or if it does not listen.
func askProgram(ctx context.Context, pid int) (none program, err error) {
	client, err := remote.New(remote.Process(pid), remote.Credentials{})
	if err != nil {
		return none, err
	}
	defer client.Close()
	p := program{Program: taskhttp.Program{PID: pid}}
	answer, err := client.Program(ctx)
	if err == nil {
		p.Program = answer
		p.PID = pid // not taken from the program's answer
		view, _, viewErr := client.View(ctx, remote.Query{Max: -1})
		for _, n := range view.States {
			p.Tasks += n
		}
		err = viewErr
	}
	gone := new(remote.GoneError)
	if errors.As(err, &gone) || errors.Is(err, remote.ErrNotListening) {
		return none, nil
	}
	if err != nil {
		p.Error = err.Error()
	}
	return p, nil
}

func writePrograms(w io.Writer, programs []program, now time.Time) error {
	table := [][]string{{"PID", "TASKS", "LISTENS FOR", "PROGRAM"}}
	for _, p := range programs {
		row := []string{strconv.Itoa(p.PID), strconv.Itoa(p.Tasks), display.Age(now.Sub(p.Since)), display.Line(p.describe())}
		if p.Error != "" {
			row[1], row[2], row[3] = "?", "?", display.Line(p.Error)
		}
		table = append(table, row)
	}
	_, err := io.WriteString(w, align(table))
	return err
}

// describe returns the program's name, and its main package if that adds information.
func (p program) describe() string {
	if p.Package == "" || p.Package == "command-line-arguments" {
		return p.Name
	}
	if p.Version == "" || p.Version == "(devel)" {
		return fmt.Sprintf("%s (%s)", p.Name, p.Package)
	}
	return fmt.Sprintf("%s (%s %s)", p.Name, p.Package, p.Version)
}
