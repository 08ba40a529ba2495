package record

import (
	"bytes"
	"errors"
	"io"
	"math"
	"runtime/debug"
	"slices"
	"testing"
	"unsafe"

	"github.com/tinylib/msgp/msgp"
)

// fuzzSelector asks for values everywhere.
var fuzzSelector = NewSelector(paths(
	"body", "body.a", "body.a.b", "body.a.b", "body.a[0]", "body.a[1].b", "body.status", "body.nested.list[2].c",
	"metadata", "metadata.otlp.severity_text", "metadata.a", "group_metadata", "group_metadata.schema",
	"group_body.scope.name", "group_body.resource.attributes.service~name", "group_body.a[1]",
), Numbers)

// otherSelector asks for little of the same.
var otherSelector = NewSelector(paths("body.a", "metadata.a", "group_body.a"), 0)

// readAll reads chunk to its end and checks what holds for any bytes. It returns the times of the events and whether
// bytes were found that cannot be trusted.
func readAll(t testing.TB, chunk []byte, s *Selector) (times []int64, undecodable bool) {
	t.Helper()
	var r Reader
	var e Event
	r.Reset(chunk, s)
	consumed := 0
	for {
		before := r.at
		err := r.Next(&e)
		consumed += r.at - before
		var m *Malformed
		switch {
		case err == io.EOF:
			if consumed != len(chunk) || r.Next(&e) != io.EOF {
				t.Fatalf("the chunk ends at %d of %d bytes", consumed, len(chunk))
			}
			return times, undecodable
		case r.at <= before:
			t.Fatalf("Next stays at %d", before)
		case errors.As(err, &m):
			if m.Offset < before || m.Size <= 0 || m.Offset+m.Size != r.at {
				t.Fatalf("%v, read from %d to %d", m, before, r.at)
			}
			undecodable = undecodable || m.Reason == Undecodable || m.Reason == BadKey
		case err != nil:
			t.Fatalf("Next: %v", err)
		default:
			times = append(times, e.Time)
			checkEvent(t, chunk, &e, s)
		}
	}
}

// checkEvent checks that an event borrows from nowhere but the chunk, and that its values can be asked for anything.
func checkEvent(t testing.TB, chunk []byte, e *Event, s *Selector) {
	t.Helper()
	if len(e.Values) != s.slots || len(e.Leaves) > MaxLeaves {
		t.Fatalf("%d values, %d leaves", len(e.Values), len(e.Leaves))
	}
	for i := range e.Values {
		checkValue(t, chunk, &e.Values[i])
	}
	for i := range e.Leaves {
		checkValue(t, chunk, &e.Leaves[i].Value)
		if _, ok := e.Leaves[i].Value.Float(); !ok || len(e.Leaves[i].Path) > MaxLeafPath {
			t.Fatalf("leaf %q = %s", e.Leaves[i].Path, show(&e.Leaves[i].Value))
		}
		if path := e.Leaves[i].Path; cap(path) != len(path) {
			t.Fatalf("leaf %q reaches %d bytes beyond its end", path, cap(path)-len(path))
		}
	}
}

func checkValue(t testing.TB, chunk []byte, v *Value) {
	t.Helper()
	if v.Kind() == Missing {
		return
	}
	if !within(chunk, v.raw) || cap(v.raw) != len(v.raw) {
		t.Fatalf("%s %x is not within the chunk", v.Kind(), v.raw)
	}
	float, _ := v.Float()
	if n := v.Int(); n != 0 && float64(n) != float {
		t.Fatalf("int %d, float %v", n, float)
	}
	if n := v.Uint(); n != 0 && float64(n) != float {
		t.Fatalf("uint %d, float %v", n, float)
	}
	if v.Bool() && float != 1 {
		t.Fatalf("true, float %v", float)
	}
	v.Each(func(element []byte) bool {
		if !within(v.raw, element) || skip(element, 0) != len(element) {
			t.Fatalf("element %x of %x", element, v.raw)
		}
		return true
	})
}

// within reports whether part lies in whole, by address.
func within(whole, part []byte) bool {
	from, to := uintptr(unsafe.Pointer(unsafe.SliceData(whole))), uintptr(len(whole))
	at := uintptr(unsafe.Pointer(unsafe.SliceData(part)))
	return at >= from && at-from <= to && uintptr(len(part)) <= to-(at-from)
}

// seeds adds every capture, the events of the small ones, and pieces of them.
func seeds(f *testing.F) {
	for _, name := range captures(f, "*/*") {
		chunk := capture(f, name)
		f.Add(chunk[:min(len(chunk), 600)])
		f.Add(chunk[:len(chunk)*2/3%600])
	}
	f.Add([]byte(join(nil, start(1), plain(1, "a", obj("b", 1)), plain(2, "a", array(1, obj("b", 2))), end(), raw{0xc0}, plain(3))))
	f.Add([]byte(join(nil, obj("meta", obj(), "metrics", array()))))
	f.Add([]byte{0xdd, 0xff, 0xff, 0xff, 0xff})
	f.Add([]byte{})
}

