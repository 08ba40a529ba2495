package render

import (
	"context"
	"io"
	"sync"
)

// pieceSize is the size of a piece in bytes. The kernel takes pieces of this size at nearly the speed of larger ones,
// and a small page does not waste much memory. Pieces of 64 KiB take twice as long on a local connection, because a TCP
// segment is slightly shorter. A piece fills whole pages of the Go heap, which would otherwise add an eighth.
const pieceSize = 56 << 10

// A piece is a part of a page.
type piece [pieceSize]byte

// pieces is a pool of pieces. The zero value is ready to use.
type pieces struct{ pool sync.Pool }

func (s *pieces) take() *piece {
	if p, ok := s.pool.Get().(*piece); ok {
		return p
	}
	return new(piece)
}

func (s *pieces) release(p *piece) { s.pool.Put(p) }

// A Page is a complete page. It has one reader, which must call WriteTo or Discard once, unless Share is called.
type Page struct {
	Format
	size   int64
	all    []*piece // full, except for the last one
	from   *pieces
	shared bool
}

// Size returns the size of the page in bytes.
func (p *Page) Size() int64 { return p.size }

// Share allows any number of readers, at the same time. The garbage collector frees the memory of such a page. Share
// must be called before a reader reads.
func (p *Page) Share() { p.shared = true }

// WriteTo writes the page to w. Each piece is reused as soon as it is written, unless the page is shared.
func (p *Page) WriteTo(w io.Writer) (n int64, err error) {
	for _, one := range p.all {
		if err == nil {
			var written int
			written, err = w.Write(one[:min(pieceSize, p.size-n)])
			n += int64(written)
		}
		p.release(one)
	}
	return n, err
}

// Discard returns the page without reading it.
func (p *Page) Discard() {
	for _, one := range p.all {
		p.release(one)
	}
}

func (p *Page) release(one *piece) {
	if !p.shared {
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
	w.free = p[:]
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
