package exporter

import (
	"context"
	"io"
	"net/http"

	"github.com/promexporter/promexporter/exporter/internal/render"
	"github.com/promexporter/promexporter/internal/exposition"
)

// WritePage writes families, which are sorted by name and are not changed, to w as a page in Prometheus' text format, or
// with openMetrics in OpenMetrics with created timestamps. It calls failed for each family that cannot be written, which
// is left out.
func WritePage(ctx context.Context, w io.Writer, all []exposition.Family, openMetrics bool, failed func(family string, err error)) error {
	accept := http.Header{}
	if openMetrics {
		accept.Set("Accept", "application/openmetrics-text; version=1.0.0")
	}
	var r render.Renderer
	page, err := r.Render(ctx, all, render.Negotiate(accept, true), func(bad *render.FamilyError) { failed(bad.Family, bad.Err) })
	if err != nil {
		return err
	}
	_, err = page.WriteTo(w)
	return err
}
