package render

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
	"unicode/utf8"
)

// pieceSize is how many bytes a piece holds. The kernel takes pieces of this size at nearly the speed of larger ones,
// and a small page does not take much more memory than it needs. With what else a piece has, it takes whole pages of
// the Go heap, which would round it up by an eighth otherwise.
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

// A pageWriter makes a page of what is written to it, until ctx ends. It has the methods that let the text encoders of
// expfmt write to it without a buffer of their own.
type pageWriter struct {
	ctx  context.Context
	page *Page
	last *piece // of the page
}

// currentPiece returns a piece that is not full.
func (w *pageWriter) currentPiece() (*piece, error) {
	if w.last != nil && w.last.used < pieceSize {
		return w.last, nil
	}
	if w.ctx.Err() != nil {
		return nil, context.Cause(w.ctx)
	}
	w.last = w.page.from.take()
	w.page.all = append(w.page.all, w.last)
	return w.last, nil
}

func (w *pageWriter) Write(b []byte) (n int, err error) { return appendTo(w, b) }

func (w *pageWriter) WriteString(s string) (n int, err error) { return appendTo(w, s) }

func appendTo[T string | []byte](w *pageWriter, text T) (n int, err error) {
	for n < len(text) {
		p, err := w.currentPiece()
		if err != nil {
			return n, err
		}
		copied := copy(p.bytes[p.used:], text[n:])
		p.used += copied
		n += copied
	}
	w.page.size += int64(n)
	return n, nil
}

func (w *pageWriter) WriteByte(c byte) error {
	p, err := w.currentPiece()
	if err != nil {
		return err
	}
	p.bytes[p.used] = c
	p.used++
	w.page.size++
	return nil
}

func (w *pageWriter) WriteRune(r rune) (n int, err error) {
	var encoded [utf8.UTFMax]byte
	return w.Write(encoded[:utf8.EncodeRune(encoded[:], r)])
}
