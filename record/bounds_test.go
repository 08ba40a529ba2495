package record

import (
	"testing"
)

// TestDeepNesting: 100,000 levels cost neither stack nor patience.
func TestDeepNesting(t *testing.T) {
	const levels = 100_000
	arrays, maps := nest(levels, "\x91", 1), nest(levels, "\x81\xa1a", 1)
	keys := nest(levels, "\x81", 1)
	for name, value := range map[string]raw{"arrays": arrays, "maps": maps} {
		chunk := join(nil, plain(1, "a", value, "n", 2), plain(2))
		want := []string{"1.000000000", "  $body.n = uint 2", "  n = uint 2"}
		if name == "maps" {
			want = append(want, "  1 unlisted")
		}
		check(t, chunk, true, []string{"body.n", "body.a.a.a.x", "body.a[0][0][0].x"}, append(want, "2.000000000")...)
		check(t, value, true, nil, malformed(NotEvent, 0, len(value)))
		cut := value[:len(value)-1]
		check(t, cut, true, nil, malformed(Undecodable, 0, len(cut)))
		bad := array(array(1, value), obj())
		reason := BadRecord
		if name == "maps" {
			check(t, bad, true, nil, "1.000000000")
			continue
		}
		check(t, bad, true, nil, malformed(reason, 0, len(bad)))
	}
	check(t, keys, true, nil, malformed(Undecodable, 0, len(keys)))
	nested := plain(1, keys, 1)
	check(t, nested, true, nil, malformed(Undecodable, 0, len(nested)))
}

// TestHugeClaims: a header may claim 4 G elements or bytes, which must not cost time or memory.
func TestHugeClaims(t *testing.T) {
	claim := func(lead byte) raw { return raw{lead, 0xff, 0xff, 0xff, 0xff} }
	head := raw{0x92, 0x92, 0xd7, 0, 0, 0, 0, 1, 0, 0, 0, 0}
	body := join(head, obj())
	field := join(body, raw{0x81, 0xa1, 'a'})
	for name, lead := range map[string]byte{
		"array32": 0xdd, "map32": 0xdf, "str32": 0xdb, "bin32": 0xc6, "ext32": 0xc9,
	} {
		t.Run(name, func(t *testing.T) {
			for _, before := range []raw{{}, {0x92}, {0x92, 0x92}, head, body, field, join(body, raw{0x81}),
				join(field, raw{0x92}), join(field, raw{0x81, 0xa1, 'b'})} {
				chunk := join(nil, before, claim(lead))
				check(t, chunk, true, []string{"body.a", "body.a[0]", "body.a.b", "metadata.m", "metadata"},
					malformed(Undecodable, 0, len(chunk)))
				rest := append(chunk, make([]byte, 1<<20)...)
				readAll(t, rest, fuzzSelector)
			}
		})
	}
}

// TestClaimsAddUp: many headers that each claim a lot must not make a sum that wraps around.
func TestClaimsAddUp(t *testing.T) {
	for _, header := range []raw{{0xdf, 0x7f, 0xff, 0xff, 0xff}, {0xdf, 0x80, 0, 0, 0}, {0xdd, 0xff, 0xff, 0xff, 0xff}, {0xdf, 0, 1, 0, 0}, {0x8f}} {
		chunk := nest(1<<16, string(header), 1)
		if got := skip(chunk, 0); got != bad {
			t.Errorf("%x: skip ends at %d", []byte(header), got)
		}
		check(t, chunk, true, nil, malformed(Undecodable, 0, len(chunk)))
	}
}
