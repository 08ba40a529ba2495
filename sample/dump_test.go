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

// reread reads what the output stdout prints, and returns what it prints of that, and how many records there are.
func reread(t *testing.T, printed string) (again string, records int, err error) {
	t.Helper()
	r := sample.Reader{Options: sample.Options{Format: sample.Stdout, Now: now}}
	err = r.Read(context.Background(), "in", strings.NewReader(printed), func(c *sample.Chunk) error {
		again += dump(t, c.Events)
		return nil
	})
	return again, r.Counts.Records, err
}

// FuzzDump holds that what the output stdout prints of a record is read as a record that prints alike. Quotes in a text
// may make it another record, which prints alike, or make it refused.
func FuzzDump(f *testing.F) {
	f.Add([]byte(`{"a":1,"b":{"c":"x, y","f":1.5,"l":[1,null,true,-2]},"d":{},"e":[]}`), int64(1700000000123456789))
	f.Add([]byte(`{"a=>b":"say \"x\"","c":"}]"}`), int64(0))
	f.Add([]byte(`{"":1e300,"n":18446744073709551616,"m":-1}`), int64(1))
	f.Add([]byte(`{"a":"x\", \"y\"=>01, \"z\"=>+1e5, \"n\"=>nan, \"t\"=>\""}`), int64(1))
	f.Add([]byte(`{"\r\u0000\ufeff":"\u2028","":-0.0,"t":1e-300,"m":-9223372036854775808,"l":-9223372036854775809}`), int64(4e18))
	f.Add([]byte(`{"a":`+strings.Repeat("[", 63)+"1"+strings.Repeat("]", 63)+"}"), int64(999999999))
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
		again, records, err := reread(t, printed)
		if bytes.Contains(body, []byte(`"`)) {
			if records == 0 {
				return
			}
			printed = again
			again, records, err = reread(t, printed)
		}
		if records != 1 || again != printed {
			t.Errorf("%q is read as %d records, %q, %v", printed, records, again, err)
		}
	})
}
