package sample

import (
	"bytes"

	"github.com/tinylib/msgp/msgp"
)

// detect finds the format by the first bytes. Lines of Fluent Bit's own log may come before the records of its outputs.
// It returns "" when there is none, and JSON for nothing at all.
func detect(head []byte) Format {
	text := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\uFEFF")), " \t\r\n")
	if len(text) == 0 {
		return JSON
	}
	if isArray(head[0]) {
		return detectBinary(head)
	}
	if isMap(head[0]) { // a context of metrics events
		return Msgpack
	}
	if text[0] == '{' { // neither logs nor the other outputs start with it, but a record may contain what they do
		return JSON
	}
	for line := range bytes.Lines(text) {
		switch {
		case stdoutHead.Match(line):
			return Stdout
		case fileHead.Match(line):
			return File
		}
	}
	if text[0] == '[' && !hostLog.Match(text) {
		return JSON
	}
	return ""
}

func isArray(c byte) bool { return c&0xf0 == 0x90 || c == 0xdc || c == 0xdd }

func isMap(c byte) bool { return c&0xf0 == 0x80 || c == 0xde || c == 0xdf }

// detectBinary distinguishes messages, which start with a tag, from events.
func detectBinary(head []byte) Format {
	_, rest, err := msgp.ReadArrayHeaderBytes(head)
	if err == nil && msgp.NextType(rest) == msgp.StrType {
		return Forward
	}
	return Msgpack
}
