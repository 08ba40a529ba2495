package exporter

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"time"
)

// A user may read. The password is kept as a hash, which also gives every guess the same length, so that the time of
// a comparison tells nothing.
type user struct {
	name [sha256.Size]byte
	file string // where the password stands, or ""

	mu       sync.Mutex
	password [sha256.Size]byte // guarded by mu
	read     time.Time         // when the file was; guarded by mu
}

func newUser(name, password string) *user {
	return &user{name: sha256.Sum256([]byte(name)), password: sha256.Sum256([]byte(password))}
}

// newFileUser makes a user whose password stands in file.
func newFileUser(name, file string) (*user, error) {
	password, err := readPassword(file)
	if err != nil {
		return nil, err
	}
	return &user{name: sha256.Sum256([]byte(name)), file: file, password: password, read: time.Now()}, nil
}

// admits says whether r comes with the name and the password. Both are compared whatever comes of the first.
func (u *user) admits(r *http.Request) bool {
	name, password, _ := r.BasicAuth() // without them both are empty, which no user has
	givenName, givenPassword := sha256.Sum256([]byte(name)), sha256.Sum256([]byte(password))
	secret := u.secret()
	return subtle.ConstantTimeCompare(givenName[:], u.name[:])&
		subtle.ConstantTimeCompare(givenPassword[:], secret[:]) == 1
}

func (u *user) secret() [sha256.Size]byte {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.password
}

// refresh reads the password file again when that is due. After an error the last good password stays.
func (u *user) refresh(now time.Time) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.file == "" || now.Sub(u.read) < passwordAge {
		return nil
	}
	u.read = now
	password, err := readPassword(u.file)
	if err == nil {
		u.password = password
	}
	return err
}

// readPassword gives the hash of the password in file.
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

// readSmall reads a regular file of at most limit bytes. Anything else, such as a pipe, could block for ever.
func readSmall(name string, limit int64) ([]byte, error) {
	about, err := os.Stat(name)
	if err != nil {
		return nil, cause(err)
	}
	if !about.Mode().IsRegular() {
		return nil, errors.New("it is no regular file")
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, cause(err)
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, cause(err)
	}
	if int64(len(content)) > limit {
		return nil, fmt.Errorf("it is longer than %d bytes", limit)
	}
	return content, nil
}

// cause is err without the name of the file, which the caller names.
func cause(err error) error {
	if at, ok := errors.AsType[*os.PathError](err); ok {
		return at.Err
	}
	return err
}

// openToAll says whether path needs no password: what asks for health has none, and learns nothing else.
func openToAll(path string) bool { return path == healthyPath || path == readyPath }

// admit says whether r may go on, and answers it if not. Users of a web configuration file were asked before.
func (f *front) admit(w http.ResponseWriter, r *http.Request) bool {
	if file := f.gate.file; file != nil && file.lostUsers(r) {
		f.server.logs.warn(f.server.log(), nil, "web_config_file has lost its users: requests are refused until it has some, "+
			"or until a reload", "file", file.path)
		http.Error(w, "500 web_config_file has lost its users; the log says more", http.StatusInternalServerError)
		return false
	}
	u := f.gate.user
	if u == nil || openToAll(r.URL.Path) {
		return true
	}
	if err := u.refresh(time.Now()); err != nil {
		f.server.logs.warn(f.server.log(), err, "the last good password stays in force")
	}
	if u.admits(r) {
		return true
	}
	f.server.self.unauthorized.Inc()
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("WWW-Authenticate", `Basic realm="promexporter", charset="UTF-8"`)
	http.Error(w, "401 unauthorized; send the username and the password", http.StatusUnauthorized)
	return false
}
