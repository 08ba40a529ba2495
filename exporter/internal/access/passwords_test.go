package access

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"golang.org/x/crypto/bcrypt"

	"github.com/prometheus/common/config"

	"github.com/promexporter/promexporter/internal/webtest"
)

// slow returns passwords whose comparisons take until something is sent to the channel, or it is closed, and the hashes
// that were compared.
func slow() (p *passwords, finish chan struct{}, compared *[]string) {
	p, finish, compared = newPasswords(), make(chan struct{}), new([]string)
	p.compare = func(hash, password []byte) error {
		*compared = append(*compared, string(hash)) // one at a time, or the race detector finds it
		<-finish
		if bytes.Equal(password, []byte("right")) {
			return nil
		}
		return bcrypt.ErrMismatchedHashAndPassword
	}
	return p, finish, compared
}

func address(n int) netip.Addr { return netip.AddrFrom4([4]byte{192, 0, 2, byte(n)}) }

var alice = users{"alice": "hash"}

// At most maxChecks requests are checked at once, one of them by bcrypt, and maxClientChecks of one client.
func TestChecksAreBounded(t *testing.T) {
	for name, test := range map[string]struct{ clients, want int }{
		"one client":   {1, maxClientChecks},
		"two clients":  {2, 2 * maxClientChecks},
		"many clients": {100, maxChecks},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, finish, compared := slow()
				var wg sync.WaitGroup
				var refused, unauthorized atomic.Int64
				for i := range 1000 {
					wg.Go(func() {
						switch p.check(t.Context(), address(i%test.clients), alice, "alice", fmt.Sprint(i)) {
						case busy:
							refused.Add(1)
						case wrong:
							unauthorized.Add(1)
						}
					})
				}
				synctest.Wait()
				if got := refused.Load(); got != int64(1000-test.want) {
					t.Errorf("%d refused at once, want %d", got, 1000-test.want)
				}
				if len(*compared) != 1 {
					t.Errorf("%d comparisons at once", len(*compared))
				}
				close(finish)
				wg.Wait()
				if unauthorized.Load() != int64(test.want) || len(*compared) != test.want {
					t.Errorf("%d checked, %d compared, want %d", unauthorized.Load(), len(*compared), test.want)
				}
				if all, clients := p.checks.Count(); all != 0 || clients != 0 {
					t.Errorf("%d checks of %d clients are left", all, clients)
				}
			})
		})
	}
}

// A wait ends when the client disconnects, and another request can wait.
func TestWaitEndsWithTheRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, finish, _ := slow()
		go p.check(t.Context(), address(1), alice, "alice", "wrong")
		synctest.Wait()
		ctx, leave := context.WithCancel(t.Context())
		ended := make(chan verdict)
		go func() { ended <- p.check(ctx, address(2), alice, "alice", "right") }()
		synctest.Wait()
		leave()
		if got := <-ended; got == right {
			t.Error("a request that has ended is let in")
		}
		if all, clients := p.checks.Count(); all != 1 || clients != 1 {
			t.Errorf("%d checks of %d clients", all, clients)
		}
		close(finish)
		synctest.Wait()
	})
}

// While attackers use all checks, an accepted password is right at once, and stays accepted.
func TestAcceptedPasswordNeverWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, finish, compared := slow()
		all := users{"alice": "hash", "bob": "hash of bob"}
		for _, name := range []string{"alice", "bob"} {
			go func() { finish <- struct{}{} }()
			if got := p.check(t.Context(), address(1), all, name, "right"); got != right {
				t.Fatalf("%s: %v", name, got)
			}
		}
		before := len(*compared)
		for i := range 1000 {
			go p.check(t.Context(), address(i), all, []string{"alice", "bob", "mallory"}[i%3], fmt.Sprint("wrong", i))
		}
		synctest.Wait()
		for _, name := range []string{"alice", "bob"} {
			if got := p.check(t.Context(), address(1), all, name, "right"); got != right {
				t.Errorf("%s during the flood: %v", name, got)
			}
		}
		if got := p.check(t.Context(), address(250), all, "alice", "other"); got != busy {
			t.Errorf("a wrong password during the flood: %v", got)
		}
		close(finish)
		synctest.Wait()
		if got := p.check(t.Context(), address(1), all, "alice", "right"); got != right || len(*compared) != before+maxChecks {
			t.Errorf("after the flood: %v, %d comparisons", got, len(*compared))
		}
	})
}

