// Package forward reads messages of the forward protocol, by which Fluent Bit and Fluentd pass on events.
//
// What enters are the bytes of a connection; what leaves are the tag of a message and its events as a chunk has them. No
// message makes this package take more memory than its bounds.
package forward

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/tinylib/msgp/msgp"
)

// MaxUnpacked bounds the events of a compressed message, in bytes.
const MaxUnpacked = 64 << 20

// Mode is how a message carries its events.
type Mode string

// The modes of the protocol.
const (
	ModeMessage    Mode = "message"
	ModeForward    Mode = "forward"
	ModePacked     Mode = "packed"
	ModeCompressed Mode = "compressed"
)

// Metrics is the Signal of metrics.
const Metrics = 1

// Message is a message. Its memory is that of the bytes that it was read from, or its own.
type Message struct {
	Tag    string
	Mode   Mode
	Events []byte // [time, record] or [[time, metadata], record], one after the other
	Chunk  string // what the client wants to see in the acknowledgement; "" for none
	Signal int    // 0 for logs, Metrics, 2 for traces
}

// ErrNoMessage is what is wrong with bytes that are msgpack, but no message.
var ErrNoMessage = errors.New("no message of the forward protocol")

// Decode reads the message at the start of b, and returns what follows it.
func Decode(b []byte) (m Message, rest []byte, err error) {
	end, err := msgp.Skip(b)
	if err != nil {
		return m, b, err
	}
	whole := b[:len(b)-len(end)]
	if msgp.NextType(whole) != msgp.ArrayType {
		return m, end, fmt.Errorf("%w: no array", ErrNoMessage)
	}
	n, body, _ := msgp.ReadArrayHeaderBytes(whole)
	if n < 2 || n > 4 {
		return m, end, fmt.Errorf("%w: an array of %d", ErrNoMessage, n)
	}
	tag, body, err := msgp.ReadStringBytes(body)
	if err != nil {
		return m, end, fmt.Errorf("%w: no tag", ErrNoMessage)
	}
	m.Tag = tag
	return m, end, m.decode(n-1, body)
}

// decode reads the n values that follow the tag.
func (m *Message) decode(n uint32, body []byte) error {
	switch kind := msgp.NextType(body); {
	case kind == msgp.ArrayType && !isTime(body, n):
		m.Mode = ModeForward
		_, entries, _ := msgp.ReadArrayHeaderBytes(body)
		rest, _ := msgp.Skip(body)
		m.Events = entries[:len(entries)-len(rest)]
		return m.options(n-1, rest)
	case kind == msgp.BinType, kind == msgp.StrType:
		m.Mode = ModePacked
		var err error
		var rest []byte
		if kind == msgp.BinType {
			m.Events, rest, err = msgp.ReadBytesZC(body)
		} else {
			m.Events, rest, err = msgp.ReadStringZC(body)
		}
		if err != nil {
			return err
		}
		return m.options(n-1, rest)
	}
	if n < 2 {
		return fmt.Errorf("%w: no events", ErrNoMessage)
	}
	m.Mode = ModeMessage
	afterTime, _ := msgp.Skip(body)
	rest, _ := msgp.Skip(afterTime)
	m.Events = append([]byte{0x92}, body[:len(body)-len(rest)]...)
	return m.options(n-2, rest)
}

// isTime distinguishes the pair of time and metadata from a list of events: a map follows it.
func isTime(body []byte, n uint32) bool {
	rest, err := msgp.Skip(body)
	if err != nil || n < 2 || msgp.NextType(rest) != msgp.MapType {
		return false
	}
	_, first, _ := msgp.ReadArrayHeaderBytes(body)
	return len(first) > len(rest) && msgp.NextType(first) != msgp.ArrayType
}

// options reads the options at the end of a message, of which there may be none.
func (m *Message) options(n uint32, b []byte) error {
	if n == 0 || msgp.NextType(b) != msgp.MapType {
		return nil
	}
	pairs, b, err := msgp.ReadMapHeaderBytes(b)
	compressed := ""
	for ; pairs > 0 && err == nil; pairs-- {
		var key []byte
		if key, b, err = msgp.ReadMapKeyZC(b); err != nil {
			break
		}
		value := b
		if b, err = msgp.Skip(b); err != nil {
			break
		}
		switch string(key) {
		case "chunk":
			m.Chunk, _, _ = msgp.ReadStringBytes(value)
		case "compressed":
			compressed, _, _ = msgp.ReadStringBytes(value)
		case "fluent_signal":
			m.Signal, _, _ = msgp.ReadIntBytes(value)
		}
	}
	if err == nil && compressed != "" && compressed != "text" {
		m.Mode = ModeCompressed
		m.Events, err = unpack(m.Events, compressed)
	}
	return err
}

// ErrTooLarge is of a message whose events take more than MaxUnpacked.
var ErrTooLarge = fmt.Errorf("more than %d MiB when it is unpacked", MaxUnpacked>>20)

func unpack(b []byte, with string) ([]byte, error) {
	var r io.Reader
	switch with {
	case "gzip":
		z, err := gzip.NewReader(bytes.NewReader(b))
		if err != nil {
			return nil, err
		}
		r = z
	case "zstd":
		z, err := zstd.NewReader(bytes.NewReader(b), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(MaxUnpacked))
		if err != nil {
			return nil, err
		}
		defer z.Close()
		r = z
	default:
		return nil, fmt.Errorf("compressed with %q; gzip and zstd can be read", with)
	}
	events, err := io.ReadAll(io.LimitReader(r, MaxUnpacked+1))
	if err == nil && len(events) > MaxUnpacked {
		err = ErrTooLarge
	}
	return events, err
}
