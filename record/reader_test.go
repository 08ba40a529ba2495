package record

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

func malformed(reason Reason, offset, size int) string {
	return fmt.Sprintf("%s at %d, %d bytes", reason, offset, size)
}

// TestMalformedThenGood puts bytes that are no event between two that are. Only they are lost, and they are reported
// once.
func TestMalformedThenGood(t *testing.T) {
	tests := map[string]struct {
		bytes  raw
		reason Reason
	}{
		"nil":              {raw{0xc0}, NotEvent},
		"integer":          {raw{5}, NotEvent},
		"string":           {encode("text"), NotEvent},
		"boolean":          {raw{0xc3}, NotEvent},
		"float":            {encode(1.5), NotEvent},
		"map":              {obj("a", 1), NotEvent},
		"metrics":          {obj("meta", obj(), "metrics", array()), NotEvent},
		"array of none":    {array(), NotEvent},
		"array of one":     {array(1), NotEvent},
		"array of three":   {array(1, obj(), obj()), NotEvent},
		"array16 of three": {raw{0xdc, 0, 3, 1, 0x80, 0x80}, NotEvent},
		"head of one":      {array(array(1), obj()), NotEvent},
		"head of three":    {array(array(1, obj(), 2), obj()), NotEvent},
		"time of text":     {array("1", obj()), BadTimestamp},
		"body nil":         {array(1, raw{0xc0}), BadRecord},
		"body array":       {array(1, array()), BadRecord},
		"body string":      {array(1, "text"), BadRecord},
		"metadata nil":     {array(array(1, raw{0xc0}), obj()), BadRecord},
		"nils":             {raw{0xc0, 0xc0, 0xc0}, NotEvent},
		"metadata array":   {array(array(1, array()), obj()), BadRecord},
		"metadata integer": {array(array(1, 1), obj()), BadRecord},

		"array as a key":        {array(1, raw{0x81, 0x90, 1}), BadKey},
		"map as a key":          {array(1, raw{0x81, 0x80, 1}), BadKey},
		"map as a nested key":   {array(1, obj("a", raw{0x81, 0x80, 1})), BadKey},
		"map as a metadata key": {array(array(1, raw{0x81, 0x80, 1}), obj()), BadKey},

		"unused lead byte":     {raw{0xc1}, Undecodable},
		"unused in a value":    {array(1, raw{0x81, 0xa1, 'a', 0xc1}), Undecodable},
		"unused as a key":      {array(1, raw{0x81, 0xc1, 1}), Undecodable},
		"garbage text":         {raw("not msgpack at all"), NotEvent},
		"two values, no event": {raw{0xc0, 0x01}, NotEvent},
		"event cut":            {array(1, raw{0x82, 0xa1, 'a', 1}), Undecodable},
		"event cut in a text":  {array(1, raw{0x81, 0xa1, 'a', 0xd9, 200, 'x'}), Undecodable},
		"head cut":             {raw{0x92, 0x92}, Undecodable},
		"time cut":             {raw{0x92, 0x92, 0xd7, 0, 0, 0}, Undecodable},
		"body missing":         {raw{0x92, 0x92, 1, 0x80}, Undecodable},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			first := plain(1, "n", 1)
			check(t, join(first, test.bytes, plain(2, "n", 2)), true, nil,
				"1.000000000", "  n = uint 1",
				malformed(test.reason, len(first), len(test.bytes)),
				"2.000000000", "  n = uint 2")
			check(t, join(nil, first, test.bytes), true, nil,
				"1.000000000", "  n = uint 1", malformed(test.reason, len(first), len(test.bytes)))
		})
	}
}

// TestKeysCheckedForEverySelector: an event that cannot be trusted is found whatever is asked for.
func TestKeysCheckedForEverySelector(t *testing.T) {
	chunk := array(array(1, obj()), raw{0x81, 0x90, 1})
	for _, names := range [][]string{nil, {"body.a"}, {"metadata.a"}, {"group_body.a"}, {"body"}} {
		for _, leaves := range []bool{false, true} {
			check(t, chunk, leaves, names, malformed(BadKey, 0, len(chunk)))
		}
	}
}

// TestOtherValues: a value that is not an event is passed over if it ends where an event starts.
func TestOtherValues(t *testing.T) {
	metrics := obj("meta", obj("cmetrics", obj()), "metrics", array())
	check(t, metrics, true, nil, malformed(NotEvent, 0, len(metrics)))
	cut := metrics[:len(metrics)-1]
	check(t, cut, true, nil, malformed(Undecodable, 0, len(cut)))
	other := obj("a", 1)
	check(t, join(nil, other, plain(1)), true, nil, malformed(NotEvent, 0, len(other)), "1.000000000")
	check(t, obj(), true, nil, malformed(NotEvent, 0, 1))
}

func TestEmptyChunk(t *testing.T) {
	var r Reader
	var e Event
	for range 2 {
		if err := r.Next(&e); err != io.EOF {
			t.Fatalf("zero Reader: %v", err)
		}
	}
	for _, chunk := range [][]byte{nil, {}} {
		check(t, chunk, true, nil)
	}
	r.Reset(nil, nil)
	if err := r.Next(&e); err != io.EOF {
		t.Fatalf("Reset(nil, nil): %v", err)
	}
}

