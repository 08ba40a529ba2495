package exporter

import (
	"net/http"
	"strings"

	"github.com/prometheus/common/expfmt"
)

// text1 is the text format that may hold names in quotes. expfmt writes it, when told not to escape, under the name
// of its predecessor only.
const text1 expfmt.Format = "text/plain; version=1.0.0; charset=utf-8"

// negotiate is the format that r asks for, with the way of escaping names.
func negotiate(r *http.Request) expfmt.Format {
	return expfmt.NegotiateAccept(r.Header, append(expfmt.DefaultOpenMetricsAcceptedFormats(), text1)...)
}

// encoded is the format in which expfmt writes format.
func encoded(format expfmt.Format) expfmt.Format {
	if escaping, ok := strings.CutPrefix(string(format), string(text1)); ok {
		return expfmt.FmtText + expfmt.Format(escaping)
	}
	return format
}

// accepting is r with an Accept header that leaves promhttp no choice but format.
func accepting(r *http.Request, format expfmt.Format) *http.Request {
	one := *r
	one.Header = r.Header.Clone()
	one.Header.Set("Accept", string(format))
	return &one
}
