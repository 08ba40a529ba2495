package sample_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/promexporter/promexporter/internal/jsonpack"
	"github.com/promexporter/promexporter/sample"
	"github.com/promexporter/promexporter/test/flbhost/output"
	"github.com/promexporter/promexporter/test/flbhost/property"
)

// dump returns what the output stdout prints of a chunk.
func dump(t *testing.T, chunk []byte) string {
	t.Helper()
	var b bytes.Buffer
	out, err := output.New("stdout", property.Of("match", "*"), &b)
	if err != nil {
		t.Fatal(err)
	}
	if err := out("a.b", chunk); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// FuzzDump holds that what the output stdout prints of a record is read as a record that prints alike, or refused, and
// that only quotes in it make it refused.
func FuzzDump(f *testing.F) {
	f.Add([]byte(`{"a":1,"b":{"c":"x, y","f":1.5,"l":[1,null,true,-2]},"d":{},"e":[]}`), int64(1700000000123456789))
	f.Add([]byte(`{"a=>b":"say \"x\"","c":"}]"}`), int64(0))
	f.Add([]byte(`{"":1e300,"n":18446744073709551616,"m":-1}`), int64(1))
	f.Fuzz(func(t *testing.T, text []byte, nanos int64) {
		var p jsonpack.Packer
		body, err := p.Object(nil, text, nil)
		if err != nil || nanos < 0 || nanos > 4e18 {
			t.Skip()
		}
		printed := dump(t, append(jsonpack.AppendHead(nil, nanos, nil), body...))
		if strings.Count(printed, "\n") > 1 {
			t.Skip() // the output does not escape ends of lines
		}
		r := sample.Reader{Options: sample.Options{Format: sample.Stdout, Now: now}}
		again := ""
		err = r.Read(context.Background(), "in", strings.NewReader(printed), func(c *sample.Chunk) error {
			again += dump(t, c.Events)
			return nil
		})
		switch {
		case r.Counts.Records == 1 && again != printed:
			t.Errorf("%q is read as %q", printed, again)
		case r.Counts.Records != 1 && !bytes.Contains(body, []byte(`"`)):
			t.Errorf("%q is refused: %v", printed, err)
		}
	})
}
