package output

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/promexporter/promexporter/cmd/flbhost/property"
)

const head = "\x92\x92\xd7\x00\x65\x53\xf1\x00\x00\x00\x00\x07\x80"

func TestText(t *testing.T) {
	for _, tt := range []struct{ name, record, want string }{
		{"empty", "\x80", "{}"},
		{"floats", "\x82\xa1a\xcb\x3f\xb9\x99\x99\x99\x99\x99\x9a\xa1b\xca\x3f\x80\x00\x00",
			`{"a"=>0.100000, "b"=>1.000000}`},
		{"integers", "\x84\xa1a\x01\xa1b\xff\xa1c\xcf\xff\xff\xff\xff\xff\xff\xff\xff\xa1d\xd0\x80",
			`{"a"=>1, "b"=>-1, "c"=>18446744073709551615, "d"=>-128}`},
		{"others", "\x83\xa1a\xc3\xa1b\xc2\xa1c\xc0", `{"a"=>true, "b"=>false, "c"=>nil}`},
		{"text as it is", "\x81\xa1a\xa3\"\n\xff", "{\"a\"=>\"\"\n\xff\"}"},
		{"binary", "\x81\xa1a\xc4\x03\"\n~", `{"a"=>"\"\x0a~"}`},
		{"nested", "\x81\xa1a\x93\x01\x81\xa1b\x90\x81\xa1c\x80", `{"a"=>[1, {"b"=>[]}, {"c"=>{}}]}`},
		{"extensions", "\x82\xa1a\xd4\x05x\xa1b\xc7\x02\xffyz", `{"a"=>(ext: 5)"x", "b"=>(ext: -1)"yz"}`},
		{"map 32", "\xdf\x00\x00\x00\x01\xa1a\x01", `{"a"=>1}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Text(nil, "t.0", []byte(head+tt.record+head+tt.record))
			want := "[0] t.0: [[1700000000.000000007, {}], " + tt.want + "]\n" +
				"[1] t.0: [[1700000000.000000007, {}], " + tt.want + "]\n"
			if err != nil || string(got) != want {
				t.Errorf("got %v\n%swant\n%s", err, got, want)
			}
		})
	}
}

func TestTextOfOtherEvents(t *testing.T) {
	for _, tt := range []struct{ name, chunk, want string }{
		{"metadata", "\x92\x92\xd7\x00\x00\x00\x00\x01\x00\x00\x00\x02\x81\xa1m\x01\x80", "[[1.000000002, {\"m\"=>1}], {}]"},
		{"old form", "\x92\xd7\x00\x00\x00\x00\x01\x00\x00\x00\x02\x80", "[[1.000000002, {}], {}]"},
		{"seconds", "\x92\x05\x80", "[[5, {}], {}]"},
	} {
		if got, err := Text(nil, "t", []byte(tt.chunk)); err != nil || string(got) != "[0] t: "+tt.want+"\n" {
			t.Errorf("%s: got %v\n%swant %s", tt.name, err, got, tt.want)
		}
	}
}

func TestTextOfNonsense(t *testing.T) {
	good := head + "\x80"
	for _, bad := range []string{
		"\xc0", "\x90", "\x93\x01\x80\x80", "\x92\x91\x01\x80", head, head[:8], head + "\x81\xa1", head + "\xc1",
		"\x92\xd4\x00\x01\x80", "\x92\x92\xd7", "\x92\x05" + strings.Repeat("\x91", 2000),
	} {
		got, err := Text([]byte("before\n"), "t", []byte(good+bad))
		if err == nil || string(got) != "before\n[0] t: [[1700000000.000000007, {}], {}]\n" {
			t.Errorf("%q: got %v\n%s", bad, err, got)
		}
	}
}

func FuzzText(f *testing.F) {
	f.Add([]byte(head + "\x82\xa1a\xc4\x01x\xa1b\xd4\x05x"))
	f.Fuzz(func(t *testing.T, chunk []byte) {
		if _, err := Text(nil, "t", chunk); err == nil && len(chunk) > 0 && chunk[0]&0xf0 != 0x90 && chunk[0] < 0xdc {
			t.Errorf("%x is no chunk", chunk)
		}
	})
}

func TestNew(t *testing.T) {
	var b bytes.Buffer
	out, ok, err := New("stdout", property.Of("match", "*"), &b)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	if err := out.Flush("t", []byte(head+"\x80")); err != nil || !strings.HasPrefix(b.String(), "[0] t: ") {
		t.Errorf("%v, %q", err, b.String())
	}
	if err := out.Flush("t", []byte("x")); err == nil {
		t.Error("no error for nonsense")
	}
	out, ok, err = New("null", nil, io.Discard)
	if err != nil || !ok || out.Flush("t", []byte("x")) != nil {
		t.Error(ok, err)
	}
	if _, ok, _ := New("promexporter", nil, io.Discard); ok {
		t.Error("promexporter is a plugin's")
	}
	if _, _, err := New("null", property.Of("a", "b"), io.Discard); err == nil {
		t.Error("a key that null does not know")
	}
}
