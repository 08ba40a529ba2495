// Package render writes metric families as a page, in the format and the encoding that a client requests.
//
// A page is a list of pieces of the same size. No buffer grows with the page, because the Go runtime cannot preempt the
// copy of a large buffer, and flushes would have to wait for it.
package render

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/promexporter/promexporter/exporter/internal/families"
	"github.com/promexporter/promexporter/internal/exposition"
	"github.com/promexporter/promexporter/internal/fence"
)

// A Renderer renders pages and reuses their memory. The zero value is ready to use. It is safe for concurrent use.
type Renderer struct {
	pieces      pieces
	compressors compressors
	most        int64 // bytes of a page; 0 means maxPage
}

// A FamilyError reports that a family cannot be written.
type FamilyError struct {
	Family string
	Err    error
}

func (e *FamilyError) Error() string { return fmt.Sprintf("family %s: %v", e.Family, e.Err) }

func (e *FamilyError) Unwrap() error { return e.Err }

// Render writes the families, which are sorted by name, in the format f. It does not change them. A family that cannot
// be written is left out, and failed is called. If the page would be too large, that happens to the largest families.
// If ctx ends before the page is complete, Render returns its cause.
func (r *Renderer) Render(ctx context.Context, all []exposition.Family, f Format, failed func(*FamilyError)) (*Page, error) {
	p, err := r.try(ctx, all, f)
	if !errors.As(err, new(*FamilyError)) && !errors.Is(err, errPageFull) {
		return p, err
	}
	return r.try(ctx, r.writable(ctx, all, f, failed), f)
}

// writable returns the families that can be written on one page, sorted by name.
func (r *Renderer) writable(ctx context.Context, all []exposition.Family, f Format, failed func(*FamilyError)) []exposition.Family {
	good := make([]exposition.Family, 0, len(all))
	sizes := make(map[string]int64, len(all))
	for _, family := range all {
		size, bad := r.check(ctx, family, f)
		if bad != nil {
			failed(bad)
			continue
		}
		sizes[family.GetName()] = size
		good = append(good, family)
	}
	slices.SortStableFunc(good, func(a, b exposition.Family) int { return cmp.Compare(sizes[a.GetName()], sizes[b.GetName()]) })
	room, n := r.pageLimit(), 0
	for ; n < len(good) && sizes[good[n].GetName()] <= room; n++ {
		room -= sizes[good[n].GetName()]
	}
	for _, family := range good[n:] {
		failed(&FamilyError{family.GetName(), errPageFull})
	}
	slices.SortFunc(good[:n], func(a, b exposition.Family) int { return strings.Compare(a.GetName(), b.GetName()) })
	return good[:n]
}

// check returns the size of a family, or why it cannot be written.
func (r *Renderer) check(ctx context.Context, family exposition.Family, f Format) (size int64, bad *FamilyError) {
	f.encoding = ""
	p, err := r.try(ctx, []exposition.Family{family}, f)
	if err == nil {
		size = p.Size()
		p.Discard()
	} else if !errors.As(err, &bad) && errors.Is(err, errPageFull) {
		bad = &FamilyError{family.GetName(), err}
	}
	return size, bad
}

func (r *Renderer) pageLimit() int64 {
	if r.most > 0 {
		return r.most
	}
	return maxPage
}

func (r *Renderer) try(ctx context.Context, all []exposition.Family, f Format) (*Page, error) {
	out := &pageWriter{ctx: ctx, most: r.pageLimit(), page: &Page{Format: f, from: &r.pieces}}
	err := r.compressors.compress(out, f.encoding, func(w io.Writer) error { return r.write(w, all, f) })
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		out.page.Discard()
		return nil, err
	}
	return out.finish(), nil
}

// write writes the families in the format f without its encoding.
func (r *Renderer) write(out io.Writer, all []exposition.Family, f Format) error {
	escaping := f.exposition.ToEscapingScheme()
	switch f.exposition.FormatType() {
	case expfmt.TypeProtoDelim:
		buffer := r.pieces.take()
		defer r.pieces.release(buffer)
		return writeDelimited(out, all, escaping, buffer.bytes[:0])
	case expfmt.TypeOpenMetrics:
		return f.writeOpenMetrics(out, families.OpenMetrics(all), escaping)
	}
	for _, family := range all {
		if err := guard(family, func(f *dto.MetricFamily) error {
			_, err := expfmt.MetricFamilyToText(out, escaped(f, escaping))
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// writeOpenMetrics writes families in the OpenMetrics format.
func (f Format) writeOpenMetrics(out io.Writer, all []exposition.Family, escaping model.EscapingScheme) error {
	for _, family := range all {
		to := out
		if families.HidesSum(family) {
			to = withoutSum(out, family, escaping)
		}
		var options []expfmt.EncoderOption
		// Either all samples of a series have a timestamp or none of them, and lines with created timestamps do not.
		if f.created && family.Metric[0].TimestampMs == nil {
			options = append(options, expfmt.WithCreatedLines())
		}
		if err := guard(family, func(f *dto.MetricFamily) error {
			_, err := expfmt.MetricFamilyToOpenMetrics(to, escaped(f, escaping), options...)
			return err
		}); err != nil {
			return err
		}
	}
	_, err := expfmt.FinalizeOpenMetrics(out)
	return err
}

// guard returns an error or panic of encode as a FamilyError.
func guard(family exposition.Family, encode func(*dto.MetricFamily) error) error {
	if err := fence.Run(func() error { return encode(family.MetricFamily) }); err != nil {
		return &FamilyError{family.GetName(), err}
	}
	return nil
}
