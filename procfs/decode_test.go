package procfs

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tinylib/msgp/msgp"
)

// event is a decoded event: what the host reads.
type event struct {
	at     time.Time
	record map[string]any
}

func decode(t *testing.T, b []byte) []event {
	t.Helper()
	var all []event
	for len(b) > 0 {
		n, rest, err := msgp.ReadArrayHeaderBytes(b)
		if err != nil || n != 2 || rest[0] != 0xd7 || rest[1] != 0 {
			t.Fatalf("event %d: %v, %d members, % x", len(all), err, n, rest[:2])
		}
		sec, nsec := binary.BigEndian.Uint32(rest[2:]), binary.BigEndian.Uint32(rest[6:])
		v, rest, err := msgp.ReadMapStrIntfBytes(rest[10:], nil)
		if err != nil {
			t.Fatalf("event %d: %v", len(all), err)
		}
		all, b = append(all, event{time.Unix(int64(sec), int64(nsec)), v}), rest
	}
	return all
}

// jsonText is events as JSON, the fields in their order.
type jsonText struct{ all []string }

func (j *jsonText) events(t *testing.T, b []byte) {
	t.Helper()
	for len(b) > 0 {
		b = b[1+2:] // array of two, extension of type 0
		sec, nsec := binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
		n, rest, err := msgp.ReadMapHeaderBytes(b[8:])
		if err != nil {
			t.Fatal(err)
		}
		var fields []string
		for range n {
			var key string
			var value any
			if key, rest, err = msgp.ReadStringBytes(rest); err != nil {
				t.Fatal(err)
			}
			if value, rest, err = msgp.ReadIntfBytes(rest); err != nil {
				t.Fatal(err)
			}
			text, err := json.Marshal(value)
			if err != nil {
				t.Fatal(err)
			}
			fields = append(fields, fmt.Sprintf("%q:%s", key, text))
		}
		j.all = append(j.all, fmt.Sprintf("[%d.%07d,{%s}]", sec, nsec/100, strings.Join(fields, ",")))
		b = rest
	}
}
