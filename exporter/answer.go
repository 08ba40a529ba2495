package exporter

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"
)

var errEnded = errors.New("the scrape was ended")

// Why a scrape was ended.
var (
	endClosing  = "an instance of this page is closing; try again"
	endDeadline = "the page could not be made in time"
	endCrowded  = "other clients have fewer scrapes in flight"
)

// An answer is a response that is held in memory until it is complete. It is an http.ResponseWriter for promhttp, and
// has the methods that let the text encoders of expfmt write to it without a buffer in between.
//
// It stands between the encoder and the client for three reasons: the source gets its families back however slowly the
// client reads, a family that cannot be encoded does not leave half a line on the page, and a scrape that has to end
// can still be answered with an error.
type answer struct {
	header http.Header
	code   int
	body   []byte
	ended  atomic.Pointer[string] // why writes fail from now on, or nil
	failed bool                   // a family could not be encoded
}

// bodies keeps the memory of answers for later scrapes, which are usually of the same size. The collector of garbage
// frees what no scrape takes again.
type bodies struct{ pool sync.Pool }

func (b *bodies) newAnswer() *answer {
	a := &answer{}
	if body, ok := b.pool.Get().(*[]byte); ok {
		a.body = *body
	}
	a.reset()
	return a
}

// keep takes the memory of a, which must not be used any more.
func (b *bodies) keep(a *answer) {
	b.pool.Put(&a.body)
}

func (a *answer) reset() {
	a.header = make(http.Header)
	a.code = http.StatusOK
	a.body = a.body[:0]
	a.failed = false
}

// end lets writes fail from now on. It may be called from another goroutine, also when the answer was sent.
func (a *answer) end(why *string) { a.ended.CompareAndSwap(nil, why) }

// again makes a ready for another attempt, if it was ended for this reason and no other.
func (a *answer) again(why *string) bool {
	if !a.ended.CompareAndSwap(why, nil) {
		return false
	}
	a.reset()
	return true
}

func (a *answer) fail(code int, text string) {
	a.reset()
	a.code = code
	a.header.Set("Content-Type", "text/plain; charset=utf-8")
	a.body = append(append(a.body, text...), '\n')
}

// send writes the answer to w. A client that left is no error: nobody is there to be told.
func (a *answer) send(w http.ResponseWriter) {
	maps.Copy(w.Header(), a.header)
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(a.code)
	_, _ = w.Write(a.body)
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(code int) { a.code = code }

func (a *answer) Write(p []byte) (int, error) {
	if a.ended.Load() != nil {
		return 0, errEnded
	}
	a.body = append(a.body, p...)
	return len(p), nil
}

func (a *answer) WriteString(s string) (int, error) {
	if a.ended.Load() != nil {
		return 0, errEnded
	}
	a.body = append(a.body, s...)
	return len(s), nil
}

func (a *answer) WriteByte(c byte) error {
	if a.ended.Load() != nil {
		return errEnded
	}
	a.body = append(a.body, c)
	return nil
}

func (a *answer) WriteRune(r rune) (int, error) {
	if a.ended.Load() != nil {
		return 0, errEnded
	}
	n := len(a.body)
	a.body = utf8.AppendRune(a.body, r)
	return len(a.body) - n, nil
}

// Println is promhttp's error log. It also tells of an encoding that the client asks for and that nobody has, after
// which the page is sent without one; that is no failure.
func (a *answer) Println(v ...any) {
	if len(v) > 0 && strings.HasPrefix(fmt.Sprint(v[0]), "error encoding") {
		a.failed = true
	}
}
