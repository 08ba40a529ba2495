package access

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"sync"

	"github.com/prometheus/common/config"
	"golang.org/x/crypto/bcrypt"

	"github.com/promexporter/promexporter/exporter/internal/clients"
)

const (
	// maxChecks bounds the requests whose password is being compared, or waits for it. A comparison at a cost of 10
	// takes about 50 ms, so the last request waits for less than half a second.
	maxChecks = 8

	// maxClientChecks is the same bound for one client.
	maxClientChecks = maxChecks / 2
)

// users are the bcrypt hashes of passwords by user name.
type users = map[string]config.Secret

type verdict int

const (
	wrong verdict = iota
	right
	busy // too many other requests wait
)

// passwords compares passwords with bcrypt hashes, one at a time, because each comparison takes a lot of processor
// time. It remembers the last right password of each user and does not compare it again. Wrong passwords do not replace
// it.
type passwords struct {
	compare  func(hash, password []byte) error // bcrypt.CompareHashAndPassword
	sem      chan struct{}                     // a semaphore: has an element while a password is being compared
	checks   clients.Limit                     // requests that wait or are compared
	accepted sync.Map                          // results of identify by user name
}

func newPasswords() *passwords {
	return &passwords{compare: bcrypt.CompareHashAndPassword, sem: make(chan struct{}, 1)}
}

// check compares the password of a user with the hash in all. It waits until ctx ends at most. An unknown user takes as
// long as a known one.
func (p *passwords) check(ctx context.Context, client netip.Addr, all users, name, password string) verdict {
	hash, known := all[name]
	if !known {
		hash = slices.Max(slices.Collect(maps.Values(all))) // the costliest one, if all have the same version of bcrypt
	}
	id := identify(name, string(hash), password)
	if known && p.isAccepted(name, id) {
		return right
	}
	if p.checks.Enter(client, maxChecks, maxClientChecks) != clients.Admitted {
		return busy
	}
	defer p.checks.Leave(client)
	select {
	case p.sem <- struct{}{}:
		defer func() { <-p.sem }()
	case <-ctx.Done():
		return busy
	}
	if known && p.isAccepted(name, id) { // meanwhile
		return right
	}
	if p.compare([]byte(hash), []byte(password)) != nil || !known {
		return wrong
	}
	p.accepted.Store(name, id)
	return right
}

// identify returns a hash that identifies a user with a password.
func identify(name, hash, password string) [sha256.Size]byte {
	return sha256.Sum256(fmt.Appendf(nil, "%q%q%q", name, hash, password))
}

// isAccepted reports whether id is the last right one of a user. An attacker cannot use the time of the comparison,
// because id depends on the bcrypt hash.
func (p *passwords) isAccepted(name string, id [sha256.Size]byte) bool {
	last, _ := p.accepted.Load(name)
	return last == id
}
