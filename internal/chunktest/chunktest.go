// Package chunktest builds chunks for tests, in the form that Fluent Bit writes.
package chunktest

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/tinylib/msgp/msgp"
)

// Event appends the event [[time, {}], record] to chunk. The record is a JSON object, whose key order is kept; seconds
// is its time. Integers become msgpack integers and all other numbers floats. It panics on text that is not JSON,
// because only tests call it.
func Event(chunk []byte, seconds uint32, record string) []byte {
	return EventWithMetadata(chunk, seconds, `{}`, record)
}

// EventWithMetadata is Event with metadata, a JSON object as well.
func EventWithMetadata(chunk []byte, seconds uint32, metadata, record string) []byte {
	chunk = append(chunk, 0x92, 0x92, 0xd7, 0x00)
	chunk = binary.BigEndian.AppendUint32(chunk, seconds)
	chunk = binary.BigEndian.AppendUint32(chunk, 0)
	return JSON(JSON(chunk, metadata), record)
}

// Events returns a chunk of one event per line of records, all of one second.
func Events(records string) []byte {
	var chunk []byte
	for line := range strings.Lines(records) {
		if line = strings.TrimSpace(line); line != "" {
			chunk = Event(chunk, 1700000000, line)
		}
	}
	return chunk
}

// JSON appends the msgpack of a JSON text to b. It panics on what is not JSON.
func JSON(b []byte, text string) []byte {
	b, err := AppendJSON(b, text)
	if err != nil {
		panic(fmt.Sprintf("chunktest: %v in %s", err, text))
	}
	return b
}

// AppendJSON is JSON that returns an error instead of a panic.
func AppendJSON(b []byte, text string) ([]byte, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	b, err := appendValue(b, d)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("text follows the value")
	}
	return b, nil
}

func appendValue(b []byte, d *json.Decoder) ([]byte, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch v := token.(type) {
	case json.Delim:
		return appendContainer(b, d, v)
	case json.Number:
		return appendNumber(b, v)
	case nil:
		return msgp.AppendNil(b), nil
	default:
		return msgp.AppendIntf(b, v)
	}
}

func appendContainer(b []byte, d *json.Decoder, open json.Delim) ([]byte, error) {
	var body []byte
	var n uint32
	var err error
	for ; d.More(); n++ {
		if body, err = appendValue(body, d); err != nil {
			return nil, err
		}
	}
	if _, err = d.Token(); err != nil {
		return nil, err
	}
	if open == '{' {
		b = msgp.AppendMapHeader(b, n/2)
	} else {
		b = msgp.AppendArrayHeader(b, n)
	}
	return append(b, body...), nil
}

func appendNumber(b []byte, n json.Number) ([]byte, error) {
	if bytes.ContainsAny([]byte(n), ".eE") {
		f, err := n.Float64()
		return msgp.AppendFloat64(b, f), err
	}
	// Fluent Bit writes integers that are not negative as unsigned.
	if u, err := strconv.ParseUint(string(n), 10, 64); err == nil {
		return msgp.AppendUint64(b, u), nil
	}
	i, err := n.Int64()
	return msgp.AppendInt64(b, i), err
}
