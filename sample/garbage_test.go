package sample_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/promexporter/promexporter/internal/chunktest"
	"github.com/promexporter/promexporter/sample"
)

// binaryFormats are the formats in which each byte of a text is a value, with a value that is a record.
var binaryFormats = map[sample.Format]string{
	sample.Msgpack: string(chunktest.Events(`{"a":1}`)),
	sample.Forward: message("t", chunktest.Events(`{"a":1}`)),
}

// endless is a text without an end.
type endless struct{ read int }

func (e *endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 'x'
	}
	e.read += len(b)
	return len(b), nil
}

// TestReadingOfATextEnds holds that a text that is read as a binary format is refused after its first part, also if
// records come before it.
func TestReadingOfATextEnds(t *testing.T) {
	for format, record := range binaryFormats {
		for _, head := range []string{"", record, strings.Repeat(record, 1000)} {
			text := new(endless)
			r := sample.Reader{Options: sample.Options{Format: format, Tag: "t"}}
			records := 0
			err := r.Read(context.Background(), "in", io.MultiReader(strings.NewReader(head), text), func(c *sample.Chunk) error {
				records += len(c.Events)
				return nil
			})
			if !errors.Is(err, sample.ErrNotRecords) {
				t.Fatalf("%s: %v", format, err)
			}
			if text.read > 1<<20 {
				t.Errorf("%s: ended after %d bytes", format, text.read)
			}
			if (records > 0) != (head != "") {
				t.Errorf("%s: %d bytes of records", format, records)
			}
		}
	}
}

// TestGarbageBesideRecords holds that a source is read to its end if most of it is records, wherever the garbage is and
// whatever earlier sources were.
func TestGarbageBesideRecords(t *testing.T) {
	const before, records, after = 30_000, 300_000, 250_000
	for format, record := range binaryFormats {
		in := strings.Repeat("x", before) + strings.Repeat(record, records) + strings.Repeat("x", after) + record
		r := sample.Reader{Options: sample.Options{Format: format, Tag: "t"}}
		for range 2 {
			err := r.Read(context.Background(), "in", strings.NewReader(in), func(*sample.Chunk) error { return nil })
			if err != nil {
				t.Fatalf("%s: %v", format, err)
			}
		}
		if got, want := r.Counts.Records, 2*(records+1); got != want {
			t.Errorf("%s: %d records, want %d", format, got, want)
		}
		if got, want := r.Counts.Bad, 2*(before+after); got != want {
			t.Errorf("%s: %d values that are not records, want %d", format, got, want)
		}
	}
}
