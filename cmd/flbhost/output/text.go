package output

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"

	"github.com/tinylib/msgp/msgp"
)

var (
	errNoEvent = errors.New("not an event")
	errTooDeep = errors.New("nested too deeply")
)

const maxDepth = 1000

// Text appends the events of a chunk to b, one a line, in the form of Fluent Bit's stdout:
//
//	[0] cpu.0: [[1700000000.000000000, {}], {"cpu_p"=>0.100000}]
//
// When bytes are met that are no event, it returns the lines before them and an error.
func Text(b []byte, tag string, chunk []byte) ([]byte, error) {
	p := printer{out: b, in: chunk}
	for n := 0; len(p.in) > 0; n++ {
		printed, left := len(p.out), len(p.in)
		p.out = fmt.Appendf(p.out, "[%d] %s: [", n, tag)
		p.event()
		if p.err != nil {
			return p.out[:printed], fmt.Errorf("event %d, %d bytes before the end: %w", n, left, p.err)
		}
		p.print("]\n")
	}
	return p.out, nil
}

// printer reads msgpack from in and prints it to out, until the first error.
type printer struct {
	out   []byte
	in    []byte
	err   error
	depth int
}

func (p *printer) print(s string) { p.out = append(p.out, s...) }

// event prints [[time, metadata], record] and, as if it had empty metadata, [time, record].
func (p *printer) event() {
	p.pair()
	withMetadata := msgp.NextType(p.in) == msgp.ArrayType
	if withMetadata {
		p.pair()
	}
	p.print("[")
	p.time()
	p.print(", ")
	if withMetadata {
		p.value()
	} else {
		p.print("{}")
	}
	p.print("], ")
	p.value()
}

// pair reads the header of an array of two.
func (p *printer) pair() {
	if n := p.header(msgp.ReadArrayHeaderBytes); p.err == nil && n != 2 {
		p.err = errNoEvent
	}
}

func (p *printer) header(read func([]byte) (uint32, []byte, error)) uint32 {
	if p.err != nil {
		return 0
	}
	var n uint32
	n, p.in, p.err = read(p.in)
	return n
}

// time prints seconds and nanoseconds: Fluent Bit's extension type, or a number of seconds.
func (p *printer) time() {
	if t := msgp.NextType(p.in); t != msgp.ExtensionType && t != msgp.TimeType {
		p.value()
		return
	}
	_, ext := p.extension()
	if p.err == nil && len(ext) != 8 {
		p.err = errNoEvent
	}
	if p.err == nil {
		p.out = fmt.Appendf(p.out, "%d.%09d", binary.BigEndian.Uint32(ext), binary.BigEndian.Uint32(ext[4:]))
	}
}

// value prints one value as msgpack-c does.
func (p *printer) value() {
	if p.err != nil {
		return
	}
	switch msgp.NextType(p.in) {
	case msgp.MapType:
		p.list("{", "}", p.header(msgp.ReadMapHeaderBytes), func() {
			p.value()
			p.print("=>")
			p.value()
		})
	case msgp.ArrayType:
		p.list("[", "]", p.header(msgp.ReadArrayHeaderBytes), p.value)
	case msgp.BinType:
		var b []byte
		b, p.in, p.err = msgp.ReadBytesZC(p.in)
		p.quoted(b)
	case msgp.ExtensionType, msgp.TimeType, msgp.Complex64Type, msgp.Complex128Type:
		kind, b := p.extension()
		p.out = fmt.Appendf(p.out, "(ext: %d)", kind)
		p.quoted(b)
	default:
		p.scalar()
	}
}

func (p *printer) list(begin, end string, n uint32, element func()) {
	if p.depth++; p.depth > maxDepth {
		p.err = errTooDeep
	}
	defer func() { p.depth-- }()
	p.print(begin)
	for i := uint32(0); i < n && p.err == nil; i++ {
		if i > 0 {
			p.print(", ")
		}
		element()
	}
	p.print(end)
}

func (p *printer) scalar() {
	switch msgp.NextType(p.in) {
	case msgp.StrType:
		var s []byte
		s, p.in, p.err = msgp.ReadStringZC(p.in)
		p.out = append(append(append(p.out, '"'), s...), '"')
	case msgp.Float64Type, msgp.Float32Type:
		var f float64
		f, p.in, p.err = msgp.ReadFloat64Bytes(p.in)
		p.out = strconv.AppendFloat(p.out, f, 'f', 6, 64)
	case msgp.IntType:
		var n int64
		n, p.in, p.err = msgp.ReadInt64Bytes(p.in)
		p.out = strconv.AppendInt(p.out, n, 10)
	case msgp.UintType:
		var n uint64
		n, p.in, p.err = msgp.ReadUint64Bytes(p.in)
		p.out = strconv.AppendUint(p.out, n, 10)
	case msgp.BoolType:
		var b bool
		b, p.in, p.err = msgp.ReadBoolBytes(p.in)
		p.out = strconv.AppendBool(p.out, b)
	case msgp.NilType:
		p.in, p.err = msgp.ReadNilBytes(p.in)
		p.print("nil")
	default:
		p.err = errNoEvent
	}
}

// extension reads any extension type. Its bytes end the value; what stands before them depends on the header.
func (p *printer) extension() (kind int8, content []byte) {
	rest, err := msgp.Skip(p.in)
	if err != nil {
		p.err = err
		return 0, nil
	}
	v := p.in[:len(p.in)-len(rest)]
	p.in = rest
	head := 2
	switch v[0] {
	case 0xc7: // ext 8
		head = 3
	case 0xc8: // ext 16
		head = 4
	case 0xc9: // ext 32
		head = 6
	}
	return int8(v[head-1]), v[head:]
}

func (p *printer) quoted(b []byte) {
	p.print(`"`)
	for _, c := range b {
		switch {
		case c == '"':
			p.print(`\"`)
		case c < ' ' || c > '~':
			p.out = fmt.Appendf(p.out, `\x%02x`, c)
		default:
			p.out = append(p.out, c)
		}
	}
	p.print(`"`)
}
