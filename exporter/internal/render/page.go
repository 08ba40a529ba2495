package render

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
	"unicode/utf8"
)

// pieceSize is how many bytes a piece holds. The kernel takes pieces of this size at nearly the speed of larger ones, and
// a small page does not take much more memory than it needs. With what else a piece has, it takes whole pages of the Go
// heap, which would round it up by an eighth otherwise.
const pieceSize = 64<<10 - 16

// A piece is a part of a page. Its last reader gives it back for later pages.
type piece struct {
	readers atomic.Int32
	used    int
	bytes   [pieceSize]byte
}

// pieces keeps the memory of pieces for later pages. The zero value is ready.
type pieces struct{ pool sync.Pool }

func (s *pieces) take() *piece {
	p, ok := s.pool.Get().(*piece)
	if !ok {
		p = new(piece)
	}
	p.used = 0
	p.readers.Store(1)
	return p
}

func (s *pieces) release(p *piece) {
	if p.readers.Add(-1) == 0 {
		s.pool.Put(p)
	}
}

// A Page is what a number of readers get. It is immutable; each reader calls WriteTo or Discard once.
type Page struct {
	Format
	size int64
	all  []*piece
	from *pieces
}

// Size returns the size of the page in bytes.
func (p *Page) Size() int64 { return p.size }

// Share sets the number of readers, before the first of them reads. A page has one unless Share was called. Without
// readers the memory is given back at once.
func (p *Page) Share(readers int) {
	if readers == 0 {
		p.Discard()
		return
	}
	for _, one := range p.all {
		one.readers.Store(int32(readers))
	}
}

// WriteTo writes the page to w. Pieces that all readers have written are used for other pages from then on.
func (p *Page) WriteTo(w io.Writer) (n int64, err error) {
	for _, one := range p.all {
		if err == nil {
			var written int
			written, err = w.Write(one.bytes[:one.used])
			n += int64(written)
		}
		p.from.release(one)
	}
	return n, err
}

// Discard does without the page.
func (p *Page) Discard() {
	for _, one := range p.all {
		p.from.release(one)
	}
}

// A pageWriter makes a page of what is written to it, until ctx ends. It has the methods with which the text encoders of
// expfmt need no buffer of their own. They write a few bytes at a time, so these methods do little.
type pageWriter struct {
	ctx  context.Context
	page *Page
	free []byte // of the last piece of the page
}

// grow adds a piece to the page.
func (w *pageWriter) grow() error {
	if w.ctx.Err() != nil {
		return context.Cause(w.ctx)
	}
	w.closePiece()
	p := w.page.from.take()
	w.page.all = append(w.page.all, p)
	w.free = p.bytes[:]
	return nil
}

// closePiece counts what the last piece holds.
func (w *pageWriter) closePiece() {
	if n := len(w.page.all); n > 0 {
		last := w.page.all[n-1]
		last.used = pieceSize - len(w.free)
		w.page.size += int64(last.used)
	}
}

// finish returns the page, to which nothing is written anymore.
func (w *pageWriter) finish() *Page {
	w.closePiece()
	return w.page
}

func (w *pageWriter) Write(b []byte) (n int, err error) { return appendTo(w, b) }

func (w *pageWriter) WriteString(s string) (n int, err error) { return appendTo(w, s) }

func appendTo[T string | []byte](w *pageWriter, text T) (n int, err error) {
	for {
		copied := copy(w.free, text[n:])
		w.free = w.free[copied:]
		if n += copied; n == len(text) {
			return n, nil
		}
		if err := w.grow(); err != nil {
			return n, err
		}
	}
}

func (w *pageWriter) WriteByte(c byte) error {
	if len(w.free) == 0 {
		if err := w.grow(); err != nil {
			return err
		}
	}
	w.free[0] = c
	w.free = w.free[1:]
	return nil
}

func (w *pageWriter) WriteRune(r rune) (n int, err error) {
	var encoded [utf8.UTFMax]byte
	return w.Write(encoded[:utf8.EncodeRune(encoded[:], r)])
}
