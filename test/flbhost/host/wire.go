package host

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The loader's operations; loader/operation.h has the same list, with arguments and results.
const (
	opLoad uint32 = iota
	opUnload
	opThread
	opJoin
	opCreate
	opDestroy
	opHangUp
	opLog
	opQuit
	opInit
	opPreRun
	opFlush
	opCollect
	opPause
	opResume
	opExit
)

// The loader's results.
const (
	resultOK uint32 = iota
	resultFailed
	resultDamage
)

const maxReply = 1 << 26

// handle is an address in the loader's process; 0 as a thread is the main thread.
type handle uint64

// request is a frame to the loader: size of the rest, call number, operation, arguments.
type request []byte

func newRequest(op uint32, handles ...handle) request {
	r := make(request, 12, 64)
	binary.LittleEndian.PutUint32(r[8:], op)
	for _, h := range handles {
		r = binary.LittleEndian.AppendUint64(r, uint64(h))
	}
	return r
}

func (r request) number(n uint32) request { return binary.LittleEndian.AppendUint32(r, n) }

func (r request) flag(b bool) request {
	if b {
		return r.number(1)
	}
	return r.number(0)
}

func (r request) text(s string) request { return append(append(r.number(uint32(len(s))), s...), 0) }

func (r request) bytes(b []byte) request { return append(append(r.number(uint32(len(b))), b...), 0) }

// seal sets the size and the call number.
func (r request) seal(call uint32) []byte {
	binary.LittleEndian.PutUint32(r, uint32(len(r)-4))
	binary.LittleEndian.PutUint32(r[4:], call)
	return r
}

// reply is the loader's answer: a result, and values that depend on the operation.
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
	size := binary.LittleEndian.Uint32(head[:])
	if size < 8 || size > maxReply {
		return 0, nil, fmt.Errorf("reply of %d bytes from the loader", size)
	}
	p := &reply{result: binary.LittleEndian.Uint32(head[8:]), rest: make([]byte, size-8)}
	_, err := io.ReadFull(r, p.rest)
	return binary.LittleEndian.Uint32(head[4:]), p, err
}

// take returns the next n bytes, or nil if there are fewer.
func (p *reply) take(n int) []byte {
	if len(p.rest) < n {
		p.rest, p.err = nil, errShortReply
		return nil
	}
	b := p.rest[:n:n]
	p.rest = p.rest[n:]
	return b
}

func (p *reply) number() uint32 {
	if b := p.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (p *reply) handle() handle {
	if b := p.take(8); b != nil {
		return handle(binary.LittleEndian.Uint64(b))
	}
	return 0
}

func (p *reply) text() string { return string(p.bytes()) }

func (p *reply) bytes() []byte {
	b := p.take(int(p.number()) + 1)
	return b[:max(len(b)-1, 0)]
}
