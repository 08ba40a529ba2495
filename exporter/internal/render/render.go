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
	maxPage     int // for tests; 0 means maxPage
}

// A FamilyError reports that a family cannot be written.
type FamilyError struct {
	Family string
	Err    error
}

func (e *FamilyError) Error() string { return fmt.Sprintf("family %s: %v", e.Family, e.Err) }

func (e *FamilyError) Unwrap() error { return e.Err }

// Render writes the families, which are sorted by name, in the format f. It does not change them. A family that cannot
// be written is left out, and failed is called. Then Render starts over, because this is rare: only a source with a bug
// returns such families. If the page would be too large, Render returns ErrTooLarge. If ctx ends before the page is
// complete, Render returns its cause.
func (r *Renderer) Render(ctx context.Context, all []exposition.Family, f Format, failed func(*FamilyError)) (*Page, error) {
	for {
		p, err := r.try(ctx, all, f)
		bad, isFamily := errors.AsType[*FamilyError](err)
		if !isFamily || errors.Is(err, ErrTooLarge) {
			return p, err
		}
		failed(bad)
		all = slices.DeleteFunc(slices.Clone(all), func(f exposition.Family) bool { return f.GetName() == bad.Family })
	}
}

func (r *Renderer) try(ctx context.Context, all []exposition.Family, f Format) (*Page, error) {
	out := &pageWriter{ctx: ctx, most: cmp.Or(r.maxPage, maxPage), page: &Page{Format: f, from: &r.pieces}, used: pieceSize}
	err := r.compressors.compress(out, f.encoding, func(w io.Writer) error { return r.write(w, all, f) })
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		out.page.Discard()
		return nil, err
	}
	out.close()
	return out.page, nil
}

// write writes the families in the format f without its encoding.
func (r *Renderer) write(out io.Writer, all []exposition.Family, f Format) error {
	escaping := f.exposition.ToEscapingScheme()
	switch f.exposition.FormatType() {
	case expfmt.TypeProtoDelim:
		buffer := r.pieces.take()
		defer r.pieces.release(buffer)
		return writeDelimited(out, all, escaping, buffer[:0])
	case expfmt.TypeOpenMetrics:
		for _, family := range families.OpenMetrics(all) {
			if err := guard(family, func() error { return f.writeOpenMetrics(out, family, escaping) }); err != nil {
				return err
			}
		}
		_, err := expfmt.FinalizeOpenMetrics(out)
		return err
	}
	for _, family := range all {
		if err := guard(family, func() error {
			_, err := expfmt.MetricFamilyToText(out, escaped(family.MetricFamily, escaping))
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// writeOpenMetrics writes a family in the OpenMetrics format.
func (f Format) writeOpenMetrics(out io.Writer, family exposition.Family, escaping model.EscapingScheme) error {
	if families.HidesSum(family) {
		out = withoutSum(out, family, escaping)
	}
	var options []expfmt.EncoderOption
	// Either all samples of a series have a timestamp or none of them, and lines with created timestamps do not.
	if f.created && family.Metric[0].TimestampMs == nil {
		options = append(options, expfmt.WithCreatedLines())
	}
	_, err := expfmt.MetricFamilyToOpenMetrics(out, escaped(family.MetricFamily, escaping), options...)
	return err
}

// guard returns an error or panic of encode as a FamilyError.
func guard(family exposition.Family, encode func() error) error {
	if err := fence.Run(encode); err != nil {
		return &FamilyError{family.GetName(), err}
	}
	return nil
}
