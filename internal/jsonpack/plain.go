package jsonpack

import (
	"encoding/binary"

	"github.com/tinylib/msgp/msgp"
)

// plain packs JSON of the usual kind: texts of ASCII without escapes. It gives up on everything else, and on mistakes, which
// the decoder reads instead. Without it, eval takes two thirds
// more processor time.
type plain struct {
	text []byte
	at   int
}

// space returns the next byte that is no space, or 0 at the end.
func (p *plain) space() byte {
	for ; p.at < len(p.text); p.at++ {
		if c := p.text[p.at]; c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			return c
		}
	}
	return 0
}

// skip passes over a byte, which is there.
func (p *plain) skip(c byte) bool {
	if p.space() != c {
		return false
	}
	p.at++
	return true
}

func (p *plain) value(b []byte, depth int) ([]byte, bool) {
	switch c := p.space(); {
	case c == '"':
		text, ok := p.string()
		return append(appendStringHead(b, len(text)), text...), ok
	case c == '{':
		return p.object(b, nil, depth+1)
	case c == '[':
		return p.array(b, depth+1)
	case c == '-' || c >= '0' && c <= '9':
		return p.number(b)
	case c == 'n':
		return msgp.AppendNil(b), p.word("null")
	case c == 't':
		return msgp.AppendBool(b, true), p.word("true")
	case c == 'f':
		return msgp.AppendBool(b, false), p.word("false")
	}
	return b, false
}

func (p *plain) word(w string) bool {
	end := p.at + len(w)
	if end > len(p.text) || string(p.text[p.at:end]) != w {
		return false
	}
	p.at = end
	return true
}

// string returns the text between quotes, the first of which is next.
func (p *plain) string() ([]byte, bool) {
	start := p.at + 1
	for i := start; i < len(p.text); i++ {
		switch c := p.text[i]; {
		case c == '"':
			p.at = i + 1
			return p.text[start:i], true
		case c < ' ' || c >= 0x7f || c == '\\':
			return nil, false
		}
	}
	return nil, false
}

// number packs whole numbers of up to 15 digits by itself.
func (p *plain) number(b []byte) ([]byte, bool) {
	start, whole, n := p.at, true, uint64(0)
	for ; p.at < len(p.text); p.at++ {
		c := p.text[p.at]
		if c >= '0' && c <= '9' {
			n = n*10 + uint64(c-'0')
		} else if c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-' {
			whole = false
		} else {
			break
		}
	}
	text := p.text[start:p.at]
	if whole && len(text) <= 15 && (text[0] != '0' || len(text) == 1) {
		return msgp.AppendUint64(b, n), true
	}
	if !isNumber(text) {
		return b, false
	}
	b, err := appendNumber(b, text)
	return b, err == nil
}

// isNumber reports whether text is a number of JSON. It has nothing but digits, signs, points and the letter e.
func isNumber(text []byte) bool {
	digits := func(i int) int {
		for i < len(text) && text[i] >= '0' && text[i] <= '9' {
			i++
		}
		return i
	}
	i := 0
	if text[0] == '-' {
		i++
	}
	end := digits(i)
	if end == i || text[i] == '0' && end > i+1 {
		return false
	}
	if end < len(text) && text[end] == '.' {
		if i = end + 1; digits(i) == i {
			return false
		}
		end = digits(i)
	}
	if end < len(text) && (text[end] == 'e' || text[end] == 'E') {
		if i = end + 1; i < len(text) && (text[i] == '+' || text[i] == '-') {
			i++
		}
		if digits(i) == i {
			return false
		}
		end = digits(i)
	}
	return end == len(text)
}

func (p *plain) object(b []byte, take func(key, value []byte) bool, depth int) ([]byte, bool) {
	head, n := len(b)+1, uint32(0)
	b = append(b, 0xdf, 0, 0, 0, 0)
	if !p.skip('{') || depth > maxDepth {
		return b, false
	}
	if p.skip('}') {
		return b, true
	}
	for more := true; more; more = p.skip(',') {
		start := len(b)
		if p.space() != '"' {
			return b, false
		}
		key, ok := p.string()
		if !ok || !p.skip(':') {
			return b, false
		}
		b = append(appendStringHead(b, len(key)), key...)
		p.space()
		at := p.at
		if b, ok = p.value(b, depth); !ok {
			return b, false
		}
		if take != nil && take(key, p.text[at:p.at]) {
			b = b[:start]
			continue
		}
		n++
	}
	binary.BigEndian.PutUint32(b[head:], n)
	return b, p.skip('}')
}

func (p *plain) array(b []byte, depth int) ([]byte, bool) {
	head, n, ok := len(b)+1, uint32(0), true
	b = append(b, 0xdd, 0, 0, 0, 0)
	if !p.skip('[') || depth > maxDepth {
		return b, false
	}
	if p.skip(']') {
		return b, true
	}
	for more := true; more; more = p.skip(',') {
		if b, ok = p.value(b, depth); !ok {
			return b, false
		}
		n++
	}
	binary.BigEndian.PutUint32(b[head:], n)
	return b, p.skip(']')
}
