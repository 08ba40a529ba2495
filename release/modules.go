package main

import (
	"bytes"
	"cmp"
	"context"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

// component is something that the plugins contain: a module, or Go's runtime and standard library.
type component struct {
	path    string
	version string
	sum     string // of the module: h1:...
	license string // as SPDX writes it
	texts   []text // of the license and of notices
}

// text is the content of a file such as LICENSE.
type text struct{ name, content string }

// components returns what the plugins and the programs contain, by path. The linker writes it into each of them.
func (r *release) components(ctx context.Context) ([]component, error) {
	modules := map[string]*debug.Module{}
	golang := ""
	for _, path := range r.binaries() {
		info, err := buildinfo.ReadFile(path)
		if err != nil {
			return nil, err
		}
		golang = info.GoVersion
		for _, m := range info.Deps {
			modules[m.Path] = m
		}
	}
	folders, err := r.folders(ctx, modules)
	if err != nil {
		return nil, err
	}
	root, err := r.command(ctx, nil, "go", "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	modules["std"] = &debug.Module{Path: "std", Version: golang}
	folders["std"] = strings.TrimSpace(string(root))
	var list []component
	for _, path := range slices.SortedFunc(maps.Keys(modules), cmp.Compare[string]) {
		c, err := newComponent(modules[path], folders[path])
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, nil
}

// binaries returns the paths of all plugins and programs.
func (r *release) binaries() (list []string) {
	for _, a := range r.architectures {
		for _, name := range plugins {
			list = append(list, r.built(a, name))
		}
	}
	for _, s := range r.allSystems() {
		for _, name := range programs {
			list = append(list, r.program(s, name))
		}
	}
	return list
}

// folders returns where the module cache has the sources of modules.
func (r *release) folders(ctx context.Context, modules map[string]*debug.Module) (map[string]string, error) {
	args := []string{"mod", "download", "-json"}
	for path, m := range modules {
		args = append(args, path+"@"+m.Version)
	}
	out, err := r.command(ctx, nil, "go", args...)
	if err != nil {
		return nil, err
	}
	folders := map[string]string{}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var m struct{ Path, Dir string }
		if err := d.Decode(&m); errors.Is(err, io.EOF) {
			return folders, nil
		} else if err != nil {
			return nil, err
		}
		folders[m.Path] = m.Dir
	}
}

func newComponent(m *debug.Module, folder string) (component, error) {
	c := component{path: m.Path, version: m.Version, sum: m.Sum}
	for _, pattern := range []string{"LICENSE*", "LICENCE*", "COPYING*", "NOTICE*"} {
		files, err := filepath.Glob(filepath.Join(folder, pattern))
		if err != nil {
			return c, err
		}
		for _, path := range files {
			content, err := os.ReadFile(path)
			if err != nil {
				return c, err
			}
			c.texts = append(c.texts, text{filepath.Base(path), string(content)})
		}
	}
	var licenses []string
	for _, t := range c.texts {
		for _, m := range licensecheck.Scan([]byte(t.content)).Match {
			if !m.IsURL && !slices.Contains(licenses, m.ID) {
				licenses = append(licenses, m.ID)
			}
		}
	}
	if len(licenses) == 0 {
		return c, fmt.Errorf("%s %s: no license is known in %s; a release needs one of each module", c.path, c.version, folder)
	}
	c.license = strings.Join(licenses, " AND ")
	return c, nil
}
