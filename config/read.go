package config

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"time"
)

// The functions below read the node of a value with its path. They return false after reporting a mistake.

// wrongKind reports that n is not of the expected kind.
func (p *parser) wrongKind(n *node, path, wanted, right string) bool {
	if n.kind == broken {
		return false
	}
	p.wrong(n, path, fmt.Sprintf("expected %s, found %s", wanted, n.describe()), right)
	return false
}

// text reads a string that is not empty.
func (p *parser) text(n *node, path, right string) (string, bool) {
	if n.kind != text {
		if n.scalar() {
			right = "put it in quotes: '" + n.text + "'"
		}
		return "", p.wrongKind(n, path, "a string", right)
	}
	if n.text == "" {
		p.wrong(n, path, "an empty string", right)
		return "", false
	}
	return n.text, true
}

// boolean reads true or false.
func (p *parser) boolean(n *node, path string) (value, ok bool) {
	if n.kind != boolean {
		return false, p.wrongKind(n, path, "true or false", "write true or false, without quotes")
	}
	return n.number == 1, true
}

// number reads a finite number.
func (p *parser) number(n *node, path, right string) (float64, bool) {
	if n.kind != number {
		if _, err := strconv.ParseFloat(n.text, 64); err == nil && n.kind == text {
			right = "write it without quotes: " + n.text
		}
		return 0, p.wrongKind(n, path, "a number", right)
	}
	if math.IsNaN(n.number) || math.IsInf(n.number, 0) {
		p.wrong(n, path, n.text+" is not finite", right)
		return 0, false
	}
	return n.number, true
}

// whole reads an integer from low to high.
func (p *parser) whole(n *node, path string, low, high int) (int, bool) {
	right := fmt.Sprintf("write a whole number from %d to %d", low, high)
	v, ok := p.number(n, path, right)
	if !ok {
		return 0, false
	}
	if v != math.Trunc(v) || v < float64(low) || v > float64(high) {
		p.wrong(n, path, n.text+" is out of range", right)
		return 0, false
	}
	return int(v), true
}

// duration reads a duration of at least low.
func (p *parser) duration(n *node, path string, low time.Duration) (time.Duration, bool) {
	const right = "write a number of seconds, or a duration such as 90s, 10m, 1h30m or 7d"
	if n.kind != text && n.kind != number {
		return 0, p.wrongKind(n, path, "a duration", right)
	}
	d, err := parseDuration(n.text)
	if err != nil {
		p.wrong(n, path, fmt.Sprintf("%s is not a duration: %v", quote(n.text), err), right)
		return 0, false
	}
	if d < low {
		p.wrong(n, path, quote(n.text)+" is too short", "write at least "+low.String())
		return 0, false
	}
	return d, true
}

// word reads one of words and returns its index.
func (p *parser) word(n *node, path string, words []string) (int, bool) {
	if n.kind != text {
		return 0, p.wrongKind(n, path, "a word", oneOf(words))
	}
	if i := slices.Index(words, n.text); i >= 0 {
		return i, true
	}
	p.wrong(n, path, "unknown word "+quote(n.text), suggest(n.text, words))
	return 0, false
}

// accessor reads an accessor.
func (p *parser) accessor(n *node, path string) (*Accessor, bool) {
	s, ok := p.text(n, path, "write an accessor such as $status")
	if !ok {
		return nil, false
	}
	a, err := parseAccessor(s)
	if err != nil {
		p.wrongText(n, path, "bad accessor "+quote(s), err)
	}
	return a, err == nil
}

// wrongText reports an error of a function that does not know the position.
func (p *parser) wrongText(n *node, path, what string, err error) {
	var f textError
	if !errors.As(err, &f) {
		f.wrong = err.Error()
	}
	p.wrong(n, path, what+": "+f.wrong, f.right)
}

// regexp reads a regular expression.
func (p *parser) regexp(n *node, path string) (*regexp.Regexp, bool) {
	s, ok := p.text(n, path, "write a regular expression")
	if !ok {
		return nil, false
	}
	return p.compile(n, path, s)
}

// maxRegexp bounds a regular expression, in bytes.
const maxRegexp = 4096

func (p *parser) compile(n *node, path, s string) (*regexp.Regexp, bool) {
	if len(s) > maxRegexp {
		p.wrong(n, path, fmt.Sprintf("a regular expression of %d bytes", len(s)),
			fmt.Sprintf("write at most %d", maxRegexp))
		return nil, false
	}
	re, err := regexp.Compile(s)
	if err == nil {
		return re, true
	}
	wrong, right := err.Error(), "write it in RE2 syntax, see https://github.com/google/re2/wiki/Syntax"
	var bad *syntax.Error
	if errors.As(err, &bad) {
		wrong = fmt.Sprintf("%s at %s", bad.Code, quote(bad.Expr))
		if bad.Code == syntax.ErrInvalidPerlOp || bad.Code == syntax.ErrInvalidEscape {
			right = "RE2 has neither look-around nor backreferences, see https://github.com/google/re2/wiki/Syntax"
		}
	}
	p.wrong(n, path, fmt.Sprintf("bad regular expression %s: %s", quote(s), wrong), right)
	return nil, false
}

// mappingReader holds a mapping whose keys were checked.
type mappingReader struct {
	*node
	path   string
	values map[string]*node // nil for a key without a valid value
}

// get returns the value of a key, or nil.
func (s *mappingReader) get(key string) *node { return s.values[key] }

// has reports whether a key exists, even without a valid value.
func (s *mappingReader) has(key string) bool {
	_, ok := s.values[key]
	return ok
}

// under returns the path of a key.
func (s *mappingReader) under(key string) string { return under(s.path, key) }

// readMapping reads a mapping. It reports keys that are not in spec, and missing values, and leaves them out.
func (p *parser) readMapping(n *node, path string, spec *mappingSpec) (*mappingReader, bool) {
	if n.kind != mapping {
		return nil, p.wrongKind(n, path, spec.what, "write "+spec.example)
	}
	s := &mappingReader{node: n, path: path, values: make(map[string]*node, len(n.fields))}
	for _, f := range n.fields {
		key := f.key.text
		if !slices.Contains(spec.keys, key) {
			p.reportAs(UnknownKey, f.key.Position, path, "unknown key "+quote(key), spec.advise(key))
			continue
		}
		s.values[key] = nil
		switch f.value.kind {
		case null:
			p.wrong(f.key, under(path, key), "no value", "write a value, or remove the key")
		case broken:
		default:
			s.values[key] = f.value
		}
	}
	return s, true
}

// advise returns the advice for a key that is not in spec.
func (s *mappingSpec) advise(key string) string {
	switch {
	case s == metricSpec && slices.Contains(valueSpec.keys, key):
		return fmt.Sprintf("write it under value: {from: $field, %s: ...}", key)
	case s == fileSpec && slices.Contains(metricSpec.keys, key):
		return "write it in a rule: metrics: [{" + key + ": ...}]"
	case s == receivedSpec && slices.Contains(metricSpec.keys, key):
		return "remove it: only rules in the list metrics have it"
	}
	return suggest(key, s.keys)
}
