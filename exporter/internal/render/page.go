package render

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
	"unicode/utf8"
)

// pieceSize is the size of a piece in bytes. The kernel takes pieces of this size at nearly the speed of larger ones,
// and a small page does not waste much memory. Together with its other fields, a piece fills whole pages of the Go
// heap, which would otherwise add an eighth.
const pieceSize = 64<<10 - 16

// A piece is a part of a page. Its last reader returns it to the pool.
type piece struct {
	readers atomic.Int32
	used    int
	bytes   [pieceSize]byte
}

// pieces is a pool of pieces. The zero value is ready to use.
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

// A Page is a complete page for a number of readers. It is immutable. Each reader must call WriteTo or Discard once.
type Page struct {
	Format
	size int64
	all  []*piece
	from *pieces
}

// Size returns the size of the page in bytes.
func (p *Page) Size() int64 { return p.size }

// Share sets the number of readers, which is 1 by default. It must be called before a reader reads. With 0 readers, the
// memory is returned at once.
func (p *Page) Share(readers int) {
	if readers == 0 {
		p.Discard()
		return
	}
	for _, one := range p.all {
		one.readers.Store(int32(readers))
	}
}

// WriteTo writes the page to w. It returns the pieces that all readers have written to the pool.
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

// Discard returns the page without reading it.
func (p *Page) Discard() {
	for _, one := range p.all {
		p.from.release(one)
	}
}

// A pageWriter appends to a page until ctx ends. It has the methods with which the text encoders of expfmt need no
// buffer of their own.
type pageWriter struct {
	ctx  context.Context
	page *Page
	last *piece // of the page
}

// currentPiece returns the last piece, or a new one if that is full.
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
