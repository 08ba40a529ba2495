package main

import (
	"archive/tar"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/promexporter/promexporter/internal/logtest"
	"github.com/promexporter/promexporter/test/flbhost/host"
	"github.com/promexporter/promexporter/test/flbhost/property"
)

// unpack writes the files of an archive into a folder.
func unpack(t *testing.T, r io.Reader, dir string) {
	t.Helper()
	for archive := tar.NewReader(r); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, header.Name)
		content, err := io.ReadAll(archive)
		if err := errors.Join(err, os.MkdirAll(filepath.Dir(path), 0o755),
			os.WriteFile(path, content, header.FileInfo().Mode())); err != nil {
			t.Fatal(err)
		}
	}
}

// imageOf returns the image for this machine of a release.
func imageOf(t *testing.T, dir string) v1.Image {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "promexporter_1.2.3_image.tar"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	folder := t.TempDir()
	unpack(t, f, folder)
	list, err := layout.ImageIndexFromPath(folder)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(list); err != nil {
		t.Error(err)
	}
	top, err := list.IndexManifest()
	if err != nil || len(top.Manifests) != 1 || top.Manifests[0].Annotations["org.opencontainers.image.ref.name"] != "1.2.3" {
		t.Fatalf("index %+v, %v", top, err)
	}
	index, err := list.ImageIndex(top.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	images, err := index.IndexManifest()
	if err != nil || len(images.Manifests) != 1 || images.Manifests[0].Platform.Architecture != native(t).goarch {
		t.Fatalf("images %+v, %v", images, err)
	}
	image, err := index.Image(images.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	return image
}

// TestImage runs the image as a container without anything else: its user, its root and a volume. Then it loads what
// the image has put into the volume.
func TestImage(t *testing.T) {
	required(t, "bwrap")
	image := imageOf(t, released(t))
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if config.Config.User != "65532:65532" || config.OS != "linux" || len(config.Config.Entrypoint) != 1 {
		t.Errorf("configuration %+v", config)
	}
	root, volume := t.TempDir(), t.TempDir()
	files := mutate.Extract(image)
	defer files.Close()
	unpack(t, files, root)
	if err := os.Chmod(volume, 0o777); err != nil {
		t.Fatal(err)
	}
	args := []string{"--ro-bind", root, "/", "--bind", volume, "/plugins", "--unshare-all", "--uid", "65532", "--gid", "65532"}
	if err := os.Mkdir(filepath.Join(root, "plugins"), 0o755); err != nil { // a container runtime does this
		t.Fatal(err)
	}
	args = append(append(args, config.Config.Entrypoint...), config.Config.Cmd...)
	if out, err := exec.Command("bwrap", args...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	load(t, volume)
}

// load starts and stops both plugins in a folder.
func load(t *testing.T, dir string) {
	t.Helper()
	loader, err := host.CachedLoader()
	if err != nil {
		t.Fatal(err)
	}
	var log logtest.Buffer
	h, err := host.Launch(host.Options{Loader: loader, Log: &log})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Kill()
	c := host.Config{
		Inputs:  []host.Section{{Plugin: "go_procfs"}},
		Outputs: []host.Section{{Plugin: "promexporter", Properties: property.Of("listen_address", "127.0.0.1:0")}},
	}
	for _, name := range plugins {
		c.Plugins = append(c.Plugins, filepath.Join(dir, name))
	}
	if err := errors.Join(h.Start(t.Context(), c), h.Stop(t.Context())); err != nil {
		t.Errorf("%v\n%s", err, log.String())
	}
}
