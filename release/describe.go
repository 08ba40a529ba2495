package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/CycloneDX/cyclonedx-go"
)

// notices is the name of the file that has the licenses of what the plugins contain.
const notices = "THIRD_PARTY_NOTICES"

// describe writes the list of the components, and their licenses.
func (r *release) describe(ctx context.Context) error {
	list, err := r.components(ctx)
	if err != nil {
		return err
	}
	return errors.Join(r.writeNotices(list), r.writeBOM(list))
}

func (r *release) writeNotices(list []component) error {
	var b bytes.Buffer
	fmt.Fprintln(&b, "promexporter contains the following software, under these licenses.")
	for _, c := range list {
		for _, t := range c.texts {
			fmt.Fprintf(&b, "\n%[1]s\n%[2]s %[3]s (%[4]s), %[5]s\n%[1]s\n\n%[6]s\n", strings.Repeat("=", 80),
				c.path, c.version, c.license, t.name, strings.TrimSpace(t.content))
		}
	}
	return os.WriteFile(filepath.Join(r.out, notices), b.Bytes(), 0o644)
}

// writeBOM writes the components as CycloneDX.
func (r *release) writeBOM(list []component) error {
	bom := cyclonedx.NewBOM()
	bom.Metadata = &cyclonedx.Metadata{
		Timestamp: r.date.Format(time.RFC3339),
		Component: &cyclonedx.Component{
			Type:       cyclonedx.ComponentTypeLibrary,
			Name:       "promexporter",
			Version:    r.version,
			PackageURL: "pkg:golang/github.com/promexporter/promexporter@v" + r.version,
			Licenses:   &cyclonedx.Licenses{{License: &cyclonedx.License{ID: "Apache-2.0"}}},
		},
	}
	var components []cyclonedx.Component
	for _, c := range list {
		entry := cyclonedx.Component{
			BOMRef:     "pkg:golang/" + c.path + "@" + c.version,
			Type:       cyclonedx.ComponentTypeLibrary,
			Name:       c.path,
			Version:    c.version,
			PackageURL: "pkg:golang/" + c.path + "@" + c.version,
			Licenses:   &cyclonedx.Licenses{{Expression: c.license}},
		}
		if sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(c.sum, "h1:")); err == nil && len(sum) > 0 {
			entry.Hashes = &[]cyclonedx.Hash{{Algorithm: cyclonedx.HashAlgoSHA256, Value: hex.EncodeToString(sum)}}
		}
		components = append(components, entry)
	}
	bom.Components = &components
	var b bytes.Buffer
	if err := cyclonedx.NewBOMEncoder(&b, cyclonedx.BOMFileFormatJSON).SetPretty(true).Encode(bom); err != nil {
		return err
	}
	return os.WriteFile(r.result(".cdx.json"), b.Bytes(), 0o644)
}
