package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// image writes an archive of an OCI layout. It has an image for each architecture: the plugins in /plugin, and the
// program that copies them into a volume. Nothing else is in it, no shell either.
func (r *release) image(context.Context) error {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, a := range r.architectures {
		image, err := r.imageOf(a)
		if err != nil {
			return err
		}
		platform := &v1.Platform{OS: "linux", Architecture: a.goarch, Variant: a.variant}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add: image, Descriptor: v1.Descriptor{Platform: platform},
		})
	}
	folder := filepath.Join(r.work, "image")
	list, err := layout.Write(folder, empty.Index)
	if err != nil {
		return err
	}
	// The reference is what skopeo and podman call the image after they have read it.
	err = list.AppendIndex(index, layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": r.version}))
	if err != nil {
		return err
	}
	return r.writeLayout(folder, r.result("_image.tar"))
}

func (r *release) imageOf(a architecture) (v1.Image, error) {
	files := []file{
		{"LICENSE", filepath.Join(r.root, "LICENSE"), 0o644},
		{notices, filepath.Join(r.out, notices), 0o644},
		{"copy", r.built(a, "copy"), 0o755},
	}
	for _, name := range plugins {
		files = append(files, file{path.Join("plugin", name), r.built(a, name), 0o644})
	}
	var content bytes.Buffer
	if err := writeTar(&content, files, r.date); err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(content.Bytes())), nil
	}, tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, err
	}
	base := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err := mutate.Append(base, mutate.Addendum{Layer: layer, History: v1.History{Created: v1.Time{Time: r.date}}})
	if err != nil {
		return nil, err
	}
	return mutate.ConfigFile(image, r.configOf(a, image))
}

// configOf completes the configuration of an image. 65532 is the user that images without one call nonroot.
func (r *release) configOf(a architecture, image v1.Image) *v1.ConfigFile {
	config, err := image.ConfigFile()
	if err != nil {
		return nil
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Variant = "linux", a.goarch, a.variant
	config.Created = v1.Time{Time: r.date}
	config.Config = v1.Config{
		Entrypoint: []string{"/copy"},
		Cmd:        []string{"/plugins"},
		User:       "65532:65532",
		Labels: map[string]string{
			"org.opencontainers.image.title":    "promexporter",
			"org.opencontainers.image.version":  r.version,
			"org.opencontainers.image.created":  r.date.Format(time.RFC3339),
			"org.opencontainers.image.licenses": "Apache-2.0",
			"org.opencontainers.image.source":   "https://github.com/promexporter/promexporter",
		},
	}
	return config
}

func (r *release) writeLayout(folder, path string) error {
	var files []file
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(folder, path)
		files = append(files, file{filepath.ToSlash(name), path, 0o644})
		return err
	})
	if err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(writeTar(f, files, r.date), f.Close())
}
