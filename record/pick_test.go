package record

import "testing"

func TestPick(t *testing.T) {
	s := NewSelector(paths("body.a", "body.b.c", "body.b.c", "metadata.a", "group_body.a"), Numbers)
	var e Event
	for _, header := range []raw{{0x82}, {0xde, 0, 2}, {0xdf, 0, 0, 0, 2}} {
		if !s.Pick(join(header, "a", 1, "b", obj("c", 2)), &e) {
			t.Fatalf("header %x: no map", []byte(header))
		}
		if a, c, again := e.Values[0].Uint(), e.Values[1].Uint(), e.Values[2].Uint(); a != 1 || c != 2 || again != 2 {
			t.Errorf("header %x: got %d, %d and %d", []byte(header), a, c, again)
		}
		if e.Values[3].Kind() != Missing || e.Values[4].Kind() != Missing || e.Grouped {
			t.Errorf("an element has metadata or a group")
		}
		if len(e.Leaves) != 2 || string(e.Leaves[1].Path) != "b.c" {
			t.Errorf("got %d leaves", len(e.Leaves))
		}
	}
	if !s.Pick(obj(), &e) || e.Values[0].Kind() != Missing || len(e.Leaves) != 0 {
		t.Errorf("an empty map holds what the last one held: %s", show(&e.Values[0]))
	}
}

// TestPickValues reads values that are not maps.
func TestPickValues(t *testing.T) {
	s := NewSelector([]Path{{}, {Steps: []Step{{IsIndex: true, Index: 1}}}}, 0)
	for _, test := range []struct {
		m           raw
		whole, part Kind
	}{
		{encode(7), Uint, Missing}, {encode("a"), String, Missing}, {raw{0xc0}, Nil, Missing}, {array(), Array, Missing},
		{array(1, "b"), Array, String}, {obj("a", 1), Map, Missing},
	} {
		var e Event
		if !s.Pick(test.m, &e) || e.Values[0].Kind() != test.whole || e.Values[1].Kind() != test.part {
			t.Errorf("%x: %v", []byte(test.m), e.Values)
		}
	}
}

func TestPickOfNoValue(t *testing.T) {
	s := NewSelector(paths("body.a"), 0)
	var e Event
	for _, m := range []raw{nil, {}, {0x91}, {0xd9, 5, 1}, {0x81}, {0x81, 0xa1, 'a'}, {0x81, 0x90, 1}, {0xc1}, {0xdf, 255, 255, 255, 255}} {
		if s.Pick(m, &e) {
			t.Errorf("%x is picked from", []byte(m))
		}
	}
}

// TestPickElements reads the maps of an array without allocating.
func TestPickElements(t *testing.T) {
	chunk := plain(1, "list", array(obj("n", 1), obj("n", 2), obj("n", 3)))
	list := NewSelector(paths("body.list"), 0)
	ofElement := NewSelector(paths("body.n"), 0)
	var r Reader
	var e, element Event
	sum := uint64(0)
	add := func(m []byte) bool {
		if ofElement.Pick(m, &element) {
			sum += element.Values[0].Uint()
		}
		return true
	}
	read := func() {
		sum = 0
		r.Reset(chunk, list)
		if err := r.Next(&e); err != nil {
			t.Fatal(err)
		}
		e.Values[0].Each(add)
	}
	if n := testing.AllocsPerRun(10, read); n != 0 || sum != 6 {
		t.Errorf("%v allocations, sum %d", n, sum)
	}
}
