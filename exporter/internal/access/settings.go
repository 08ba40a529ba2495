// Package access authenticates the clients of a server and configures its TLS.
package access

import (
	"errors"
	"fmt"
	"log/slog"
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

// String returns s without its password.
func (s Settings) String() string {
	return fmt.Sprintf("{Username:%s PasswordFile:%s ConfigFile:%s}", s.Username, s.PasswordFile, s.ConfigFile)
}

// GoString returns s without its password.
func (s Settings) GoString() string { return "access.Settings" + s.String() }

// LogValue returns s without its password.
func (s Settings) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText returns s without its password.
func (s Settings) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

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
	case s.Username == "" && secret:
		wrong("%s: there is no username; write a username as well", s.secretKey())
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

func (s Settings) secretKey() string {
	if s.Password != "" {
		return "password"
	}
	return "password_file"
}

// redacted returns s without its password, and with absolute paths.
func (s Settings) redacted() Settings {
	return Settings{Username: s.Username, PasswordFile: absolute(s.PasswordFile), ConfigFile: absolute(s.ConfigFile)}
}

// absolute returns an absolute path, because the process may change its working directory later.
func absolute(path string) string {
	if path == "" {
		return ""
	}
	if full, err := filepath.Abs(path); err == nil {
		return full
	}
	return path
}
