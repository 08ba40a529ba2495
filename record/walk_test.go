package record

import (
	"encoding/binary"
	"strings"
	"testing"
)

// TestValues reads {"v": value} for every encoding of a value.
func TestValues(t *testing.T) {
	long := strings.Repeat("x", 40)
	tests := map[string]struct {
		value raw
		want  string
	}{
		"nil":              {raw{0xc0}, "nil"},
		"false":            {raw{0xc2}, "bool false"},
		"true":             {raw{0xc3}, "bool true"},
		"fixint 0":         {raw{0}, "uint 0"},
		"fixint 127":       {raw{0x7f}, "uint 127"},
		"fixint -1":        {raw{0xff}, "int -1"},
		"fixint -32":       {raw{0xe0}, "int -32"},
		"uint8":            {raw{0xcc, 0xff}, "uint 255"},
		"uint16":           {raw{0xcd, 0xff, 0xfe}, "uint 65534"},
		"uint32":           {raw{0xce, 0xff, 0xff, 0xff, 0xfe}, "uint 4294967294"},
		"uint64":           {raw{0xcf, 255, 255, 255, 255, 255, 255, 255, 255}, "uint 18446744073709551615"},
		"int8":             {raw{0xd0, 0x80}, "int -128"},
		"int8, positive":   {raw{0xd0, 0x7f}, "int 127"},
		"int16":            {raw{0xd1, 0x80, 0}, "int -32768"},
		"int16, positive":  {raw{0xd1, 0x7f, 0xff}, "int 32767"},
		"int32":            {raw{0xd2, 0x80, 0, 0, 0}, "int -2147483648"},
		"int32, positive":  {raw{0xd2, 0x7f, 255, 255, 255}, "int 2147483647"},
		"int64":            {raw{0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0}, "int -9223372036854775808"},
		"int64, positive":  {raw{0xd3, 0x7f, 255, 255, 255, 255, 255, 255, 255}, "int 9223372036854775807"},
		"float32":          {raw{0xca, 0x3f, 0xc0, 0, 0}, "float 1.5"},
		"float32 NaN":      {raw{0xca, 0x7f, 0xc0, 0, 0}, "float NaN"},
		"float64":          {raw{0xcb, 0xbf, 0xf8, 0, 0, 0, 0, 0, 0}, "float -1.5"},
		"float64 -Inf":     {raw{0xcb, 0xff, 0xf0, 0, 0, 0, 0, 0, 0}, "float -Inf"},
		"fixstr, empty":    {raw{0xa0}, `string ""`},
		"fixstr":           {raw("\xa3abc"), `string "abc"`},
		"fixstr of 31":     {raw("\xbf" + long[:31]), `string "` + long[:31] + `"`},
		"str8":             {raw("\xd9\x28" + long), `string "` + long + `"`},
		"str8, empty":      {raw{0xd9, 0}, `string ""`},
		"str16":            {raw("\xda\x00\x28" + long), `string "` + long + `"`},
		"str32":            {raw("\xdb\x00\x00\x00\x28" + long), `string "` + long + `"`},
		"str, no UTF-8":    {raw("\xa2\xff\xc1"), `string "\xff\xc1"`},
		"bin8":             {raw{0xc4, 2, 1, 2}, "binary 0102"},
		"bin16":            {raw{0xc5, 0, 2, 1, 2}, "binary 0102"},
		"bin32":            {raw{0xc6, 0, 0, 0, 2, 1, 2}, "binary 0102"},
		"bin8, empty":      {raw{0xc4, 0}, "binary"},
		"fixext1":          {raw{0xd4, 9, 1}, "extension 01"},
		"fixext2":          {raw{0xd5, 9, 1, 2}, "extension 0102"},
		"fixext4":          {raw{0xd6, 9, 1, 2, 3, 4}, "extension 01020304"},
		"fixext8":          {raw{0xd7, 0, 1, 2, 3, 4, 5, 6, 7, 8}, "extension 0102030405060708"},
		"fixext16":         {append(raw{0xd8, 9}, long[:16]...), "extension " + strings.Repeat("78", 16)},
		"ext8":             {raw{0xc7, 2, 9, 1, 2}, "extension 0102"},
		"ext8, empty":      {raw{0xc7, 0, 9}, "extension"},
		"ext16":            {raw{0xc8, 0, 2, 9, 1, 2}, "extension 0102"},
		"ext32":            {raw{0xc9, 0, 0, 0, 2, 9, 1, 2}, "extension 0102"},
		"fixarray":         {raw{0x92, 1, 2}, "array [1,2]"},
		"fixarray, empty":  {raw{0x90}, "array []"},
		"array16":          {raw{0xdc, 0, 2, 1, 2}, "array [1,2]"},
		"array32":          {raw{0xdd, 0, 0, 0, 2, 1, 2}, "array [1,2]"},
		"fixmap":           {raw{0x81, 0xa1, 'a', 2}, `map {"a":2}`},
		"fixmap, empty":    {raw{0x80}, "map {}"},
		"map16":            {raw{0xde, 0, 1, 0xa1, 'a', 2}, `map {"a":2}`},
		"map32":            {raw{0xdf, 0, 0, 0, 1, 0xa1, 'a', 2}, `map {"a":2}`},
		"arrays in arrays": {array(array(array(1), array()), obj("a", array(2))), `array [[[1],[]],{"a":[2]}]`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			want := []string{"1.000000000", "  $body.v = " + test.want, "  $body.after = uint 1"}
			check(t, plain(1, "v", test.value, "after", 1), false, []string{"body.v", "body.after"}, want...)
			// A value that is passed over ends where the same value that is wanted ends.
			check(t, plain(1, "v", test.value, "after", 1), false, []string{"body.after"},
				"1.000000000", "  $body.after = uint 1")
			// The last value of a chunk may be cut anywhere.
			chunk := plain(1, "v", test.value)
			for cut := len(chunk) - len(test.value); cut < len(chunk); cut++ {
				check(t, chunk[:cut], true, []string{"body.v"}, malformed(Undecodable, 0, cut))
			}
		})
	}
}

