package output

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/promexporter/promexporter/test/flbhost/property"
)

const head = "\x92\x92\xd7\x00\x65\x53\xf1\x00\x00\x00\x00\x07\x80"

func flush(t *testing.T, chunk string) (string, error) {
	t.Helper()
	var b bytes.Buffer
	out, err := New("stdout", property.Of("match", "*"), &b)
	if err != nil || out == nil {
		t.Fatal(err)
	}
	err = out("t.0", []byte(chunk))
	return b.String(), err
}

func TestStdout(t *testing.T) {
	for _, tt := range []struct{ name, record, want string }{
		{"empty", "\x80", "{}"},
		{"floats", "\x81\xa1a\xcb\x3f\xb9\x99\x99\x99\x99\x99\x9a", `{"a"=>0.100000}`},
		{"integers", "\x84\xa1a\x01\xa1b\xff\xa1c\xcf\xff\xff\xff\xff\xff\xff\xff\xff\xa1d\xd0\x80",
			`{"a"=>1, "b"=>-1, "c"=>18446744073709551615, "d"=>-128}`},
		{"booleans", "\x82\xa1a\xc3\xa1b\xc2", `{"a"=>true, "b"=>false}`},
		{"nil", "\x81\xa1a\xc0", `{"a"=>nil}`},
		{"text as it is", "\x81\xa1a\xa3\"\n\xff", "{\"a\"=>\"\"\n\xff\"}"},
		{"nested", "\x81\xa1a\x93\x01\x81\xa1b\x90\x81\xa1c\x80", `{"a"=>[1, {"b"=>[]}, {"c"=>{}}]}`},
		{"map 32", "\xdf\x00\x00\x00\x01\xa1a\x01", `{"a"=>1}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := flush(t, head+tt.record+head+tt.record)
			want := "[0] t.0: [[1700000000.000000007, {}], " + tt.want + "]\n" +
				"[1] t.0: [[1700000000.000000007, {}], " + tt.want + "]\n"
			if err != nil || got != want {
				t.Errorf("got %v\n%swant\n%s", err, got, want)
			}
		})
	}
	// The form without metadata.
	got, err := flush(t, "\x92\xd7\x00\x00\x00\x00\x01\x00\x00\x00\x02\x80")
	if want := "[0] t.0: [[1.000000002, {}], {}]\n"; err != nil || got != want {
		t.Errorf("got %v\n%swant\n%s", err, got, want)
	}
}

func TestStdoutErrors(t *testing.T) {
	for _, bad := range []string{"\xc0", "\x90", "\x93\x01\x80\x80", head, head[:8], head + "\x81\xa1", head + "\xc1"} {
		got, err := flush(t, head+"\x80"+bad)
		if err == nil || !strings.HasPrefix(got, "[0] t.0: [[1700000000.000000007, {}], {}]\n") {
			t.Errorf("%q: got %v\n%s", bad, err, got)
		}
	}
}

func FuzzStdout(f *testing.F) {
	f.Add([]byte(head + "\x82\xa1a\xc4\x01x\xa1b\xd4\x05x"))
	f.Fuzz(func(t *testing.T, chunk []byte) {
		if _, err := flush(t, string(chunk)); err == nil && len(chunk) > 0 && chunk[0]&0xf0 != 0x90 && chunk[0] < 0xdc {
			t.Errorf("%x is not a chunk", chunk)
		}
	})
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space") }

func TestNew(t *testing.T) {
	if out, err := New("null", nil, nil); err != nil || out("t", []byte("x")) != nil {
		t.Error(err)
	}
	if out, _ := New("promexporter", nil, nil); out != nil {
		t.Error("this package has promexporter")
	}
	if _, err := New("null", property.Of("a", "b"), nil); err == nil {
		t.Error("null has a key")
	}
	if out, err := New("stdout", nil, fullDisk{}); err != nil || out("t", []byte(head+"\x80")) == nil {
		t.Error("the error of the writer is lost")
	}
}
