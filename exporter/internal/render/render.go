// Package render writes metric families as a page, in the format and the encoding that a client asks for.
//
// A page is a list of pieces of the same size. No buffer grows with the page, because the Go runtime cannot interrupt the
// copy of a large buffer, and every flush of Fluent Bit would wait for it.
package render

import (
	"context"
	"errors"
	"fmt"
	"io"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/promexporter/promexporter/exporter/internal/families"
	"github.com/promexporter/promexporter/internal/exposition"
	"github.com/promexporter/promexporter/internal/fence"
)

// A Renderer makes pages and keeps their memory for later ones. The zero value is ready. It is safe for concurrent use.
type Renderer struct {
	pieces      pieces
	compressors compressors
}

// A FamilyError says which family cannot be written.
type FamilyError struct {
	Family string
	Err    error
}

func (e *FamilyError) Error() string { return fmt.Sprintf("family %s: %v", e.Family, e.Err) }

func (e *FamilyError) Unwrap() error { return e.Err }

// Render writes the families, which are sorted by name and are not changed, in the format f. A family that cannot be
// written is left out and reported to failed. When ctx ends before the page is complete, Render returns the cause.
func (r *Renderer) Render(ctx context.Context, all []exposition.Family, f Format, failed func(*FamilyError)) (*Page, error) {
	p, err := r.try(ctx, all, f)
	if !errors.As(err, new(*FamilyError)) {
		return p, err
	}
	good := make([]exposition.Family, 0, len(all))
	for _, family := range all {
		if bad := r.check(ctx, family, f); bad != nil {
			failed(bad)
			continue
		}
		good = append(good, family)
	}
	return r.try(ctx, good, f)
}

// check reports what keeps a family from being written.
func (r *Renderer) check(ctx context.Context, family exposition.Family, f Format) (bad *FamilyError) {
	f.encoding = ""
	p, err := r.try(ctx, []exposition.Family{family}, f)
	if err == nil {
		p.Discard()
	}
	errors.As(err, &bad)
	return bad
}

func (r *Renderer) try(ctx context.Context, all []exposition.Family, f Format) (*Page, error) {
	out := &pageWriter{ctx: ctx, page: &Page{Format: f, from: &r.pieces}}
	err := r.compressors.compress(out, f.encoding, func(w io.Writer) error { return f.write(w, all) })
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		out.page.Discard()
		return nil, err
	}
	return out.finish(), nil
}

func (f Format) write(out io.Writer, all []exposition.Family) error {
	written := f.expfmtFormat()
	switch written.FormatType() {
	case expfmt.TypeProtoDelim:
		return writeDelimited(out, all, written.ToEscapingScheme())
	case expfmt.TypeOpenMetrics:
		return f.writeOpenMetrics(out, families.OpenMetrics(all), written)
	}
	e := expfmt.NewEncoder(out, written)
	for _, family := range all {
		if err := guard(family, e.Encode); err != nil {
			return err
		}
	}
	return nil
}

// writeOpenMetrics writes families as OpenMetrics allows them.
func (f Format) writeOpenMetrics(out io.Writer, all []exposition.Family, written expfmt.Format) error {
	for _, family := range all {
		to := out
		if families.HidesSum(family) {
			to = withoutSum(out, family, written.ToEscapingScheme())
		}
		var options []expfmt.EncoderOption
		// Either all samples of a series have a timestamp or none, and a line with a created timestamp never has.
		if f.created && family.Metric[0].TimestampMs == nil {
			options = append(options, expfmt.WithCreatedLines())
		}
		if err := guard(family, expfmt.NewEncoder(to, written, options...).Encode); err != nil {
			return err
		}
	}
	_, err := expfmt.FinalizeOpenMetrics(out)
	return err
}

// guard names the family in an error of encode, and makes a panic an error.
func guard(family exposition.Family, encode func(*dto.MetricFamily) error) error {
	if err := fence.Run(func() error { return encode(family.MetricFamily) }); err != nil {
		return &FamilyError{family.GetName(), err}
	}
	return nil
}
