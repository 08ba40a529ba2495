package access

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync/atomic"
	"syscall"
)

// maxSecretFile bounds a password file, in bytes.
const maxSecretFile = 4 << 10

// A user has a name and a password, which are kept as hashes. This also makes all guesses equally long, so that the
// time of a comparison reveals nothing.
type user struct {
	name     [sha256.Size]byte
	password atomic.Value // of type [sha256.Size]byte
	file     string       // the password file, or empty
}

// newUser returns the user of redacted settings.
func newUser(s Settings) (*user, error) {
	u := &user{name: sha256.Sum256([]byte(s.Username)), file: s.PasswordFile}
	if u.file == "" {
		u.password.Store([sha256.Size]byte([]byte(s.Password)))
	}
	return u, u.refresh()
}

// handler requires the user.
func (u *user) handler(next http.Handler, h Hooks) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h.Exempt(r.URL.Path) {
			next.ServeHTTP(w, r)
			return
		}
		if err := u.refresh(); err != nil {
			h.Warn(err, "password_file cannot be read; the last valid password stays active")
		}
		if !u.authenticates(r) {
			sendUnauthorized(w, r, h)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// refresh reads the password file, if there is one. After an error, the last valid password stays active.
func (u *user) refresh() error {
	if u.file == "" {
		return nil
	}
	password, err := readPassword(u.file)
	if err == nil {
		u.password.Store(password)
	}
	return err
}

// authenticates reports whether r has the name and the password. It always compares both, so that the time does not
// reveal which one is wrong.
func (u *user) authenticates(r *http.Request) bool {
	name, password, _ := r.BasicAuth() // without credentials both are empty, which no user has
	givenName, givenPassword := sha256.Sum256([]byte(name)), sha256.Sum256([]byte(password))
	secret := u.password.Load().([sha256.Size]byte)
	return subtle.ConstantTimeCompare(givenName[:], u.name[:])&
		subtle.ConstantTimeCompare(givenPassword[:], secret[:]) == 1
}

// readPassword returns the hash of the password in file.
func readPassword(file string) (hash [sha256.Size]byte, err error) {
	content, err := readSmall(file, maxSecretFile)
	if err == nil {
		content = bytes.TrimRight(content, "\r\n")
		if len(content) == 0 {
			err = errors.New("it is empty")
		}
	}
	if err != nil {
		return hash, fmt.Errorf("password_file %s: %w; write the name of a file that holds the password and nothing else", file, err)
	}
	return sha256.Sum256(content), nil
}

// readSmall reads a regular file of at most limit bytes. Reading other files, such as a pipe, could block forever. It
// checks the file after opening it without blocking, because the file could be replaced between a check and the
// opening.
func readSmall(name string, limit int64) ([]byte, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, cause(err)
	}
	defer f.Close()
	if about, err := f.Stat(); err != nil {
		return nil, cause(err)
	} else if !about.Mode().IsRegular() {
		return nil, errors.New("it is not a regular file")
	}
	content, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, cause(err)
	}
	if int64(len(content)) > limit {
		return nil, fmt.Errorf("it is longer than %d bytes", limit)
	}
	return content, nil
}

// cause returns err without the name of the file, which the caller adds.
func cause(err error) error {
	if at, ok := errors.AsType[*os.PathError](err); ok {
		return at.Err
	}
	return err
}
