// Package jsonpack turns JSON into msgpack, as Fluent Bit does, and msgpack into JSON.
//
// Keys keep their order, and keys that come twice are kept twice: readers of events take the last one. Whole numbers become
// integers, all others floats, and so do whole numbers beyond 64 bits. Bytes that are not UTF-8 become U+FFFD.
package jsonpack

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/tinylib/msgp/msgp"
)

// maxDepth bounds how deep values may nest.
const maxDepth = 64

var options = []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}

// A Packer packs one text after another. The zero Packer is ready. It is for one goroutine at a time.
type Packer struct {
	decoder *jsontext.Decoder
	source  bytes.Reader
	all     []byte // what source reads
	text    []byte
	key     []byte
}

// Object appends the msgpack of the JSON object in text to b. take, when not nil, sees each key of the object, as it is
// written without quotes, with its JSON value, and returns true to leave it out.
func (p *Packer) Object(b, text []byte, take func(key, value []byte) bool) ([]byte, error) {
	fast := plain{text: text}
	if packed, ok := fast.object(b, take, 1); ok && fast.space() == 0 && fast.at == len(text) {
		return packed, nil
	}
	return p.whole(b, text, func(b []byte) ([]byte, error) {
		if p.decoder.PeekKind() != '{' {
			if _, err := p.decoder.ReadToken(); err != nil {
				return b, err
			}
			return b, errors.New("a record is an object, as {\"key\": \"value\"}")
		}
		return p.object(b, take)
	})
}

// Value appends the msgpack of the JSON value in text to b.
func (p *Packer) Value(b, text []byte) ([]byte, error) { return p.whole(b, text, p.value) }

func (p *Packer) whole(b, text []byte, read func([]byte) ([]byte, error)) ([]byte, error) {
	p.source.Reset(text)
	p.all = text
	defer func() { p.all = nil }()
	if p.decoder == nil {
		p.decoder = jsontext.NewDecoder(&p.source, options...)
	} else {
		p.decoder.Reset(&p.source, options...)
	}
	start := len(b)
	b, err := read(b)
	if err == nil {
		if _, err = p.decoder.ReadToken(); err == io.EOF {
			return b, nil
		} else if err == nil {
			err = errors.New("text follows the value")
		}
	}
	return b[:start], SyntaxError(err, 0)
}

// SyntaxError returns an error of a decoder in words for the author of the text: with the column, counted in bytes from
// 1, in the line that starts at an offset. It returns other errors as they are.
func SyntaxError(err error, lineStart int64) error {
	var bad *jsontext.SyntacticError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF) || err == io.EOF:
		return errors.New("the JSON is cut off")
	case errors.As(err, &bad):
		return fmt.Errorf("not JSON at column %d: %w", bad.ByteOffset-lineStart+1, bad.Err)
	}
	return err
}

func (p *Packer) value(b []byte) ([]byte, error) {
	switch p.decoder.PeekKind() {
	case '{':
		return p.object(b, nil)
	case '[':
		return p.array(b)
	}
	raw, err := p.decoder.ReadValue()
	if err != nil {
		return b, err
	}
	switch raw[0] {
	case '"':
		return p.string(b, raw)
	case 'n':
		return msgp.AppendNil(b), nil
	case 't':
		return msgp.AppendBool(b, true), nil
	case 'f':
		return msgp.AppendBool(b, false), nil
	}
	return appendNumber(b, raw)
}

func (p *Packer) string(b []byte, raw jsontext.Value) ([]byte, error) {
	if inner := raw[1 : len(raw)-1]; bytes.IndexByte(inner, '\\') < 0 && ascii(inner) {
		return append(appendStringHead(b, len(inner)), inner...), nil
	}
	// Its error is of bytes that are not UTF-8, which it replaces: the decoder has read the rest.
	text, _ := jsontext.AppendUnquote(p.text[:0], raw)
	p.text = text
	return append(appendStringHead(b, len(text)), text...), nil
}

func ascii(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

func appendStringHead(b []byte, n int) []byte {
	switch {
	case n < 32:
		return append(b, 0xa0|byte(n))
	case n < 1<<8:
		return append(b, 0xd9, byte(n))
	case n < 1<<16:
		return binary.BigEndian.AppendUint16(append(b, 0xda), uint16(n))
	}
	return binary.BigEndian.AppendUint32(append(b, 0xdb), uint32(n))
}

// object packs an object. The number of keys is known at its end only.
func (p *Packer) object(b []byte, take func(key, value []byte) bool) ([]byte, error) {
	head, n := len(b)+1, uint32(0)
	b, err := p.open(append(b, 0xdf, 0, 0, 0, 0))
	for err == nil && p.decoder.PeekKind() != '}' {
		var key jsontext.Value
		start := len(b)
		if key, err = p.decoder.ReadValue(); err != nil {
			return b, err
		}
		if take != nil {
			p.key = append(p.key[:0], key[1:len(key)-1]...) // the decoder takes its memory for the value
		}
		if b, err = p.string(b, key); err != nil {
			return b, err
		}
		at := p.decoder.InputOffset()
		if b, err = p.value(b); err != nil {
			return b, err
		}
		if take != nil && take(p.key, p.written(at)) {
			b = b[:start]
			continue
		}
		n++
	}
	return p.close(b, head, n, err)
}

// written returns the value that was just read and started after an offset.
func (p *Packer) written(from int64) []byte {
	return bytes.TrimLeft(p.all[from:p.decoder.InputOffset()], " \t\r\n:")
}

func (p *Packer) array(b []byte) ([]byte, error) {
	head, n := len(b)+1, uint32(0)
	b, err := p.open(append(b, 0xdd, 0, 0, 0, 0))
	for err == nil && p.decoder.PeekKind() != ']' {
		b, err = p.value(b)
		n++
	}
	return p.close(b, head, n, err)
}

// open reads the start of an object or array.
func (p *Packer) open(b []byte) ([]byte, error) {
	if _, err := p.decoder.ReadToken(); err != nil {
		return b, err
	}
	if p.decoder.StackDepth() > maxDepth {
		return b, fmt.Errorf("nested more than %d levels deep", maxDepth)
	}
	return b, nil
}

// close reads the end, and writes into the head how many elements there were.
func (p *Packer) close(b []byte, head int, n uint32, err error) ([]byte, error) {
	if err != nil {
		return b, err
	}
	binary.BigEndian.PutUint32(b[head:], n)
	_, err = p.decoder.ReadToken()
	return b, err
}

func appendNumber(b, text []byte) ([]byte, error) {
	if !bytes.ContainsAny(text, ".eE") {
		// Fluent Bit writes integers that are not negative as unsigned.
		if text[0] != '-' {
			if n, err := strconv.ParseUint(string(text), 10, 64); err == nil {
				return msgp.AppendUint64(b, n), nil
			}
		} else if n, err := strconv.ParseInt(string(text), 10, 64); err == nil {
			return msgp.AppendInt64(b, n), nil
		}
	}
	n, err := strconv.ParseFloat(string(text), 64)
	if err != nil && math.IsInf(n, 0) {
		return b, fmt.Errorf("the number %.40s is too large", text)
	}
	return msgp.AppendFloat64(b, n), nil
}
