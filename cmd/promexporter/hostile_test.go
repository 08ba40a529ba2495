package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/tinylib/msgp/msgp"

	"github.com/promexporter/promexporter/internal/jsonpack"
	"github.com/promexporter/promexporter/receiver"
)

// TestHostileText shows events whose tag, keys and values would send commands to a terminal.
func TestHostileText(t *testing.T) {
	const evil = "e\x1b]0;title\x07\u009b2J\r\n\x7f"
	rules := filepath.Join(t.TempDir(), "rules.yaml")
	text := "metrics: [{name: 'm_${n}', type: gauge, value: 1, labels: {l: $l}}]\n"
	if err := os.WriteFile(rules, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	events := msgp.AppendMapHeader(jsonpack.AppendHead(nil, int64(time.Second), nil), 3)
	for _, pair := range [][2]string{{evil, evil}, {"n", "a" + evil}, {"l", evil}} {
		events = msgp.AppendString(msgp.AppendString(events, pair[0]), pair[1])
	}
	for _, output := range []string{"pretty", "raw", "explain", "live page"} {
		t.Run(output, func(t *testing.T) {
			var out, notes bytes.Buffer
			a := &app{streams: streams{strings.NewReader(""), &out, &notes}, color: "never"}
			name := strings.TrimPrefix(output, "live ")
			w, err := a.newListenWriter(&listenFlags{rulesFlags: rulesFlags{file: rules, clock: "now"}, output: name}, func() {})
			if err != nil {
				t.Fatal(err)
			}
			defer w.close()
			if err := w.emit(&receiver.Chunk{Tag: evil, Events: events}); err != nil {
				t.Fatal(err)
			}
			if name == "page" {
				if err := w.draw(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			shown := strings.TrimPrefix(out.String(), "\x1b[H\x1b[2J")
			if !strings.Contains(shown, "title") {
				t.Errorf("the event is missing in %q", shown)
			}
			for line := range strings.Lines(shown + notes.String()) {
				if i := strings.IndexFunc(strings.TrimSuffix(line, "\n"), unicode.IsControl); i >= 0 {
					t.Errorf("%q has a control character at %d", line, i)
				}
			}
		})
	}
}

// TestHostileKeys shows an event in which a map has a map as a key, which has one as a key, and so on. Each level of
// quotes would double the text.
func TestHostileKeys(t *testing.T) {
	value := "\x81\xa1x" + strings.Repeat("\x81", 20) + "\xa1a" + strings.Repeat("\x01", 20)
	events := append(jsonpack.AppendHead(nil, int64(time.Second), []byte(value)), value...)
	for _, output := range []string{"pretty", "json", "raw"} {
		t.Run(output, func(t *testing.T) {
			var out, notes bytes.Buffer
			a := &app{streams: streams{strings.NewReader(""), &out, &notes}, color: "never"}
			w, err := a.newListenWriter(&listenFlags{rulesFlags: rulesFlags{clock: "now"}, output: output}, func() {})
			if err != nil {
				t.Fatal(err)
			}
			defer w.close()
			if err := w.emit(&receiver.Chunk{Tag: "t", Events: events}); err != nil {
				t.Fatal(err)
			}
			if n := out.Len() + notes.Len(); n == 0 || n > 4096 {
				t.Errorf("%d bytes", n)
			}
		})
	}
}
