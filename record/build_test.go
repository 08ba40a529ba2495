package record

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tinylib/msgp/msgp"
)

// raw is msgpack that is used as it is.
type raw []byte

// encode encodes Go values as msgpack: a raw as it is, everything else with msgp.
func encode(v any) []byte {
	if b, ok := v.(raw); ok {
		return b
	}
	b, err := msgp.AppendIntf(nil, v)
	if err != nil {
		panic(err)
	}
	return b
}

// array builds an array, and obj a map of keys and values that alternate.
func array(elements ...any) raw {
	return join(raw(msgp.AppendArrayHeader(nil, uint32(len(elements)))), elements...)
}

func obj(pairs ...any) raw {
	return join(raw(msgp.AppendMapHeader(nil, uint32(len(pairs)/2))), pairs...)
}

// join appends the encodings of values to b.
func join(b raw, values ...any) raw {
	for _, v := range values {
		b = append(b, encode(v)...)
	}
	return b
}

// event builds an event as every Fluent Bit since 2.1 does.
func event(seconds uint32, metadata, body raw) raw {
	return array(array(eventTime(seconds, 0), metadata), body)
}

// plain builds an event with a body and no metadata.
func plain(seconds uint32, pairs ...any) raw { return event(seconds, obj(), obj(pairs...)) }

func eventTime(seconds, nanos uint32) raw {
	b := raw{0xd7, 0}
	b = binary.BigEndian.AppendUint32(b, seconds)
	return binary.BigEndian.AppendUint32(b, nanos)
}

// nest puts n levels of prefix around a value.
func nest(n int, prefix string, value any) raw {
	return append(bytes.Repeat([]byte(prefix), n), encode(value)...)
}

// path parses a path such as "body.a.b" or "group_metadata.list[2].c". A ~ represents a dot in a key.
func path(s string) Path {
	var p Path
	root, rest, _ := strings.Cut(s, ".")
	for root != rootNames[p.Root] {
		p.Root++
	}
	for _, part := range strings.FieldsFunc(rest, func(c rune) bool { return c == '.' || c == ']' }) {
		name, index, indexed := strings.Cut(part, "[")
		if name != "" {
			p.Steps = append(p.Steps, Step{Key: strings.ReplaceAll(name, "~", ".")})
		}
		if indexed {
			step := Step{IsIndex: true}
			fmt.Sscan(index, &step.Index)
			p.Steps = append(p.Steps, step)
		}
	}
	return p
}

var rootNames = [...]string{"body", "metadata", "group_metadata", "group_body"}

func paths(names ...string) []Path {
	var list []Path
	for _, name := range names {
		list = append(list, path(name))
	}
	return list
}

// capture returns the bytes of a chunk that a real Fluent Bit handed to an output.
func capture(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "chunks", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// captures returns the names of the captures that match a pattern, such as "*/cpu".
func captures(t testing.TB, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join("testdata", "chunks", pattern+".mp"))
	if err != nil || len(names) == 0 {
		t.Fatalf("captures %s: %d found, %v", pattern, len(names), err)
	}
	for i, name := range names {
		names[i] = strings.TrimPrefix(filepath.ToSlash(name), "testdata/chunks/")
	}
	return names
}
