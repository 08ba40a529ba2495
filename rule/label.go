package rule

import (
	"unicode/utf8"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/internal/metric"
	"github.com/promexporter/promexporter/record"
)

// Bounds of label values.
const (
	maxLabelValue    = 1024 // bytes; longer values are truncated
	maxCachedResults = 1024 // results of one transformation per scratch
)

// label is a compiled label: a constant that is already encoded, possibly for several neighbors, or an operand with a
// transformation.
type label struct {
	encoded    []byte
	capture    string // bound when the field path is known
	from       operand
	transform  *config.Label // nil: none
	cacheIndex int           // index of its cache in a scratch
	shared     int           // index of its span in a scratch; 0: none
}

// span is the place of a label value of an event in the batch. Rules often have labels in common; sharing their bytes
// pays off in BenchmarkAccessLog.
type span struct {
	event      uint64
	start, end int
}

func (l *label) isConstant() bool { return l.encoded != nil }

// isPlain reports whether c has no transformation.
func isPlain(c *config.Label) bool {
	return c.Regex == nil && c.Replace == nil && c.Case == config.NoCase && c.Length == config.NoLength && c.Map == nil &&
		c.Default == "" && c.MaxLength == 0
}

// bind replaces captures by constants and joins neighboring constants, so that a label set without other fields costs
// one copy.
func bind(labels []label, capture func(string) string) []label {
	bound := make([]label, 0, len(labels))
	for _, l := range labels {
		if l.capture != "" {
			text, _ := transform(nil, l.transform, []byte(capture(l.capture)))
			l = label{encoded: collector.AppendLabel(nil, metric.Text(text))}
		}
		if last := len(bound) - 1; l.isConstant() && last >= 0 && bound[last].isConstant() {
			joined := append([]byte{}, bound[last].encoded...)
			bound[last].encoded = append(joined, l.encoded...)
			continue
		}
		bound = append(bound, l)
	}
	return bound
}

// appendLabels appends the label values of one sample to the batch.
func (w *Scratch) appendLabels(labels []label, b *collector.Batch) {
	if start, end := w.adjacent(labels); end > 0 {
		b.ReuseLabels(start, end)
		return
	}
	for i := range labels {
		l := &labels[i]
		at := &w.spans[l.shared]
		switch {
		case l.isConstant():
			b.EncodedLabels(l.encoded)
		case l.shared == 0:
			w.appendLabel(l, b)
		case at.event == w.event:
			b.CopyLabels(at.start, at.end)
		default:
			start, cut := b.LabelBytes(), w.labelsTruncated
			w.appendLabel(l, b)
			if cut == w.labelsTruncated { // a truncation counts for each sample
				*at = span{w.event, start, b.LabelBytes()}
			}
		}
	}
}

// adjacent returns the range of the values of the labels in the batch if they follow each other, or an end of 0.
func (w *Scratch) adjacent(labels []label) (start, end int) {
	for i := range labels {
		at := &w.spans[labels[i].shared]
		if at.event != w.event || i > 0 && at.start != end {
			return 0, 0
		}
		if i == 0 {
			start = at.start
		}
		end = at.end
	}
	return start, end
}

// appendLabel appends the value of l, with shortcuts for short strings and integers, which most labels are.
func (w *Scratch) appendLabel(l *label, b *collector.Batch) {
	v := l.from.value(w)
	if l.transform == nil {
		switch v.Kind() {
		case record.String:
			if b.ShortLabel(v.Bytes()) {
				return
			}
		case record.Uint:
			b.UintLabel(v.Uint())
			return
		case record.Int:
			if n := v.Int(); n >= 0 {
				b.UintLabel(uint64(n))
				return
			}
		}
	}
	b.Label(w.labelText(l))
}

// labelText returns the value of l, valid until the next call.
func (w *Scratch) labelText(l *label) []byte {
	v := l.from.value(w)
	text := v.Bytes()
	switch {
	case l.transform != nil && l.transform.Length != config.NoLength:
		w.text = appendLength(w.text[:0], v, l.transform.Length)
		text = w.text
	case !v.IsText():
		w.text, _ = appendText(w.text[:0], v)
		text = w.text
	}
	if l.transform != nil {
		text = w.cachedTransform(l, text)
	}
	long := len(text) > maxLabelValue
	if long {
		text = truncate(text, maxLabelValue)
	}
	// U+FFFD may be longer than the bytes that it replaces.
	if text = metric.Text(text); len(text) > maxLabelValue {
		text, long = truncate(text, maxLabelValue), true
	}
	if long {
		w.labelsTruncated++
	}
	return text
}

// cachedTransform returns the transformation of text, from the cache if possible: regular expressions are the most
// expensive part of a rule, and label values repeat.
func (w *Scratch) cachedTransform(l *label, text []byte) []byte {
	for len(w.caches) <= l.cacheIndex {
		w.caches = append(w.caches, nil)
	}
	cache := w.caches[l.cacheIndex]
	if result, ok := cache[string(text)]; ok {
		return result
	}
	if cache == nil {
		cache = make(map[string][]byte)
		w.caches[l.cacheIndex] = cache
	}
	result, _ := transform(nil, l.transform, text)
	if max(len(text), len(result)) > maxLabelValue {
		return result
	}
	for other := range cache { // in no order
		if len(cache) < maxCachedResults {
			break
		}
		delete(cache, other)
	}
	cache[string(text)] = result
	return result
}

// transform appends the transformation of text by c. Its second result is false if it is the default.
func transform(b []byte, c *config.Label, text []byte) (result []byte, ok bool) {
	result, ok = b, len(text) > 0
	if ok && c.Regex != nil {
		match := c.Regex.FindSubmatchIndex(text)
		ok = match != nil
		if ok {
			text = c.Regex.Expand(nil, []byte(c.Replacement), text, match)
			ok = len(text) > 0
		}
	}
	if ok {
		text, ok = rewrite(c, text)
	}
	if ok && c.Map != nil {
		text, ok = mapped(c.Map, text)
	}
	if !ok {
		text = []byte(c.Default)
	}
	if c.MaxLength > 0 {
		text = truncateRunes(text, c.MaxLength)
	}
	return append(result, text...), ok
}

func mapped(cases []config.MapCase, text []byte) ([]byte, bool) {
	for i := range cases {
		if cases[i].Match.Match(text) {
			return []byte(cases[i].Value), true
		}
	}
	return nil, false
}

// truncate returns the longest prefix of text that has at most n bytes and does not split a rune.
func truncate(text []byte, n int) []byte {
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}

func truncateRunes(text []byte, n int) []byte {
	for i := range string(text) {
		if n == 0 {
			return text[:i]
		}
		n--
	}
	return text
}
