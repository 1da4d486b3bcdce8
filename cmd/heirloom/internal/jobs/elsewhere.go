package jobs

import (
	"cmp"
	"context"
	"errors"
	"io"
	"os"
)

// An Elsewhere runs an attempt on another machine. It returns how the attempt ended,
// and in which delivery: an attempt whose machine is lost is delivered to another one.
// Before an Elsewhere returns, it has called write with the output of each delivery,
// one call at a time and in order.
//
// An error is the reason why there is no End. When ctx ends, the attempt's command is
// signalled as by [Host.Run]. If the command never began, the error is the cause of
// ctx.
type Elsewhere func(ctx context.Context, a *Attempt, write func(delivery int, s Stdio, p []byte)) (end *End, delivery int, err error)

// A Stdio is standard output or standard error of a command.
type Stdio byte

const (
	Stdout Stdio = 1
	Stderr Stdio = 2
)

// elsewhere runs the attempt on another machine.
func (r *run) elsewhere(ctx context.Context, a *Attempt, out sink) *End {
	written := newDelivered(out)
	defer written.close()
	end, delivery, err := r.Elsewhere(ctx, a, written.write)
	switch {
	case err != nil && ctx.Err() != nil:
		return &End{State: Canceled, Exit: -1}
	case err != nil:
		return &End{State: Failed, Exit: -1, Error: err.Error()}
	}
	if err := written.settle(delivery); err != nil && end.State == OK {
		end.State, end.Error = Failed, cutShort(err)
	}
	return end
}

// delivered is the output of an attempt's deliveries. Most attempts have one delivery,
// and its output is passed to the job's output as it comes. The output of further
// deliveries waits in files until it is known which delivery counts.
type delivered struct {
	out    [2]*os.File
	start  [2]int64             // the offsets at which the attempt's output begins, or -1 if other jobs write to out too
	first  int                  // the delivery that writes to out, 0 before there is one
	others map[int]*[2]*os.File // in unnamed files
	err    error                // the first error
}

func newDelivered(out sink) *delivered {
	d := &delivered{others: map[int]*[2]*os.File{}}
	d.out[0], d.out[1] = out.files()
	_, private := out.(interface{ private() })
	for i, f := range d.out {
		d.start[i] = -1
		if private {
			if at, err := f.Seek(0, io.SeekCurrent); err == nil {
				d.start[i] = at
			}
		}
	}
	return d
}

func (d *delivered) write(delivery int, s Stdio, p []byte) {
	if s != Stdout && s != Stderr {
		return
	}
	d.first = cmp.Or(d.first, delivery)
	files := &d.out
	if delivery != d.first {
		if files = d.others[delivery]; files == nil {
			files = new([2]*os.File)
			d.others[delivery] = files
		}
	}
	f := &files[s-1]
	var err error
	if *f == nil {
		*f, err = unnamedFile()
	}
	if err == nil {
		_, err = (*f).Write(p)
	}
	d.err = cmp.Or(d.err, err)
}

// settle makes the output that of the given delivery. The output of another one is
// taken back, unless it has been printed already.
func (d *delivered) settle(delivery int) error {
	if d.first == 0 || d.first == delivery {
		return d.err
	}
	for i, out := range d.out {
		if d.start[i] >= 0 {
			d.err = cmp.Or(d.err, errors.Join(out.Truncate(d.start[i]), seek(out, d.start[i])))
		}
		if files := d.others[delivery]; files != nil && files[i] != nil {
			d.err = cmp.Or(d.err, seek(files[i], 0))
			_, err := io.Copy(out, files[i])
			d.err = cmp.Or(d.err, err)
		}
	}
	return d.err
}

func seek(f *os.File, to int64) error {
	_, err := f.Seek(to, io.SeekStart)
	return err
}

func (d *delivered) close() {
	for _, files := range d.others {
		for _, f := range files {
			if f != nil {
				f.Close()
			}
		}
	}
}