// TestKeys reads {key: 7} for every encoding of a key.
func TestKeys(t *testing.T) {
	sized := func(lead byte, width int, key string) raw {
		n := binary.BigEndian.AppendUint32(nil, uint32(len(key)))
		return append(append(raw{lead}, n[4-width:]...), key...)
	}
	long := strings.Repeat("k", 300)
	for _, test := range []struct {
		name, key string
		encoded   raw
	}{
		{"fixstr", "key", raw("\xa3key")},
		{"fixstr of 31", long[:31], raw("\xbf" + long[:31])},
		{"fixstr, empty", "", raw{0xa0}},
		{"str8", "key", sized(0xd9, 1, "key")},
		{"str8 of 255", long[:255], sized(0xd9, 1, long[:255])},
		{"str16", "key", sized(0xda, 2, "key")},
		{"str16 of 300", long, sized(0xda, 2, long)},
		{"str32", "key", sized(0xdb, 4, "key")},
		{"bin8", "key", sized(0xc4, 1, "key")},
		{"bin16", "key", sized(0xc5, 2, "key")},
		{"bin32", "key", sized(0xc6, 4, "key")},
		{"bin8, empty", "", sized(0xc4, 1, "")},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := NewSelector([]Path{{Steps: []Step{{Key: test.key}}}, {Steps: []Step{{Key: "other"}}}}, Numbers)
			var r Reader
			var e Event
			r.Reset(plain(1, test.encoded, 7, "other", 8), s)
			if err := r.Next(&e); err != nil {
				t.Fatal(err)
			}
			if got := e.Values[0].Uint() + e.Values[1].Uint(); got != 15 {
				t.Errorf("values: got %s and %s", show(&e.Values[0]), show(&e.Values[1]))
			}
			if len(e.Leaves) != 2 || string(e.Leaves[0].Path) != test.key || cap(e.Leaves[0].Path) != len(test.key) {
				t.Errorf("got %d leaves, the first %q", len(e.Leaves), e.Leaves[0].Path)
			}
		})
	}
}

// TestKeysOfOtherKinds: a key that is not a string does not name a field, and is skipped with its value.
func TestKeysOfOtherKinds(t *testing.T) {
	for _, key := range []raw{
		{0xc0}, {0xc2}, {0xc3}, {5}, {0xff}, {0xcc, 5}, {0xd1, 0, 5}, encode(1.5),
		eventTime(1, 2), {0xc7, 3, 9, 1, 2, 3}, {0xd4, 9, 1},
	} {
		chunk := event(1, obj(key, 5, "m", 6), obj(key, obj("n", 1), key, 2, "n", 3, "in", obj(key, 4, "x", 5)))
		check(t, chunk, true, []string{"metadata.m", "body.n", "body.in.x"},
			"1.000000000", "  $metadata.m = uint 6", "  $body.n = uint 3", "  $body.in.x = uint 5",
			"  n = uint 3", "  in.x = uint 5")
	}
}

