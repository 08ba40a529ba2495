package main

import (
	"context"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// programs are the commands of the project. They have no C in them, and run wherever Go does.
var programs = []string{"promexporter"}

// system is one that the programs are built for: the name in archives, and the environment of the go command.
type system struct {
	name string
	env  []string
}

// systemOf returns the system of a name such as darwin-arm64.
func systemOf(name string) (system, error) {
	os, arch, ok := strings.Cut(name, "-")
	if !ok {
		return system{}, fmt.Errorf("system %q: write for example darwin-arm64", name)
	}
	return system{name: os + "_" + arch, env: []string{"GOOS=" + os, "GOARCH=" + arch}}, nil
}

// allSystems returns those of the plugins too.
func (r *release) allSystems() []system {
	list := slices.Clone(r.systems)
	for _, a := range r.architectures {
		list = append(list, system{name: "linux_" + a.name, env: append([]string{"GOOS=linux"}, a.env...)})
	}
	return list
}

// program returns the path of a program.
func (r *release) program(s system, name string) string {
	if strings.HasPrefix(s.name, "windows") {
		name += ".exe"
	}
	return filepath.Join(r.work, s.name, name)
}

// buildPrograms builds the programs for all systems.
func (r *release) buildPrograms(ctx context.Context) error {
	for _, s := range r.allSystems() {
		for _, name := range programs {
			_, err := r.command(ctx, append(s.env, "GOFLAGS=", "CGO_ENABLED=0"), "go", "build", "-trimpath", "-buildvcs=false",
				"-ldflags", "-s -w -X main.version=v"+r.version, "-o", r.program(s, name), "./cmd/"+name)
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// programArchives writes an archive of the programs for each system, with the ready rules.
func (r *release) programArchives(context.Context) error {
	rules, err := r.rules()
	if err != nil {
		return err
	}
	for _, s := range r.allSystems() {
		files := []file{
			{"LICENSE", filepath.Join(r.root, "LICENSE"), 0o644},
			{notices, filepath.Join(r.out, notices), 0o644},
		}
		for _, name := range programs {
			built := r.program(s, name)
			files = append(files, file{filepath.Base(built), built, 0o755})
		}
		for _, name := range rules {
			files = append(files, file{path.Join("rules", filepath.Base(name)), name, 0o644})
		}
		for i := range files {
			files[i].name = path.Join("promexporter-"+r.version, files[i].name)
		}
		if err := r.writeArchive(r.result("_program_"+s.name+".tar.gz"), files); err != nil {
			return err
		}
	}
	return nil
}
