package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/procfs"
)

// key is a key of a section.
type key struct{ Name, Default, Description string }

// manuals returns the pages of section 5, by name, with the keys that the code has.
func manuals() map[string][]key {
	pages := map[string][]key{}
	for _, k := range config.Keys() {
		pages["promexporter.5"] = append(pages["promexporter.5"], key{k.Name, k.Default, k.Description})
	}
	for _, k := range procfs.Keys() {
		pages["go_procfs.5"] = append(pages["go_procfs.5"], key{k.Name, k.Default, k.Description})
	}
	return pages
}

// roff escapes text: a backslash everywhere, and a period and a quote at the start of a line.
func roff(s string) string {
	s = strings.ReplaceAll(s, `\`, `\e`)
	if strings.HasPrefix(s, ".") || strings.HasPrefix(s, "'") {
		s = `\&` + s
	}
	return s
}

// writeManual writes a page, compressed as Debian wants it, and returns its path.
func (r *release) writeManual(name string, keys []key) (string, error) {
	page, err := template.New(name).Funcs(template.FuncMap{"roff": roff}).
		ParseFiles(filepath.Join(r.root, "release", "package", name))
	if err != nil {
		return "", err
	}
	var text bytes.Buffer
	// mdoc wants the date as June 7, 2006.
	data := map[string]any{"Date": r.date.Format("January 2, 2006"), "Keys": keys}
	if err := page.Execute(&text, data); err != nil {
		return "", err
	}
	path := filepath.Join(r.work, name+".gz")
	return path, writeCompressed(path, text.Bytes())
}

// writeCompressed writes a file that has neither a name nor a time in its header.
func writeCompressed(path string, content []byte) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w, err := gzip.NewWriterLevel(f, gzip.BestCompression)
	if err != nil {
		return errors.Join(err, f.Close())
	}
	_, err = w.Write(content)
	return errors.Join(err, w.Close(), f.Close())
}