const guardSize = 1 << 20

// FuzzReader: no bytes make the Reader panic, loop, lose count of them, or read past their end.
func FuzzReader(f *testing.F) {
	seeds(f)
	g := newGuard(f, guardSize)
	f.Fuzz(func(t *testing.T, chunk []byte) {
		if len(chunk) > guardSize {
			t.Skip()
		}
		defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
		g.with(chunk, func(chunk []byte) {
			times, undecodable := readAll(t, chunk, fuzzSelector)
			others, _ := readAll(t, chunk, otherSelector)
			// The keys below the top are checked where they are looked at, so that a Selector which looks at less may
			// take an event for good.
			if !undecodable && !slices.Equal(times, others) {
				t.Fatalf("events at %d, at %d with another selector", times, others)
			}
		})
	})
}

// FuzzBadKey holds that a record costs itself only, whatever it has as a key and as a value.
func FuzzBadKey(f *testing.F) {
	f.Add([]byte{0x90}, []byte("text"))
	f.Add([]byte{0x81, 0xa1, 'a', 1}, []byte(plain(1)))
	f.Fuzz(func(t *testing.T, key, text []byte) {
		c := lead(key, 0)
		if skip(key, 0) != len(key) || !isMap(c) && !isArray(c) || findEvent(join(nil, raw(key), string(text)), 0, len(key)+len(text)+5) >= 0 {
			return
		}
		first, bad, last := plain(1, "n", 1), plain(2, "a", 1, raw(key), string(text)), plain(3, "n", 3)
		check(t, join(nil, first, bad, last), false, nil,
			"1.000000000", malformed(BadKey, len(first), len(bad)), "3.000000000")
	})
}

// FuzzSkip compares the ends of values with those that msgp finds. msgp gives up on more than 100,000 levels, where
// skip continues.
func FuzzSkip(f *testing.F) {
	seeds(f)
	g := newGuard(f, guardSize)
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > guardSize {
			t.Skip()
		}
		defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
		g.with(b, func(b []byte) {
			rest, err := msgp.Skip(b)
			if errors.Is(err, msgp.ErrRecursion) {
				return
			}
			want := len(b) - len(rest)
			if err != nil {
				want = bad
			}
			if got := skip(b, 0); got != want {
				t.Fatalf("skip(%x) = %d, msgp.Skip %d, %v", b, got, want, err)
			}
			var v Value
			if got := decode(b, 0, &v); got != want {
				t.Fatalf("decode(%x) = %d, msgp.Skip %d, %v", b, got, want, err)
			}
		})
	})
}

// FuzzDecode compares scalars with what msgp reads.
func FuzzDecode(f *testing.F) {
	for _, name := range captures(f, "*/*") {
		chunk := capture(f, name)
		for i := 0; i < min(len(chunk), 600); i += 7 {
			f.Add(chunk[i:min(len(chunk), i+40)])
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var v Value
		next := decode(b, 0, &v)
		if next < 0 || v.Kind() == Array || v.Kind() == Map || v.Kind() == Extension {
			return
		}
		want, rest, err := msgp.ReadIntfBytes(b)
		if err != nil || len(b)-len(rest) != next {
			t.Fatalf("decode(%x) = %d, msgp reads %d bytes, %v", b, next, len(b)-len(rest), err)
		}
		if !same(&v, want) {
			t.Fatalf("decode(%x): %s, msgp %T %v", b, show(&v), want, want)
		}
	})
}

// same compares a value with what msgp makes of the same bytes. msgp reads any integer that fits as an int64.
func same(v *Value, want any) bool {
	float, isFloat := v.Float()
	switch want := want.(type) {
	case nil:
		return v.Kind() == Nil
	case bool:
		return v.Kind() == Bool && v.Bool() == want
	case int64:
		return v.Kind() == Int && v.Int() == want || v.Kind() == Uint && want >= 0 && v.Uint() == uint64(want)
	case uint64:
		return v.Kind() == Uint && v.Uint() == want
	case float32:
		return v.Kind() == Float && isFloat && sameFloat(float, float64(want))
	case float64:
		return v.Kind() == Float && isFloat && sameFloat(float, want)
	case string:
		return v.Kind() == String && string(v.Bytes()) == want
	case []byte:
		return v.Kind() == Binary && bytes.Equal(v.Bytes(), want)
	}
	return false
}

func sameFloat(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }
