package main

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"
	"time"
)

// file is a file of an archive: its name there, and its path here.
type file struct {
	name string
	path string
	mode int64
}

// writeTar writes an archive that depends on nothing but the files and the date.
func writeTar(w io.Writer, files []file, date time.Time) error {
	archive := tar.NewWriter(w)
	for _, f := range files {
		content, err := os.ReadFile(f.path)
		if err != nil {
			return err
		}
		header := &tar.Header{Typeflag: tar.TypeReg, Name: f.name, Mode: f.mode, Size: int64(len(content)), ModTime: date}
		if err := archive.WriteHeader(header); err != nil {
			return err
		}
		if _, err := archive.Write(content); err != nil {
			return err
		}
	}
	return archive.Close()
}

// archives writes, for each architecture, an archive that can be unpacked anywhere. Its files lie to each other as in
// the sources, so that fluent-bit.conf works in it.
func (r *release) archives(context.Context) error {
	for _, a := range r.architectures {
		var files []file
		for _, name := range plugins {
			files = append(files, file{name, r.built(a, name), 0o644})
		}
		for _, name := range []string{"CHANGELOG.md", "LICENSE", "README.md", "fluent-bit.conf", "fluent-bit.yaml", "plugins.conf"} {
			files = append(files, file{name, filepath.Join(r.root, name), 0o644})
		}
		files = append(files, file{notices, filepath.Join(r.out, notices), 0o644})
		rules, err := r.rules()
		if err != nil {
			return err
		}
		for _, name := range rules {
			files = append(files, file{path.Join("rules", filepath.Base(name)), name, 0o644})
		}
		for i := range files {
			files[i].name = path.Join("promexporter-"+r.version, files[i].name)
		}
		if err := r.writeArchive(r.result("_linux_"+a.name+".tar.gz"), files); err != nil {
			return err
		}
	}
	return nil
}

// rules returns the paths of the ready rules and of their schema.
func (r *release) rules() ([]string, error) {
	list, err := filepath.Glob(filepath.Join(r.root, "rules", "*.yaml"))
	return append(list, filepath.Join(r.root, "rules", "schema.json")), err
}

func (r *release) writeArchive(path string, files []file) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w, err := gzip.NewWriterLevel(f, gzip.BestCompression)
	if err != nil {
		return errors.Join(err, f.Close())
	}
	return errors.Join(writeTar(w, files, r.date), w.Close(), f.Close())
}