// TestPaths reads one record with many selectors.
func TestPaths(t *testing.T) {
	chunk := event(1,
		obj("a", 1, "b", obj("c", 2)),
		obj("a", 3, "b", obj("c", 4, "d", obj("e", 5), "f", 6), "list", array(7, array(8, 9), obj("c", 10)),
			"text", "t", "null", raw{0xc0}, "", 11, "last", true))
	tests := []struct {
		path string
		want string
	}{
		{"body.a", "uint 3"},
		{"body.b.c", "uint 4"},
		{"body.b.d.e", "uint 5"},
		{"body.b.d", `map {"e":5}`},
		{"body.list", `array [7,[8,9],{"c":10}]`},
		{"body.list[0]", "uint 7"},
		{"body.list[1]", "array [8,9]"},
		{"body.list[1][1]", "uint 9"},
		{"body.list[2].c", "uint 10"},
		{"body.null", "nil"},
		{"body.last", "bool true"},
		{"metadata.a", "uint 1"},
		{"metadata.b.c", "uint 2"},
		{"metadata", `map {"a":1,"b":{"c":2}}`},
		{"body.missing", ""},
		{"body.B", ""},
		{"body.a.c", ""},
		{"body.a[0]", ""},
		{"body.b[0]", ""},
		{"body.b.missing", ""},
		{"body.b.c.d", ""},
		{"body.list[3]", ""},
		{"body.list[-1]", ""},
		{"body.list.c", ""},
		{"body.list[0].c", ""},
		{"body.list[2][0]", ""},
		{"body.text.t", ""},
		{"body.text[0]", ""},
		{"body.null.a", ""},
		{"body.e", ""},
		{"metadata.list", ""},
		{"group_metadata.a", ""},
		{"group_body.a", ""},
		{"group_body", ""},
	}
	var all []string
	want := []string{"1.000000000"}
	for _, test := range tests {
		line := "  $" + test.path + " = " + test.want
		if test.want == "" {
			check(t, chunk, false, []string{test.path}, "1.000000000")
		} else {
			check(t, chunk, false, []string{test.path}, "1.000000000", line)
			want = append(want, line)
		}
		all = append(all, test.path)
	}
	check(t, chunk, false, all, want...)
	check(t, chunk, true, all, append(want, "  a = uint 3", "  b.c = uint 4", "  b.d.e = uint 5",
		"  b.f = uint 6", "   = uint 11", "  last = bool true")...)
}

// TestPathTwice: the same path may be asked for several times.
func TestPathTwice(t *testing.T) {
	chunk := join(nil, start(7), event(1, obj(), obj("a", obj("b", 1))), end(), plain(2))
	check(t, chunk, false, []string{"body.a.b", "body.a.b", "body.a", "body.a", "group_metadata.id", "group_metadata.id"},
		"1.000000000 grouped", "  $body.a.b = uint 1", "  $body.a.b = uint 1", `  $body.a = map {"b":1}`,
		`  $body.a = map {"b":1}`, "  $group_metadata.id = uint 7", "  $group_metadata.id = uint 7", "2.000000000")
}

// TestKeyTwice: if a key appears twice in a map, only the last one counts, with everything below it.
func TestKeyTwice(t *testing.T) {
	names := []string{"body.a", "body.a.b", "body.a.c", "body.a.list[0]", "body.a.list[1]"}
	for _, leaves := range []bool{false, true} {
		for _, test := range []struct {
			body raw
			want []string
		}{
			{obj("a", 1, "a", 2), []string{"  $body.a = uint 2"}},
			{obj("a", obj("b", "w"), "x", raw{0xc0}, "a", obj("c", raw{0xc0})),
				[]string{`  $body.a = map {"c":null}`, "  $body.a.c = nil"}},
			{obj("a", obj("b", raw{0xc0}, "b", "z")), []string{`  $body.a = map {"b":null,"b":"z"}`, `  $body.a.b = string "z"`}},
			{obj("a", obj("b", "y"), "a", "x"), []string{`  $body.a = string "x"`}},
			{obj("a", "x", "a", obj("b", "y")), []string{`  $body.a = map {"b":"y"}`, `  $body.a.b = string "y"`}},
			{obj("a", obj("list", array("p", "q"), "list", array("r"))),
				[]string{`  $body.a = map {"list":["p","q"],"list":["r"]}`, `  $body.a.list[0] = string "r"`}},
		} {
			want := append([]string{"1.000000000"}, test.want...)
			if leaves && test.want[0] == "  $body.a = uint 2" {
				want = append(want, "  a = uint 1", "  a = uint 2")
			}
			check(t, event(1, obj(), test.body), leaves, names, want...)
		}
	}
}

// TestManyKeys: a selector of many paths finds each of them, and no other.
func TestManyKeys(t *testing.T) {
	var names []string
	var pairs []any
	want := []string{"1.000000000"}
	for a := 'a'; a <= 'z'; a++ {
		for _, b := range "ab123" {
			name := string(a) + string(b)
			pairs = append(pairs, name, string(b), name+"x", 1, name[:1], 2)
			names = append(names, "body."+name)
			want = append(want, "  $body."+name+` = string "`+string(b)+`"`)
		}
	}
	check(t, plain(1, pairs...), false, names, want...)
}

// TestValuesReset: an event that is read into again keeps nothing of the last one.
func TestValuesReset(t *testing.T) {
	chunk := join(nil, event(1, obj("m", 1), obj("a", 2, "b", obj("c", 3))), plain(2), array(3, obj("a", 4)))
	check(t, chunk, false, []string{"metadata.m", "body.a", "body.b.c", "body.b"},
		"1.000000000", "  $metadata.m = uint 1", "  $body.a = uint 2", "  $body.b.c = uint 3", `  $body.b = map {"c":3}`,
		"2.000000000", "3.000000000", "  $body.a = uint 4")
}
