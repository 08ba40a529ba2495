package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/promexporter/promexporter/internal/glibc"
)

// architecture is one that the plugins are built for.
type architecture struct {
	name    string   // in the names of archives
	env     []string // of the go command
	triple  string   // of the C compiler
	deb     string
	rpm     string
	apk     string
	goarch  string // as the platform of an image
	variant string // of an image
}

// The level of each architecture is the lowest that Fluent Bit's own images have.
var architectures = []architecture{
	{name: "amd64", env: []string{"GOARCH=amd64", "GOAMD64=v1"}, triple: "x86_64-linux-gnu", deb: "amd64", rpm: "x86_64",
		apk: "x86_64", goarch: "amd64"},
	{name: "arm64", env: []string{"GOARCH=arm64", "GOARM64=v8.0"}, triple: "aarch64-linux-gnu", deb: "arm64", rpm: "aarch64",
		apk: "aarch64", goarch: "arm64"},
	{name: "armv7", env: []string{"GOARCH=arm", "GOARM=7"}, triple: "arm-linux-gnueabihf", deb: "armhf", rpm: "armv7hl",
		apk: "armv7", goarch: "arm", variant: "v7"},
}

func architectureOf(name string) (architecture, error) {
	for _, a := range architectures {
		if a.name == name {
			return a, nil
		}
	}
	return architecture{}, fmt.Errorf("architecture %q: unknown; use amd64, arm64 or armv7", name)
}

// plugins are the names of the shared objects.
var plugins = []string{"out_prom_exporter.so", "in_go_procfs.so"}

// built returns the path of what build makes for an architecture.
func (r *release) built(a architecture, name string) string {
	return filepath.Join(r.work, a.name, name)
}

// build builds the plugins, as make build does, and the program of the image.
func (r *release) build(ctx context.Context) error {
	for _, a := range r.architectures {
		compiler := a.triple + "-gcc"
		if _, err := exec.LookPath(compiler); err != nil {
			return fmt.Errorf("%w; on Debian, install the package gcc-%s", err, a.triple)
		}
		if err := os.Mkdir(filepath.Join(r.work, a.name), 0o755); err != nil {
			return err
		}
		env := append([]string{"GOOS=linux", "GOFLAGS=", "CC=" + compiler}, a.env...)
		_, err := r.command(ctx, env, "make", "-s", "build", "VERSION=v"+r.version, "DIR="+filepath.Join(r.work, a.name),
			"FLAGS=-buildvcs=false")
		if err != nil {
			return err
		}
		for _, name := range plugins {
			if err := glibc.Check(r.built(a, name)); err != nil {
				return err
			}
		}
		_, err = r.command(ctx, append(env, "CGO_ENABLED=0"), "go", "build", "-C", "release", "-trimpath", "-buildvcs=false",
			"-ldflags", "-s -w", "-o", r.built(a, "copy"), "./copy")
		if err != nil {
			return err
		}
	}
	return nil
}