// An accepted password belongs to one user and one hash.
func TestAcceptedPasswordIsOfOneHash(t *testing.T) {
	p := newPasswords()
	count := 0
	p.compare = func(hash, password []byte) error {
		count++
		if string(hash) == string(password) {
			return nil
		}
		return bcrypt.ErrMismatchedHashAndPassword
	}
	for _, step := range []struct {
		all            users
		name, password string
		want           verdict
		comparisons    int
	}{
		{users{"a": "one"}, "a", "one", right, 1},
		{users{"a": "one"}, "a", "one", right, 1},
		{users{"a": "one"}, "a", "two", wrong, 2},
		{users{"a": "one"}, "a", "two", wrong, 3}, // there is no memory of wrong ones
		{users{"a": "one"}, "a", "one", right, 3},
		{users{"a": "two"}, "a", "one", wrong, 4}, // another hash
		{users{"a": "two"}, "a", "two", right, 5},
		{users{"a": "one", "b": "one"}, "b", "one", right, 6}, // another user
		{users{"b": "one"}, "a", "one", wrong, 7},             // no user any more
		{users{"b": "one"}, "", "", wrong, 8},
		{users{"ab": "c"}, "ab", "c", right, 9},
		{users{"a": "bc"}, "a", "c", wrong, 10},
	} {
		if got := p.check(t.Context(), address(1), step.all, step.name, step.password); got != step.want || count != step.comparisons {
			t.Errorf("%v as %q with %q: %v after %d comparisons, want %v after %d",
				step.all, step.name, step.password, got, count, step.want, step.comparisons)
		}
	}
}

// A check of an unknown user takes as long as that of the most expensive known user.
func TestUnknownUsersCostTheSame(t *testing.T) {
	hash := func(cost int) config.Secret {
		h, err := bcrypt.GenerateFromPassword([]byte("right"), bcrypt.MinCost)
		if err != nil {
			t.Fatal(err)
		}
		return config.Secret(strings.Replace(string(h), "$04$", fmt.Sprintf("$%02d$", cost), 1))
	}
	p := newPasswords()
	var costs []int
	p.compare = func(hash, _ []byte) error {
		cost, err := bcrypt.Cost(hash)
		if err != nil {
			t.Error(err)
		}
		costs = append(costs, cost)
		return nil // even of a password that fits
	}
	all := users{"alice": hash(12), "bob": hash(10), "carol": hash(11)}
	for _, name := range []string{"mallory", "", "Alice", strings.Repeat("x", 10_000)} {
		for _, password := range []string{"", "right", strings.Repeat("x", 73), strings.Repeat("x", 10_000)} {
			if got := p.check(t.Context(), address(1), all, name, password); got != wrong {
				t.Errorf("%.10q is let in", name)
			}
		}
	}
	if len(costs) != 16 || slices.Min(costs) != 12 || slices.Max(costs) != 12 {
		t.Errorf("costs %v, want 16 times 12", costs)
	}
}

// The same over HTTP: after a flood of requests no goroutines are left, and the scraper did not wait.
func TestFloodOfWrongPasswords(t *testing.T) {
	folder := webtest.NewFolder(t, usersConfig(t))
	s := serve(t, open(t, Settings{ConfigFile: folder.Config()}))
	if code := s.ask("alice", secret).Code; code != 200 {
		t.Fatal(code)
	}
	finish := make(chan struct{})
	s.access.file.passwords.compare = func(_, _ []byte) error {
		<-finish
		return bcrypt.ErrMismatchedHashAndPassword
	}
	before := runtime.NumGoroutine()
	const flood = 500
	ctx, leave := context.WithCancel(t.Context())
	answers := make(chan *httptest.ResponseRecorder, flood)
	for i := range flood {
		r := request("/metrics", "alice", fmt.Sprint(i), fmt.Sprintf("10.0.%d.%d", i/250, i%250))
		go func() {
			w := httptest.NewRecorder()
			s.handler.ServeHTTP(w, r.WithContext(ctx))
			answers <- w
		}()
	}
	for range flood - maxChecks {
		if w := <-answers; w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "1" {
			t.Fatalf("%d %v", w.Code, w.Header())
		}
	}
	if got := runtime.NumGoroutine() - before; got > 2*maxChecks {
		t.Errorf("%d more goroutines", got)
	}
	if response := fetch(t, http.DefaultClient, s.url, "alice", secret); response.StatusCode != 200 {
		t.Errorf("the scraper gets %s", response.Status)
	}
	leave()
	for range maxChecks - 1 {
		<-answers // those that waited, although the comparison still runs
	}
	close(finish)
	<-answers
	if got := s.throttled.Load(); got < flood-maxChecks {
		t.Errorf("%d throttled", got)
	}
}
