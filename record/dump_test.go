package record

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"

	"github.com/tinylib/msgp/msgp"
)

// dump reads chunk and writes down all that comes out, a line each: the events, their values, which names name, their
// leaves, and what is malformed.
func dump(t testing.TB, chunk []byte, leaves bool, names ...string) string {
	t.Helper()
	var out strings.Builder
	var r Reader
	var e Event
	kinds := Leaves(0)
	if leaves {
		kinds = Numbers
	}
	r.Reset(chunk, NewSelector(paths(names...), kinds))
	for {
		switch err := r.Next(&e).(type) {
		case nil:
			dumpEvent(&out, &e, names)
		case *Malformed:
			fmt.Fprintf(&out, "%s at %d, %d bytes\n", err.Reason, err.Offset, err.Size)
		default:
			if err != io.EOF {
				t.Fatalf("Next: %v", err)
			}
			return out.String()
		}
	}
}

func dumpEvent(out *strings.Builder, e *Event, names []string) {
	fmt.Fprintf(out, "%d.%09d", e.Time/1e9, e.Time%1e9)
	if e.Grouped {
		out.WriteString(" grouped")
	}
	out.WriteString("\n")
	for i, name := range names {
		if v := &e.Values[i]; v.Kind() != Missing {
			fmt.Fprintf(out, "  $%s = %s\n", name, show(v))
		}
	}
	for i := range e.Leaves {
		fmt.Fprintf(out, "  %s = %s\n", e.Leaves[i].Path, show(&e.Leaves[i].Value))
	}
	if e.Unlisted > 0 {
		fmt.Fprintf(out, "  %d unlisted\n", e.Unlisted)
	}
}

func show(v *Value) string {
	f, _ := v.Float()
	switch v.Kind() {
	case Bool:
		return fmt.Sprintf("bool %t", v.Bool())
	case Int:
		return fmt.Sprintf("int %d", v.Int())
	case Uint:
		return fmt.Sprintf("uint %d", v.Uint())
	case Float:
		return "float " + strconv.FormatFloat(f, 'g', -1, 64)
	case String:
		return fmt.Sprintf("string %q", v.Bytes())
	case Array, Map:
		var json bytes.Buffer
		if rest, err := msgp.UnmarshalAsJSON(&json, v.Bytes()); err != nil || len(rest) > 0 {
			return fmt.Sprintf("%s %x", v.Kind(), v.Bytes())
		}
		return fmt.Sprintf("%s %s", v.Kind(), &json)
	default:
		return strings.TrimSpace(fmt.Sprintf("%s %x", v.Kind(), v.Bytes()))
	}
}

// lines joins what a dump is expected to say.
func lines(s ...string) string {
	if len(s) == 0 {
		return ""
	}
	return strings.Join(s, "\n") + "\n"
}

// check compares the dump of chunk with the lines of want.
func check(t *testing.T, chunk []byte, leaves bool, names []string, want ...string) {
	t.Helper()
	if got := dump(t, chunk, leaves, names...); got != lines(want...) {
		t.Errorf("chunk of %d bytes: %x\ngot:\n%swant:\n%s", len(chunk), chunk[:min(len(chunk), 80)], got, lines(want...))
	}
}
