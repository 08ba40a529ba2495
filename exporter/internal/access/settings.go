// Package access decides who may read the pages of a server, and whether its connections are encrypted.
package access

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"unicode"
)

// Settings says who may read. With the zero value everybody may, in plain HTTP. It is either a user, or a file, or neither.
//
// With a user, everything but the pages for health checks asks for the name and the password. With a file, the file
// decides, also over these pages.
type Settings struct {
	Username string
	// Password goes with Username. It is kept as a hash only, and never written anywhere.
	Password string
	// PasswordFile holds the password instead, without the line break at its end. It is read again when it changes.
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

// Check reports what is wrong with s and the files that it names, as Open would.
func (s Settings) Check() error {
	_, err := Open(s)
	return err
}

// check reports every contradiction in s at once. It reads no file.
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

// redacted is s without its password, with paths that are valid in every working directory.
func (s Settings) redacted() Settings {
	return Settings{Username: s.Username, PasswordFile: absolute(s.PasswordFile), ConfigFile: absolute(s.ConfigFile)}
}

// absolute returns path as it is found from everywhere, because a process may change its directory later.
func absolute(path string) string {
	if path == "" {
		return ""
	}
	if full, err := filepath.Abs(path); err == nil {
		return full
	}
	return path
}
