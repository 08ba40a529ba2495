package record

import (
	"fmt"
	"io"
	"strings"
	"testing"
)

// TestLeaves: numbers and booleans of the body are leaves, in the order of the bytes. Nothing else is.
func TestLeaves(t *testing.T) {
	chunk := event(1, obj("m", 1), obj(
		"i", -1, "u", uint(2), "f", 1.5, "t", true, "F", false,
		"nil", raw{0xc0}, "s", "5", "b", []byte{5}, "ext", eventTime(1, 1), "list", array(1, obj("a", 1)),
		"empty", obj(), "map", obj("a", 1, "", 2, "map", obj("b.c", 3, "s", "x"), "d", 4), "z", 9))
	check(t, chunk, true, nil, "1.000000000",
		"  i = int -1", "  u = uint 2", "  f = float 1.5", "  t = bool true", "  F = bool false",
		"  map.a = uint 1", "  map. = uint 2", "  map.map.b.c = uint 3", "  map.d = uint 4", "  z = uint 9")
}

// TestEmptyKeys: a key without a name still takes its place in a path.
func TestEmptyKeys(t *testing.T) {
	chunk := plain(1, "", obj("", obj("", 1, "a", 2), "b", 3), "c", 4)
	check(t, chunk, true, nil, "1.000000000", "  .. = uint 1", "  ..a = uint 2", "  .b = uint 3", "  c = uint 4")
}

// TestMaxDepth: leaves are listed down to MaxDepth, and a map below it counts as one field. A path reaches it all the
// same.
func TestMaxDepth(t *testing.T) {
	for levels := MaxDepth - 2; levels < MaxDepth+3; levels++ {
		names := strings.Repeat(".a", levels-1)
		want := []string{"1.000000000", "  $body" + names + ".n = uint 7"}
		if levels <= MaxDepth {
			want = append(want, "  "+names[1:]+".n = uint 7", "  z = uint 8")
		} else {
			want = append(want, "  z = uint 8", "  1 unlisted")
		}
		body := nest(levels-1, "\x81\xa1a", obj("n", 7))
		body = append(append(raw{0x82}, body[1:]...), "\xa1z"...)
		check(t, event(1, obj(), join(body, 8)), true, []string{"body" + names + ".n"}, want...)
	}
}

// TestMaxLeafPath: the bound is on the path, dots included.
func TestMaxLeafPath(t *testing.T) {
	for n := MaxLeafPath - 4; n < MaxLeafPath+3; n++ {
		long := strings.Repeat("k", n)
		fits := func(path string) string {
			if len(path) <= MaxLeafPath {
				return "  " + path + " = uint 1"
			}
			return "  1 unlisted"
		}
		check(t, plain(1, long, 1), true, nil, "1.000000000", fits(long))
		check(t, plain(1, long, obj("a", 1)), true, nil, "1.000000000", fits(long+".a"))
		check(t, plain(1, "a", obj(long, 1)), true, nil, "1.000000000", fits("a."+long))
		check(t, plain(1, "a", obj("b", obj(long, 1))), true, nil, "1.000000000", fits("a.b."+long))
		check(t, plain(1, long, 1), false, []string{"body." + long}, "1.000000000", "  $body."+long+" = uint 1")
	}
}

// TestMaxLeaves: fields beyond the bound are counted, and paths still find their values.
func TestMaxLeaves(t *testing.T) {
	var pairs []any
	for i := range MaxLeaves + 5 {
		pairs = append(pairs, fmt.Sprint(i), i)
	}
	pairs = append(pairs, "last", obj("n", 1, "s", "t"))
	var r Reader
	var e Event
	r.Reset(plain(1, pairs...), NewSelector(paths("body.last.n"), Numbers))
	if err := r.Next(&e); err != nil {
		t.Fatal(err)
	}
	if len(e.Leaves) != MaxLeaves || e.Unlisted != 6 || e.Values[0].Uint() != 1 {
		t.Errorf("got %d leaves, %d unlisted, %s", len(e.Leaves), e.Unlisted, show(&e.Values[0]))
	}
}

// TestPathMemory: the memory for paths of leaves is bounded by the leaves, whatever maps are between them.
func TestPathMemory(t *testing.T) {
	long := strings.Repeat("k", 900)
	deep := nest(25, "\x81\xa1a", obj())
	var pairs []any
	for i := range 1000 {
		pairs = append(pairs, fmt.Sprint(i), deep)
	}
	var r Reader
	var e Event
	r.Reset(plain(1, long, obj(append(pairs, "n", 1)...)), NewSelector(nil, Numbers))
	if err := r.Next(&e); err != nil {
		t.Fatal(err)
	}
	if len(e.Leaves) != 1 || string(e.Leaves[0].Path) != long+".n" || cap(e.paths) > 2*MaxLeafPath {
		t.Errorf("got %d leaves, %d bytes of paths", len(e.Leaves), cap(e.paths))
	}
}

// TestLeavesKeepTheirPaths: paths stay as they are while their buffer grows, and nobody can write from one into the
// next.
func TestLeavesKeepTheirPaths(t *testing.T) {
	var pairs []any
	for i := range 500 {
		pairs = append(pairs, fmt.Sprint("key", i), obj("n", i))
	}
	var r Reader
	var e Event
	r.Reset(plain(1, pairs...), NewSelector(nil, Numbers))
	if err := r.Next(&e); err != nil {
		t.Fatal(err)
	}
	for i, leaf := range e.Leaves {
		f, _ := leaf.Value.Float()
		if want := fmt.Sprintf("key%d.n", i); string(leaf.Path) != want || f != float64(i) {
			t.Fatalf("leaf %d: got %s = %s", i, leaf.Path, show(&leaf.Value))
		}
		if cap(leaf.Path) != len(leaf.Path) {
			t.Fatalf("leaf %d: room for %d bytes after the path", i, cap(leaf.Path)-len(leaf.Path))
		}
	}
}

// TestReleased: an event that is let go of points nowhere into the chunk.
func TestReleased(t *testing.T) {
	var r Reader
	var e Event
	r.Reset(join(nil, plain(1, "a", 1, "b", 2, "c", "text"), plain(2)), NewSelector(paths("body.a", "body.c"), Numbers))
	for r.Next(&e) != io.EOF {
	}
	e.Release()
	for _, v := range e.Values[:cap(e.Values)] {
		if v.raw != nil {
			t.Errorf("a value still borrows the chunk")
		}
	}
	for _, leaf := range e.Leaves[:cap(e.Leaves)] {
		if leaf.Path != nil || leaf.Value.raw != nil {
			t.Errorf("a leaf still borrows the chunk")
		}
	}
	if len(e.Values) != 0 || len(e.Leaves) != 0 {
		t.Errorf("a released event has %d values and %d leaves", len(e.Values), len(e.Leaves))
	}
}
