package rule_test

import (
	"strings"
	"testing"

	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/internal/chunktest"
	"github.com/promexporter/promexporter/rule"
)

// TestMemosAreOfTheirRules holds that a scratch which served other rules makes nothing of label values that those made.
func TestMemosAreOfTheirRules(t *testing.T) {
	for _, with := range []string{"map: {'^x': %}", "regex: x, replacement: %", "default: %, regex: y"} {
		text := "metrics: [{name: a_total, type: counter, help: h, labels: {l: {from: $l, " + with + "}}}]"
		r := newRig(t, rule.Options{}, parse(t, strings.ReplaceAll(text, "%", "one")))
		r.feed("tag", chunktest.Events(`{"l":"x"}`))
		r.set = rule.Compile([]*config.Rules{parse(t, strings.ReplaceAll(text, "%", "two"))}, rule.Options{})
		r.feed("tag", chunktest.Events(`{"l":"x"}`))
		for _, line := range []string{`a_total{l="one"} 1`, `a_total{l="two"} 1`} {
			if !strings.Contains(r.text(), line+"\n") {
				t.Errorf("%s: no %s in\n%s", with, line, r.text())
			}
		}
	}
}

// TestCutAfterReplacement holds that replacing bytes that are not UTF-8 does not make a label value longer than its
// bound.
func TestCutAfterReplacement(t *testing.T) {
	r := newRig(t, rule.Options{}, parse(t, `metrics: [{name: a_total, type: counter, help: h, labels: {l: $l}}]`))
	long := strings.Repeat("a\xff", 500) // 1000 bytes, 2000 with U+FFFD
	chunk := append([]byte{0x92, 0xce, 0, 0, 0, 1, 0x81, 0xa1, 'l', 0xda, 0x03, 0xe8}, long...)
	r.feed("tag", chunk)
	value := r.gather()[0].Metric[0].Label[0].GetValue()
	if want := strings.Repeat("a\uFFFD", 256); value != want {
		t.Errorf("a value of %d bytes, want %d", len(value), len(want))
	}
}

// nan is an event whose field n is NaN.
const nan = "\x92\xce\x00\x00\x00\x01\x81\xa1n\xca\x7f\xc0\x00\x00"

// TestNoNumberIsWithinBounds holds that NaN is outside of min and max.
func TestNoNumberIsWithinBounds(t *testing.T) {
	r := newRig(t, rule.Options{}, parse(t, `metrics: [{name: a, type: gauge, help: h, value: {from: $n, max: 5}}]`))
	r.feed("tag", []byte(nan))
	if got := r.text(); got != "" {
		t.Errorf("NaN is shown:\n%s", got)
	}
	if n := r.set.Stats()[0].Skipped(rule.OutOfRange); n != 1 {
		t.Errorf("%d out of range, want 1", n)
	}
}

// TestNoNumberIsOnASide holds that NaN is neither above nor below a number, nor it.
func TestNoNumberIsOnASide(t *testing.T) {
	for _, op := range []string{"gt", "gte", "lt", "lte", "eq"} {
		r := newRig(t, rule.Options{}, parse(t,
			"metrics: [{name: a_total, type: counter, help: h, condition: {field: $n, op: "+op+", value: 5}}]"))
		r.feed("tag", []byte(nan))
		if got := r.text(); got != "" {
			t.Errorf("NaN is %s 5:\n%s", op, got)
		}
	}
}
