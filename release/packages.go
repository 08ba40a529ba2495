package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"

	"github.com/goreleaser/chglog"
	"github.com/goreleaser/nfpm/v2"
	"github.com/goreleaser/nfpm/v2/apk"
	"github.com/goreleaser/nfpm/v2/deb"
	"github.com/goreleaser/nfpm/v2/files"
	"github.com/goreleaser/nfpm/v2/rpm"
	"gopkg.in/yaml.v3"
)

const (
	documents  = "/usr/share/doc/promexporter"
	examples   = documents + "/examples"
	maintainer = "The promexporter authors <promexporter@users.noreply.github.com>"
)

// format is a kind of package.
type format struct {
	packager nfpm.Packager
	name     string // in contents
}

var formats = []format{
	{deb.Default, "deb"},
	{rpm.DefaultRPM, "rpm"},
	{apk.Default, "apk"},
}

// packages writes the packages of all architectures.
func (r *release) packages(context.Context) error {
	contents, err := r.contents()
	if err != nil {
		return err
	}
	changelog, err := r.changelog()
	if err != nil {
		return err
	}
	for _, a := range r.architectures {
		for _, f := range formats {
			info := r.info(a)
			info.Changelog = changelog
			info.Contents = append(info.Contents, contents...)
			for _, name := range plugins {
				info.Contents = append(info.Contents, installed(r.built(a, name), "/usr/lib/fluent-bit/"+name))
			}
			if err := r.writePackage(f, info); err != nil {
				return err
			}
		}
	}
	return nil
}

// info describes a package but for its files.
func (r *release) info(a architecture) *nfpm.Info {
	return nfpm.WithDefaults(&nfpm.Info{
		Name:       "promexporter",
		Arch:       a.goarch,
		Version:    r.version,
		Release:    "1",
		Section:    "net",
		Priority:   "optional",
		Maintainer: maintainer,
		Description: "Prometheus metrics from the records of Fluent Bit\n" +
			"An output plugin that turns records into metrics by rules and serves them,\n" +
			"and an input plugin that reports the processes of the machine.",
		Homepage: "https://github.com/promexporter/promexporter",
		License:  "Apache-2.0",
		MTime:    r.date,
		Overridables: nfpm.Overridables{
			Suggests: []string{"fluent-bit"},
			Deb:      nfpm.Deb{Arch: a.deb, Compression: "xz"},
			RPM:      nfpm.RPM{Arch: a.rpm, BuildHost: "localhost", Compression: "xz"},
			APK:      nfpm.APK{Arch: a.apk},
		},
	})
}

func (r *release) writePackage(f format, info *nfpm.Info) error {
	// Only Debian names glibc like that. Alpine has no package of the other name, and could not load the plugins.
	info.Depends = []string{"glibc"}
	switch f.name {
	case "deb":
		info.Depends = []string{"libc6 (>= 2.17)"}
	case "rpm":
		info.Depends = []string{"glibc >= 2.17"}
	}
	if err := nfpm.PrepareForPackager(info, f.name); err != nil {
		return err
	}
	file, err := os.Create(filepath.Join(r.out, f.packager.ConventionalFileName(info)))
	if err != nil {
		return err
	}
	return errors.Join(f.packager.Package(info, file), file.Close())
}

// installed returns a file that is installed under a path, for everybody to read.
func installed(from, to string) *files.Content {
	return &files.Content{Source: from, Destination: to, FileInfo: &files.ContentFileInfo{Mode: 0o644}}
}

// contents returns the files that packages of all architectures have. A package has no file that belongs to the package
// of Fluent Bit.
func (r *release) contents() (files.Contents, error) {
	own := func(name string) string { return filepath.Join(r.root, "release", "package", name) }
	plugins := installed(own("plugins-promexporter.conf"), "/etc/fluent-bit/plugins-promexporter.conf")
	plugins.Type = files.TypeConfigNoReplace
	list := files.Contents{
		plugins,
		installed(own("fluent-bit.conf"), examples+"/fluent-bit.conf"),
		installed(own("fluent-bit.yaml"), examples+"/fluent-bit.yaml"),
		installed(own("promexporter.conf"), examples+"/fluent-bit.service.d/promexporter.conf"),
		installed(own("copyright"), documents+"/copyright"),
	}
	text, err := os.ReadFile(filepath.Join(r.out, notices))
	if err != nil {
		return nil, err
	}
	compressed := filepath.Join(r.work, notices+".gz")
	if err := writeCompressed(compressed, text); err != nil {
		return nil, err
	}
	list = append(list, installed(compressed, documents+"/"+notices+".gz"))
	rules, err := r.rules()
	if err != nil {
		return nil, err
	}
	for _, from := range rules {
		list = append(list, installed(from, "/usr/share/promexporter/rules/"+filepath.Base(from)))
	}
	for name, keys := range manuals() {
		from, err := r.writeManual(name, keys)
		if err != nil {
			return nil, err
		}
		list = append(list, installed(from, path.Join("/usr/share/man/man5", name+".gz")))
	}
	return list, nil
}

// changelog writes the entry that Debian and Red Hat want in their own format, and returns its path.
func (r *release) changelog() (string, error) {
	entry := chglog.ChangeLog{
		Semver:   r.version,
		Date:     r.date,
		Packager: maintainer,
		Changes: chglog.ChangeLogChanges{{
			Note: fmt.Sprintf("Version %s; CHANGELOG.md of the project says what changed.", r.version),
		}},
		ChangeLogOverridables: chglog.ChangeLogOverridables{
			Deb: &chglog.ChangelogDeb{Urgency: "low", Distributions: []string{"stable"}},
		},
	}
	text, err := yaml.Marshal([]chglog.ChangeLog{entry})
	if err != nil {
		return "", err
	}
	path := filepath.Join(r.work, "changelog.yaml")
	return path, os.WriteFile(path, text, 0o644)
}
