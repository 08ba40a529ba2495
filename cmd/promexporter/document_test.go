package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/promexporter/promexporter/config"
)

// document is a document of the project whose blocks are run in the order of the text.
type document struct {
	t        *testing.T
	commands int
}

// run runs the blocks of the document: one with file=NAME is written to a file, and each command of promexporter in a
// block of console has to print what is below it, on both streams.
func (d *document) run(text string) {
	neutralEnv(d.t)
	var note, body string
	open := "" // the mark of the block, which may have blocks with shorter marks in it
	for line := range strings.Lines(text) {
		mark := line[:len(line)-len(strings.TrimLeft(line, "`"))]
		switch {
		case len(mark) >= 3 && open == "":
			open, note, body = mark, strings.TrimSpace(line[len(mark):]), ""
		case mark == open && open != "":
			open = ""
			d.block(note, body)
		case open != "":
			body += line
		}
	}
}

func (d *document) block(note, body string) {
	if _, name, ok := strings.Cut(note, "file="); ok {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			d.t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(body), 0o600); err != nil {
			d.t.Fatal(err)
		}
		return
	}
	if note != "console" {
		return
	}
	for part := range strings.SplitSeq("\n"+body, "\n$ ") {
		command, want, _ := strings.Cut(part, "\n")
		if args := words(command); len(args) > 0 && args[0] == "promexporter" {
			d.commands++
			d.command(args[1:], strings.TrimSuffix(want, "\n"))
		}
	}
}

// command runs a command, whose output may be redirected to a file.
func (d *document) command(args []string, want string) {
	d.t.Helper()
	var both bytes.Buffer
	s := streams{strings.NewReader(""), &both, &both}
	if n := len(args) - 2; n >= 0 && args[n] == ">" {
		file, err := os.Create(args[n+1])
		if err != nil {
			d.t.Fatal(err)
		}
		defer func() { _ = file.Close() }()
		s.out, args = file, args[:n]
	}
	execute(context.Background(), args, s)
	if got := strings.TrimSuffix(milliseconds.ReplaceAllString(both.String(), "N ms"), "\n"); got != strings.TrimSuffix(want, "\n") {
		d.t.Errorf("promexporter %s prints\n%s\nthe document has\n%s", strings.Join(args, " "), got, want)
	}
}

// milliseconds are another number each time.
var milliseconds = regexp.MustCompile(`\d+ ms`)

// words splits a command as a shell does, with single quotes.
func words(command string) (all []string) {
	for i, part := range strings.Split(command, "'") {
		if i%2 == 1 {
			all = append(all, part)
		} else {
			all = append(all, strings.Fields(part)...)
		}
	}
	return all
}

func readDocument(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestDocument(t *testing.T) {
	text := readDocument(t, "cli.md")
	samples := map[string]string{"statsd.yaml": "../../rules/statsd.yaml", "statsd.mp": "../../rule/testdata/examples/statsd.mp"}
	for name, path := range samples {
		sample, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		samples[name] = string(sample)
	}
	t.Chdir(t.TempDir())
	for name, sample := range samples {
		if err := os.WriteFile(name, []byte(sample), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d := document{t: t}
	d.run(text)
	if d.commands == 0 {
		t.Error("the document has no commands")
	}
}

func TestDocumentHasAllCodes(t *testing.T) {
	text := readDocument(t, "cli.md")
	for _, code := range config.WarningCodes() {
		if !strings.Contains(text, "| `"+string(code)+"` |") {
			t.Errorf("the document does not name %s", code)
		}
	}
}
