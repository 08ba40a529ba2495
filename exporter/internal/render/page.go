package render

import (
	"context"
	"errors"
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

// maxPage bounds the size of a page in bytes. A page can be much larger than its series in memory, because each bucket
// of a histogram repeats the labels of its series.
const maxPage = 1 << 30

// ErrTooLarge is the error of a page that would exceed the largest size.
var ErrTooLarge = errors.New("the page would be larger than 1 GiB; let clients accept gzip, bound the labels of histograms, or lower series_memory_limit")

// A pageWriter appends to a page until ctx ends. It has the methods with which the text encoders of expfmt need no
// buffer of their own. The encoders write a few bytes at a time, so these methods do little.
type pageWriter struct {
	ctx  context.Context
	most int // size of the page, rounded up to a piece
	page *Page
	last *piece
	used int // bytes of last; pieceSize if there is none
}

// close sets the size of the page.
func (w *pageWriter) close() { w.page.size = int64((len(w.page.all)-1)*pieceSize + w.used) }

// grow adds a piece to the page.
func (w *pageWriter) grow() error {
	if w.ctx.Err() != nil {
		return context.Cause(w.ctx)
	}
	if len(w.page.all)*pieceSize >= w.most {
		return ErrTooLarge
	}
	w.last, w.used = w.page.from.take(), 0
	w.page.all = append(w.page.all, w.last)
	return nil
}

func (w *pageWriter) Write(b []byte) (n int, err error) { return appendTo(w, b) }

func (w *pageWriter) WriteString(s string) (n int, err error) {
	if len(s) < pieceSize-w.used {
		w.used += copy(w.last[w.used:], s)
		return len(s), nil
	}
	return appendTo(w, s)
}

func appendTo[T string | []byte](w *pageWriter, text T) (n int, err error) {
	for n < len(text) {
		if w.used == pieceSize {
			if err := w.grow(); err != nil {
				return n, err
			}
		}
		copied := copy(w.last[w.used:], text[n:])
		w.used, n = w.used+copied, n+copied
	}
	return n, nil
}

func (w *pageWriter) WriteByte(c byte) error {
	if w.used == pieceSize {
		if err := w.grow(); err != nil {
			return err
		}
	}
	w.last[w.used] = c
	w.used++
	return nil
}

func (w *pageWriter) WriteRune(r rune) (n int, err error) { return appendTo(w, string(r)) }
