package render

import (
	"mime"
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
var encodings = [...]string{"identity", "gzip", "zstd"}

// negotiateEncoding returns the encoding with the highest quality value in the header Accept-Encoding. It returns ""
// without such a header, or if the client accepts none of the encodings.
func negotiateEncoding(h http.Header) string {
	accepted := acceptedEncodings(h)
	best, bestQuality := "", 0.0
	for _, offer := range encodings {
		if quality := max(accepted[offer], accepted["*"]); quality > bestQuality {
			best, bestQuality = offer, quality
		}
	}
	if best == "identity" {
		return ""
	}
	return best
}

// acceptedEncodings returns the quality value of each encoding in the header.
func acceptedEncodings(h http.Header) map[string]float64 {
	accepted := make(map[string]float64)
	for item := range strings.SplitSeq(strings.Join(h.Values("Accept-Encoding"), ","), ",") {
		name, parameters, err := mime.ParseMediaType(item) // encodings have the same syntax
		if err != nil {
			continue
		}
		quality := 1.0
		if text, ok := parameters["q"]; ok {
			quality, err = strconv.ParseFloat(text, 64)
			if err != nil || !(quality <= 1) {
				quality = 0
			}
		}
		accepted[name] = quality
	}
	return accepted
}
