package render

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
)

// pieceSize is the size of a piece in bytes. The kernel takes pieces of this size at nearly the speed of larger ones,
// and a small page does not waste much memory. Pieces of 64 KiB take twice as long on a local connection, because a TCP
// segment is slightly shorter. Together with its other field, a piece fills whole pages of the Go heap, which would
// otherwise add an eighth.
const pieceSize = 56<<10 - 4

// A piece is a part of a page. Its last reader returns it to the pool.
type piece struct {
	readers atomic.Int32
	bytes   [pieceSize]byte
}

// pieces is a pool of pieces. The zero value is ready to use.
type pieces struct{ pool sync.Pool }

func (s *pieces) take() *piece {
	p, ok := s.pool.Get().(*piece)
	if !ok {
		p = new(piece)
	}
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
	all  []*piece // full, except for the last one
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
			written, err = w.Write(one.bytes[:min(pieceSize, p.size-n)])
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
// buffer of their own. The encoders write a few bytes at a time, so these methods do little.
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
	p := w.page.from.take()
	w.page.all = append(w.page.all, p)
	w.free = p.bytes[:]
	return nil
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

func (w *pageWriter) WriteRune(r rune) (n int, err error) { return appendTo(w, string(r)) }
