package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// plot is cost against a number, both on logarithmic scales.
type plot struct {
	file, name, unit string
	title, axis      string
	by               []string
}

var plots = []plot{
	{"performance-series.svg", "Series", "cpu-ns/record", "Nanoseconds of processor time per record", "series", []string{ours, floor, vectors}},
	{"performance-rules.svg", "Rules", "cpu-ns/record", "Nanoseconds of processor time per record", "rules", []string{ours, floor, vectors}},
	{"performance-scrape.svg", "Scrape", "cpu-ns/op", "Nanoseconds of processor time per scrape", "series", []string{ours, registry, victoria}},
}

// point is in the units of the axes.
type point struct{ x, y float64 }

const (
	width, height            = 640, 360
	left, right, top, bottom = 70, 30, 40, 50
)

var colours = []string{"#0b62c4", "#7a7a7a", "#c4370b", "#5a8f29"}

// draw returns an SVG, or "" if there is nothing to show.
func (p *plot) draw(r *results) string {
	lines := make(map[string][]point)
	var all []point
	for _, by := range p.by {
		lines[by] = p.points(r, by)
		all = append(all, lines[by]...)
	}
	if len(all) < 2 {
		return ""
	}
	s := newScale(all)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">
<title>%s by %s</title>
<rect width="100%%" height="100%%" fill="#fff"/>
<text x="%d" y="22" font-size="14">%s</text>
<text x="%d" y="%d" text-anchor="end">%s</text>
`, width, height, p.title, p.axis, left, p.title, width-right, height-12, p.axis)
	s.grid(&b)
	for i, by := range p.by {
		if len(lines[by]) == 0 {
			continue
		}
		var path []string
		for _, at := range lines[by] {
			path = append(path, fmt.Sprintf("%.1f,%.1f", s.x(at.x), s.y(at.y)))
		}
		fmt.Fprintf(&b, `<polyline fill="none" stroke="%s" stroke-width="2" points="%s"/>`+"\n", colours[i], strings.Join(path, " "))
		last := lines[by][len(lines[by])-1]
		fmt.Fprintf(&b, `<text x="%d" y="%.1f" text-anchor="end" fill="%s">%s</text>`+"\n", width-right, s.y(last.y)-6, colours[i], by)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// points are those of a column, by the number in the name of the work.
func (p *plot) points(r *results, by string) (points []point) {
	g := r.groups[p.name]
	if g == nil {
		return nil
	}
	for _, row := range g.rows {
		n, rest, _ := strings.Cut(strings.TrimPrefix(row.work, p.axis+"="), ", ")
		if rest != "" && rest != "format=text, coding=identity" {
			continue
		}
		x, err := strconv.ParseFloat(n, 64)
		y, ok := row.by[by].median(p.unit)
		if err == nil && ok {
			points = append(points, point{x, y})
		}
	}
	slices.SortFunc(points, func(a, b point) int { return int(a.x - b.x) })
	return points
}

// scale maps powers of ten to places in the picture.
type scale struct{ minX, maxX, minY, maxY float64 }

func newScale(points []point) scale {
	s := scale{math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)}
	for _, p := range points {
		s.minX, s.maxX = min(s.minX, math.Log10(p.x)), max(s.maxX, math.Log10(p.x))
		s.minY, s.maxY = min(s.minY, math.Floor(math.Log10(p.y))), max(s.maxY, math.Ceil(math.Log10(p.y)))
	}
	return s
}

func (s *scale) x(v float64) float64 {
	return left + (math.Log10(v)-s.minX)/max(s.maxX-s.minX, 1e-9)*(width-left-right)
}

func (s *scale) y(v float64) float64 {
	return height - bottom - (math.Log10(v)-s.minY)/max(s.maxY-s.minY, 1e-9)*(height-top-bottom)
}

func (s *scale) grid(b *strings.Builder) {
	for e := s.minY; e <= s.maxY; e++ {
		y := s.y(math.Pow(10, e))
		fmt.Fprintf(b, `<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" stroke="#ddd"/><text x="%d" y="%.1f" text-anchor="end">%s</text>`+"\n",
			left, width-right, y, y, left-8, y+4, power(e))
	}
	for e := math.Ceil(s.minX); e <= s.maxX; e++ {
		x := s.x(math.Pow(10, e))
		fmt.Fprintf(b, `<line x1="%.1f" x2="%.1f" y1="%d" y2="%d" stroke="#ddd"/><text x="%.1f" y="%d" text-anchor="middle">%s</text>`+"\n",
			x, x, top, height-bottom, x, height-bottom+18, power(e))
	}
}

// power returns 10 to the power of e in readable form.
func power(e float64) string {
	digits := strconv.FormatFloat(math.Pow(10, e), 'f', 0, 64)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
