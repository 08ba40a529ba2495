package input

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/tinylib/msgp/msgp"
)

var errNoObject = errors.New("not a JSON object")

// object is a JSON object in msgpack: the number of its fields, and their keys and values, in the order of the text.
type object struct {
	fields int
	body   []byte
}

// parseObject reads text that is one JSON object and nothing else.
func parseObject(text []byte) (object, error) {
	text = bytes.TrimSpace(text)
	if len(text) == 0 || text[0] != '{' {
		return object{}, errNoObject
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if _, err := d.Token(); err != nil {
		return object{}, err
	}
	var o object
	var err error
	if o.fields, o.body, err = appendFields(nil, d); err != nil {
		return object{}, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return object{}, errNoObject
	}
	return o, nil
}

// appendFields appends the keys and values of an object, or the values of an array, up to its end.
func appendFields(b []byte, d *json.Decoder) (int, []byte, error) {
	n := 0
	for ; d.More(); n++ {
		var err error
		if b, err = appendValue(b, d); err != nil {
			return n, b, err
		}
	}
	end, err := d.Token()
	if end == json.Delim('}') {
		n /= 2
	}
	return n, b, err
}

func appendValue(b []byte, d *json.Decoder) ([]byte, error) {
	token, err := d.Token()
	if err != nil {
		return b, err
	}
	switch v := token.(type) {
	case json.Delim:
		n, inner, err := appendFields(nil, d)
		if v == '{' {
			b = msgp.AppendMapHeader(b, uint32(n))
		} else {
			b = msgp.AppendArrayHeader(b, uint32(n))
		}
		return append(b, inner...), err
	case string:
		return msgp.AppendString(b, v), nil
	case json.Number:
		return appendNumber(b, v.String()), nil
	case bool:
		return msgp.AppendBool(b, v), nil
	default:
		return msgp.AppendNil(b), nil
	}
}

// appendNumber makes an integer of what is written as one and fits into 64 bits, and a float of all else.
func appendNumber(b []byte, text string) []byte {
	if !strings.ContainsAny(text, ".eE") {
		if n, err := strconv.ParseUint(text, 10, 64); err == nil {
			return msgp.AppendUint64(b, n)
		}
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return msgp.AppendInt64(b, n)
		}
	}
	f, _ := strconv.ParseFloat(text, 64) // what is out of range is infinite
	return msgp.AppendFloat64(b, f)
}
