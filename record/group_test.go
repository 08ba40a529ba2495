package record

import "testing"

var groupPaths = []string{"group_metadata.id", "group_body.scope.name", "metadata.id", "body.id"}

func start(id int) raw {
	return event(groupStartSeconds, obj("id", id), obj("scope", obj("name", "s")))
}

func end() raw { return event(groupEndSeconds, obj("id", 99), obj("scope", obj("name", "end"))) }

func TestGroups(t *testing.T) {
	one := event(1, obj("id", 11), obj("id", 12))
	alone := lines("1.000000000", "  $metadata.id = uint 11", "  $body.id = uint 12")
	in := func(id string) string {
		return lines("1.000000000 grouped", "  $group_metadata.id = uint "+id,
			"  $group_body.scope.name = string \"s\"", "  $metadata.id = uint 11", "  $body.id = uint 12")
	}
	tests := map[string]struct {
		chunk raw
		want  string
	}{
		"one group":               {join(nil, start(1), one, one, end()), in("1") + in("1")},
		"nothing in it":           {join(nil, start(1), end(), one), alone},
		"before and behind":       {join(nil, one, start(1), one, end(), one), alone + in("1") + alone},
		"two groups":              {join(nil, start(1), one, end(), start(2), one, end()), in("1") + in("2")},
		"start in a group":        {join(nil, start(1), one, start(2), one, end(), one), in("1") + in("2") + alone},
		"end without start":       {join(nil, end(), one), alone},
		"end twice":               {join(nil, start(1), end(), end(), one), alone},
		"start without end":       {join(nil, start(1), one), in("1")},
		"markers only":            {join(nil, start(1), end(), start(2)), ""},
		"start of ext8":           {join(nil, array(array(raw{0xc7, 8, 0, 255, 255, 255, 255, 0, 0, 0, 0}, obj("id", 1)), obj("scope", obj("name", "s"))), one), in("1")},
		"start without head":      {join(nil, array(eventTime(groupStartSeconds, 0), obj("scope", obj("name", "s"))), plain(1)), lines("1.000000000 grouped", "  $group_body.scope.name = string \"s\"")},
		"fields missing":          {join(nil, event(groupStartSeconds, obj(), obj()), plain(1), end()), lines("1.000000000 grouped")},
		"seconds below markers":   {join(nil, event(0xFFFFFFFD, obj(), obj("id", 1))), lines("4294967293.000000000", "  $body.id = uint 1")},
		"integer is not a marker": {join(nil, array(raw{0xce, 0xff, 0xff, 0xff, 0xff}, obj("id", 1))), lines("4294967295.000000000", "  $body.id = uint 1")},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := dump(t, test.chunk, false, groupPaths...); got != test.want {
				t.Errorf("got:\n%swant:\n%s", got, test.want)
			}
		})
	}
}

// TestBadMarker: events after a malformed marker must not inherit from the group before it.
func TestBadMarker(t *testing.T) {
	for name, marker := range map[string]raw{
		"start, body":     event(groupStartSeconds, obj("id", 2), array()),
		"start, metadata": event(groupStartSeconds, array(), obj()),
		"end, body":       event(groupEndSeconds, obj(), raw{0xc0}),
	} {
		t.Run(name, func(t *testing.T) {
			before := join(nil, start(1), plain(1))
			check(t, join(before, marker, plain(2)), false, groupPaths,
				"1.000000000 grouped", "  $group_metadata.id = uint 1", "  $group_body.scope.name = string \"s\"",
				malformed(BadRecord, len(before), len(marker)), "2.000000000")
		})
	}
}

// TestMarkerWithNanoseconds: a marker with nanoseconds is neither a marker nor a time, as in Fluent Bit: the group
// continues after it.
func TestMarkerWithNanoseconds(t *testing.T) {
	before := join(nil, start(1))
	marker := array(array(eventTime(groupEndSeconds, 1), obj()), obj())
	check(t, join(before, marker, plain(1)), false, groupPaths,
		malformed(BadTimestamp, len(before), len(marker)),
		"1.000000000 grouped", "  $group_metadata.id = uint 1", "  $group_body.scope.name = string \"s\"")
}

// TestGroupEndsWithChunk: a group does not reach into the next chunk, and Reset lets go of its values.
func TestGroupEndsWithChunk(t *testing.T) {
	s := NewSelector(paths(groupPaths...), 0)
	var r Reader
	var e Event
	r.Reset(join(nil, start(1), plain(1)), s)
	if err := r.Next(&e); err != nil || !e.Grouped {
		t.Fatalf("first chunk: %v, grouped %t", err, e.Grouped)
	}
	r.Reset(plain(2), s)
	if err := r.Next(&e); err != nil || e.Grouped || e.Values[0].Kind() != Missing {
		t.Fatalf("second chunk: %v, grouped %t, %s", err, e.Grouped, e.Values[0].Kind())
	}
	for i := range r.group.Values[:cap(r.group.Values)] {
		if r.group.Values[:cap(r.group.Values)][i].raw != nil {
			t.Errorf("value %d of the group still borrows the chunk", i)
		}
	}
}

// TestGroupLeaves: the fields of a marker are not leaves of an event.
func TestGroupLeaves(t *testing.T) {
	chunk := join(nil, event(groupStartSeconds, obj("a", 1), obj("b", 2)), plain(1, "c", 3), end())
	check(t, chunk, true, nil, "1.000000000 grouped", "  c = uint 3")
}
