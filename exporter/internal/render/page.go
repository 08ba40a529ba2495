package render

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"unicode/utf8"
)

// pieceSize is the size of a piece in bytes. The kernel takes pieces of this size at nearly the speed of larger ones,
// and a small page does not waste much memory. Pieces of 64 KiB take twice as long on a local connection, because a TCP
// segment is slightly shorter. Together with its other fields, a piece fills whole pages of the Go heap, which would
// otherwise add an eighth.
const pieceSize = 56<<10 - 16

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

// maxPage bounds the bytes of a page as it is sent. A page can be much larger than its series, because each bucket
// repeats the labels of its series. Compressed, this is a page of some ten million series.
const maxPage = 256 << 20

// errPageFull is the error of a page that would exceed maxPage.
var errPageFull = errors.New("the page would be larger than 256 MiB; lower series_limit or series_memory_limit, or read it compressed")

// A pageWriter appends to a page until ctx ends. It has the methods with which the text encoders of expfmt need no
// buffer of their own. The encoders write a few bytes at a time, so these methods do little.
type pageWriter struct {
	ctx  context.Context
	most int64 // bytes of the page, of which the last piece may exceed it
	page *Page
	free []byte // of the last piece of the page
}

// grow adds a piece to the page.
func (w *pageWriter) grow() error {
	if w.ctx.Err() != nil {
		return context.Cause(w.ctx)
	}
	w.closePiece()
	w.free = nil
	if w.page.size >= w.most {
		return errPageFull
	}
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
