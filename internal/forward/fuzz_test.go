package forward

import (
	"testing"

	"github.com/tinylib/msgp/msgp"
)

// FuzzDecode holds that no message is read beyond its end, or takes more memory than the bound.
func FuzzDecode(f *testing.F) {
	f.Add([]byte("\x93\xa1t\xc4\x03\x92\x01\x80\x81\xa5chunk\xa2id"))
	f.Add([]byte("\x93\xa1t\x91\x92\x01\x80\x80"))
	f.Add([]byte("\x94\xa1t\x01\x80\x80"))
	f.Add([]byte("\x93\xa1t\xc4\x00\x81\xaacompressed\xa4gzip"))
	f.Add([]byte("\x93\xa1t\xc4\x1c\x1f\x8b\b\x00\x00\tn\x88\x00\xff\x00\x03\x00\xfc\xff\x92\x01\x80\x03\x00\xed\au\xf5\x03\x00\x00\x00\x81\xaacompressed\xa4gzip"))
	f.Add([]byte("\x93\xa1t\xc4\x10(\xb5/\xfd\x04\x00\x19\x00\x00\x92\x01\x80\xe4$\u06cf\x81\xaacompressed\xa4zstd"))
	f.Add([]byte("\x93\xa1t\xc4\x09(\xb5/\xfd\x00\x80\x01\x00\x00\x81\xaacompressed\xa4zstd")) // a window of 64 MiB
	f.Fuzz(func(t *testing.T, b []byte) {
		m, rest, err := Decode(b)
		if len(rest) > len(b) || len(m.Events) > MaxUnpacked+1 {
			t.Errorf("%d bytes left of %d, %d of events", len(rest), len(b), len(m.Events))
		}
		if end, skipped := msgp.Skip(b); err == nil && (skipped != nil || len(end) != len(rest)) {
			t.Errorf("%x: %d bytes left, and %d after the value", b, len(rest), len(end))
		}
	})
}
