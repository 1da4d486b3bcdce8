package jobs

import (
	"cmp"
	"context"
	"errors"
	"io"
	"os"
)

// An Elsewhere runs attempts on other machines. It returns how the attempt ended,
// and which delivery of it that was: an attempt whose machine is lost is delivered
// to another one. Before it returns it has called write with what each
// delivery wrote, one call at a time and in that order.
//
// An error says why there is no end. When ctx ends, the attempt's command is told to
// end as [Host.Run] has it; if it never began, the error is ctx's cause.
type Elsewhere func(ctx context.Context, a *Attempt, write func(delivery int, s Stdio, p []byte)) (end *End, delivery int, err error)

// A Stdio is one of the two streams that commands write to.
type Stdio byte

const (
	Stdout Stdio = 1
	Stderr Stdio = 2
)

// elsewhere has the attempt run on another machine.
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

// delivered is what the deliveries of an attempt wrote. Most attempts have one, and
// that goes where the job's output goes as it comes. What others write waits in files
// until it is known which of them counts.
type delivered struct {
	out    [2]*os.File
	start  [2]int64             // where the attempt's output begins in these, -1 if they are not the job's alone
	first  int                  // the delivery that out has, 0 before there is one
	others map[int]*[2]*os.File // in unnamed files
	err    error                // the first
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

// settle makes the output that of the delivery. What another one wrote is taken
// back, where it was not printed already.
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
