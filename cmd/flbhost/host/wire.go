package host

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The loader's operations; loader/operation.h has the same list, with the arguments.
const (
	opLoad uint32 = iota + 1
	opUnload
	opThread
	opJoin
	opCreate
	opDestroy
	opInit
	opPreRun
	opFlush
	opExit
	opHangup
	opLog
	opQuit
	opInputCreate
	opInputDrop
	opInputInit
	opInputPreRun
	opInputCollect
	opInputPause
	opInputResume
	opInputExit
)

// The loader's results.
const (
	resultOK uint32 = iota
	resultFailed
	resultDamage
)

const maxReply = 1 << 26

// request is a frame to the loader: size of the rest, call number, operation, arguments.
type request []byte

func newRequest(op uint32, numbers ...uint32) request {
	r := make(request, 12, 64)
	binary.NativeEndian.PutUint32(r[8:], op)
	for _, n := range numbers {
		r = r.number(n)
	}
	return r
}

func (r request) number(n uint32) request {
	return binary.NativeEndian.AppendUint32(r, n)
}

func (r request) text(s string) request {
	r = append(r.number(uint32(len(s))), s...)
	return append(r, 0)
}

func (r request) bytes(b []byte) request {
	r = append(r.number(uint32(len(b))), b...)
	return append(r, 0)
}

// seal fills in what is known at the end.
func (r request) seal(call uint32) []byte {
	binary.NativeEndian.PutUint32(r, uint32(len(r)-4))
	binary.NativeEndian.PutUint32(r[4:], call)
	return r
}

// reply is what the loader answered: a result and values that depend on the operation.
type reply struct {
	result uint32
	rest   []byte
	err    error // set when rest was too short
}

var errShortReply = errors.New("short reply from the loader")

// readReply returns the next reply and the number of the call that it answers.
func readReply(r io.Reader) (uint32, *reply, error) {
	var head [12]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	size := binary.NativeEndian.Uint32(head[:])
	if size < 8 || size > maxReply {
		return 0, nil, fmt.Errorf("reply of %d bytes from the loader", size)
	}
	p := &reply{result: binary.NativeEndian.Uint32(head[8:]), rest: make([]byte, size-8)}
	_, err := io.ReadFull(r, p.rest)
	return binary.NativeEndian.Uint32(head[4:]), p, err
}

func (p *reply) number() uint32 {
	if len(p.rest) < 4 {
		p.rest, p.err = nil, errShortReply
		return 0
	}
	n := binary.NativeEndian.Uint32(p.rest)
	p.rest = p.rest[4:]
	return n
}

func (p *reply) text() string { return string(p.bytes()) }

func (p *reply) bytes() []byte {
	n := int(p.number())
	if len(p.rest) <= n {
		p.rest, p.err = nil, errShortReply
		return nil
	}
	b := p.rest[:n:n]
	p.rest = p.rest[n+1:]
	return b
}
