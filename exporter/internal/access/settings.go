// Package access authenticates the clients of a server and configures its TLS.
package access

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"unicode"
)

// Settings are the users and the TLS configuration of a server: either a user, or a web configuration file, or neither.
// With the zero value, every client may read, over plain HTTP.
//
// With a user, all pages except health checks require the name and the password. With a file, its settings apply to all
// pages.
type Settings struct {
	Username string
	// Password is the password of Username. Only a hash of it is kept, and it is never written anywhere.
	Password string
	// PasswordFile is a file with the password, as an alternative to Password. A line break at its end is ignored. The
	// file is read again when it changes.
	PasswordFile string
	// ConfigFile is a web configuration file of Prometheus: TLS, users, headers, a rate limit. Its users, headers and
	// certificates are read again when they change; the rest counts as it was when the server started.
	ConfigFile string
}

// Format formats s without its password.
func (s Settings) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "{Username:%s PasswordFile:%s ConfigFile:%s}", s.Username, s.PasswordFile, s.ConfigFile)
}

// MarshalText returns s without its password.
func (s Settings) MarshalText() ([]byte, error) { return fmt.Append(nil, s), nil }

// Check returns the error that Open would return.
func (s Settings) Check() error {
	_, err := Open(s)
	return err
}

// check returns all contradictions in s. It does not read files.
func (s Settings) check() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	secret := s.Password != "" || s.PasswordFile != ""
	switch {
	case s.ConfigFile != "" && (s.Username != "" || secret):
		wrong("web_config_file: there is a username or a password as well; " +
			"write the users into basic_auth_users of the file, or leave out web_config_file")
	case s.Username == "" && s.Password != "":
		wrong("password: there is no username; write a username as well")
	case s.Username == "" && s.PasswordFile != "":
		wrong("password_file: there is no username; write a username as well")
	case s.Username != "" && !secret:
		wrong("username %q: there is no password; write password or password_file as well", s.Username)
	case s.Password != "" && s.PasswordFile != "":
		wrong("password_file: there is a password as well; keep one of the two")
	}
	if strings.Contains(s.Username, ":") || strings.ContainsFunc(s.Username, unicode.IsControl) {
		wrong("username %q: has a colon or a control character, which HTTP cannot send; write a name without", s.Username)
	}
	return errors.Join(errs...)
}

// redacted returns s with absolute paths, because the process may change its working directory later, and with a hash
// instead of the password.
func (s Settings) redacted() Settings {
	for _, path := range []*string{&s.PasswordFile, &s.ConfigFile} {
		if full, err := filepath.Abs(*path); err == nil && *path != "" {
			*path = full
		}
	}
	if s.Password != "" {
		hash := sha256.Sum256([]byte(s.Password))
		s.Password = string(hash[:])
	}
	return s
}