func TestMalformedError(t *testing.T) {
	var r Reader
	var e Event
	r.Reset(join(nil, plain(1), raw{0xc0}), NewSelector(nil, 0))
	if err := r.Next(&e); err != nil {
		t.Fatal(err)
	}
	err := r.Next(&e)
	var m *Malformed
	if !errors.As(err, &m) || m.Offset != len(plain(1)) || m.Size != 1 {
		t.Fatalf("got %#v", err)
	}
	if want := "not_an_event: 1 bytes at offset 14 of the chunk"; err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
}

// TestTruncated cuts captures, or the start of large ones, at each byte. The events before the cut are delivered, the
// rest is one Malformed, and then the chunk ends.
func TestTruncated(t *testing.T) {
	for _, name := range []string{
		"v1.9.10/access.mp", "v1.9.10/dummy.mp", "v2.2.3/cpu.mp", "v3.2.10/proc.mp",
		"v5.1.1/access.mp", "v5.1.1/dummy.mp", "v5.1.1/otlp_logs_with_groups.mp",
	} {
		t.Run(name, func(t *testing.T) {
			chunk := capture(t, name)
			chunk = chunk[:min(len(chunk), 2000)]
			boundary, before := 0, ""
			for cut := range len(chunk) {
				if skip(chunk[:cut], boundary) == cut {
					boundary, before = cut, dump(t, chunk[:cut], true, capturePaths...)
				}
				want := before
				if cut > boundary {
					want += lines(malformed(Undecodable, boundary, cut-boundary))
				}
				if got := dump(t, chunk[:cut], true, capturePaths...); got != want {
					t.Fatalf("cut at %d: got\n%swant\n%s", cut, got, want)
				}
			}
		})
	}
}

// TestJoined puts a whole chunk after one that was cut off, as Fluent Bit does when it appends to a file. The cut event
// includes bytes after the cut; if these are not valid, reading resumes at the next event, and the cut is reported. One
// event may be lost as the value of the last field.
func TestJoined(t *testing.T) {
	for _, name := range []string{"v5.1.1/cpu.mp", "v5.1.1/dummy.mp", "v5.1.1/proc.mp", "v1.9.10/dummy.mp"} {
		chunk := capture(t, name)
		whole := dump(t, chunk, true, capturePaths...)
		rest := dump(t, chunk[skip(chunk, 0):], true, capturePaths...)
		reported := 0
		for cut := range len(chunk) {
			joined := join(nil, raw(chunk), raw(chunk[:cut]), raw(chunk))
			got := dump(t, joined, true, capturePaths...)
			if !strings.HasPrefix(got, whole) {
				t.Fatalf("%s cut at %d: what is before the cut is not delivered:\n%s", name, cut, got)
			}
			if !strings.HasSuffix(got, rest) {
				t.Fatalf("%s cut at %d: what follows the event after the cut is not delivered:\n%s", name, cut, got)
			}
			if strings.Contains(got, " bytes\n") {
				reported++
			}
			readAll(t, joined, fuzzSelector)
		}
		if reported < len(chunk)*9/10 {
			t.Errorf("%s: %d of %d cuts reported", name, reported, len(chunk))
		}
	}
}

// TestGroupEndsWhereReadingResumes holds that an event inherits nothing from a group whose end may be lost.
func TestGroupEndsWhereReadingResumes(t *testing.T) {
	group := event(groupStartSeconds, obj("schema", "otlp"), obj("a", 1))
	good := plain(2, "n", 2)
	cut := good[:len(good)-3]
	bad := plain(1, raw{0x90}, 1)
	names := []string{"group_body.a"}
	check(t, join(nil, group, bad, good), false, names,
		malformed(BadKey, len(group), len(bad)), "2.000000000 grouped", "  $group_body.a = uint 1")
	check(t, join(nil, group, cut, good), false, names,
		malformed(Undecodable, len(group), len(cut)), "2.000000000")
}

// TestRereadingIsBounded reads a chunk that looks like the start of a large event everywhere.
func TestRereadingIsBounded(t *testing.T) {
	start := join(nil, plain(1)[:13], raw{0xdf, 0, 1, 0, 0})
	key := encode(string(start))
	chunk := start
	for len(chunk) < 100_000 {
		chunk = join(chunk, key, 1)
	}
	var r Reader
	var e Event
	r.Reset(chunk, NewSelector(nil, Numbers))
	for n := 0; ; n++ {
		if r.Next(&e) == io.EOF {
			break
		}
		if n > 2*maxReread {
			t.Fatalf("%d places were tried", n)
		}
	}
}

// TestGarbage reads bytes that make no sense. Nothing is expected of them but an end, and that every byte is accounted
// for.
func TestGarbage(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		chunk := make([]byte, random.IntN(200))
		for i := range chunk {
			chunk[i] = byte(random.Uint32())
		}
		readAll(t, chunk, fuzzSelector)
	}
}
