package render

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/prometheus/common/expfmt"
)

// A Format is the exposition format and the encoding of a page. Pages of equal formats are equal.
type Format struct {
	exposition expfmt.Format
	encoding   string // "" for none
	created    bool   // OpenMetrics shows created timestamps as lines of their own
}

// text1 is the text format with quoted names.
const text1 expfmt.Format = "text/plain; version=1.0.0; charset=utf-8"

// formats are the exposition formats in order of preference. They are written without a buffer that grows with the page.
var formats = [...]expfmt.Format{
	expfmt.FmtOpenMetrics_1_0_0, expfmt.FmtOpenMetrics_0_0_1, expfmt.FmtProtoDelim, expfmt.FmtText, text1,
}

// Negotiate returns the format that the header of a request prefers. created says whether OpenMetrics pages have lines
// with created timestamps.
func Negotiate(h http.Header, created bool) Format {
	return Format{
		exposition: expfmt.NegotiateAccept(h, formats[:]...),
		encoding:   negotiateEncoding(h),
		created:    created,
	}
}

// ContentType returns the value of the header Content-Type.
func (f Format) ContentType() string { return string(f.exposition) }

// ContentEncoding returns the value of the header Content-Encoding, or "" if the page is not compressed.
func (f Format) ContentEncoding() string { return f.encoding }

// The encodings of a page, in order of preference if the client accepts several with the same quality.
var encodings = [...]string{"", "gzip", "zstd"}

// negotiateEncoding returns the encoding with the highest quality value in the header Accept-Encoding. It returns ""
// without such a header, or if the client accepts none of the encodings.
func negotiateEncoding(h http.Header) string {
	best, bestQuality := "", 0.0
	for _, offer := range encodings {
		for _, accepted := range acceptedEncodings(h) {
			if (accepted.name == offer || accepted.name == "*") && accepted.quality > bestQuality {
				best, bestQuality = offer, accepted.quality
			}
		}
	}
	return best
}

type acceptedEncoding struct {
	name    string // "" for identity
	quality float64
}

func acceptedEncodings(h http.Header) (all []acceptedEncoding) {
	for _, line := range h.Values("Accept-Encoding") {
		for item := range strings.SplitSeq(line, ",") {
			name, parameters, _ := strings.Cut(item, ";")
			name = strings.ToLower(strings.TrimSpace(name))
			if name == "" {
				continue
			}
			if name == "identity" {
				name = ""
			}
			all = append(all, acceptedEncoding{name, quality(parameters)})
		}
	}
	return all
}

// quality returns the quality value of an accepted encoding. The default is 1.
func quality(parameters string) float64 {
	for parameter := range strings.SplitSeq(parameters, ";") {
		if text, ok := strings.CutPrefix(strings.TrimSpace(parameter), "q="); ok {
			q, err := strconv.ParseFloat(text, 64)
			if err != nil || q < 0 || q > 1 {
				return 0
			}
			return q
		}
	}
	return 1
}
