package record

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/promexporter/promexporter/internal/goldentest"
)

// capturePaths are asked of every capture.
var capturePaths = []string{
	"body.status", "body.message", "body.nil", "body.dotted~key", "body.unicode", "body.proc_name",
	"body.nested", "body.nested.a.b", "body.nested.list", "body.nested.list[1]", "body.nested.list[2].c",
	"metadata.otlp.severity_text", "metadata.otlp.attributes.k",
	"group_metadata.schema", "group_metadata.resource_id",
	"group_body.resource.attributes.service~name", "group_body.scope.name", "group_body",
}

// TestCaptures reads what real Fluent Bits of several versions write.
func TestCaptures(t *testing.T) {
	versions, err := os.ReadDir(filepath.Join("testdata", "chunks"))
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range versions {
		t.Run(version.Name(), func(t *testing.T) {
			var out strings.Builder
			for _, name := range captures(t, version.Name()+"/*") {
				out.WriteString("# " + filepath.Base(name) + "\n")
				out.WriteString(dump(t, capture(t, name), true, capturePaths...))
			}
			golden(t, version.Name(), out.String())
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	goldentest.Compare(t, filepath.Join("testdata", name+".golden"), got)
}
