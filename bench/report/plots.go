package main

import (
	"fmt"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// writePlots draws a plot for each table that has results.
func writePlots(dir string, s series) error {
	for _, t := range withResults(s) {
		p, err := t.plot(s)
		if err != nil {
			return fmt.Errorf("plot %s: %w", t.id, err)
		}
		height := vg.Length(len(t.contenders)+1)*0.9*vg.Centimeter + 4*vg.Centimeter
		canvas := vgsvg.New(20*vg.Centimeter, height)
		p.Draw(draw.Crop(draw.New(canvas), vg.Points(8), -vg.Points(8), vg.Points(8), -vg.Points(8)))
		f, err := os.Create(filepath.Join(dir, t.id+".svg"))
		if err != nil {
			return err
		}
		if _, err := canvas.WriteTo(f); err != nil {
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	return nil
}

// Okabe and Ito's colours, which people with colour blindness can distinguish. Each
// also has a shape of its own.
var (
	colours = []color.Color{
		color.RGBA{0x00, 0x72, 0xB2, 0xFF},
		color.RGBA{0xD5, 0x5E, 0x00, 0xFF},
		color.RGBA{0x00, 0x9E, 0x73, 0xFF},
		color.RGBA{0xE6, 0x9F, 0x00, 0xFF},
		color.RGBA{0x56, 0xB4, 0xE9, 0xFF},
		color.RGBA{0xCC, 0x79, 0xA7, 0xFF},
	}
	shapes = []draw.GlyphDrawer{
		draw.CircleGlyph{}, draw.BoxGlyph{}, draw.PyramidGlyph{},
		draw.RingGlyph{}, draw.SquareGlyph{}, draw.TriangleGlyph{},
	}
)

// plot draws a point for each cell of the table, on a logarithmic scale on which
// left is faster, with a line at the baseline.
func (t table) plot(s series) (*plot.Plot, error) {
	plot.DefaultFont.Variant = "Sans"
	p := plot.New()
	p.Title.Text = t.title
	p.Title.Padding = vg.Points(10)
	p.BackgroundColor = color.White
	p.X.Label.Text = "times as long as " + t.baseline + " (less is better)"
	p.X.Scale = plot.LogScale{}
	p.Legend.Top = true
	p.Legend.Padding = vg.Points(3)
	grid := plotter.NewGrid()
	grid.Vertical.Color = nil
	p.Add(grid)

	rows := append([]string{t.baseline}, t.contenders...)
	slices.Reverse(rows) // the first one on top
	labels := make([]string, len(rows))
	for i, c := range rows {
		labels[i] = label(c)
	}
	p.NominalY(labels...)
	low, high := 1.0, 1.0
	for i, sc := range t.scenarios {
		var points plotter.XYs
		for y, c := range rows {
			r, ok := s.ratio(sc.of(c), sc.of(t.baseline), "ns/op")
			if !ok {
				continue
			}
			low, high = min(low, r), max(high, r)
			points = append(points, plotter.XY{X: r, Y: float64(y)})
		}
		scatter, err := plotter.NewScatter(points)
		if err != nil {
			return nil, err
		}
		scatter.GlyphStyle = draw.GlyphStyle{Color: colours[i%len(colours)], Radius: vg.Points(4), Shape: shapes[i%len(shapes)]}
		p.Add(scatter)
		p.Legend.Add(sc.title, scatter)
	}
	p.X.Min, p.X.Max = low/1.5, high*1.5
	p.X.Tick.Marker = plot.TickerFunc(ratioTicks)

	one, err := plotter.NewLine(plotter.XYs{{X: 1, Y: -0.5}, {X: 1, Y: float64(len(rows)) - 0.5}})
	if err != nil {
		return nil, err
	}
	one.Dashes = []vg.Length{vg.Points(4), vg.Points(3)}
	p.Add(one)
	p.Y.Min, p.Y.Max = -0.5, float64(len(rows))-0.5
	return p, nil
}

// ratioTicks puts ticks at 1, 2 and 5 times the powers of ten.
func ratioTicks(low, high float64) (ticks []plot.Tick) {
	for e := math.Floor(math.Log10(low)); e <= math.Ceil(math.Log10(high)); e++ {
		for _, m := range []float64{1, 2, 5} {
			if v := m * math.Pow(10, e); low <= v && v <= high {
				ticks = append(ticks, plot.Tick{Value: v, Label: fmt.Sprintf("%g", v)})
			}
		}
	}
	return ticks
}
