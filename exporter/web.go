package exporter

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"unicode"
)

// Web says who may read the pages of a server, and how its connections are protected. With the zero value everybody
// may, in plain HTTP. It is either a user, or a file, or neither.
//
// With a user everything but /-/healthy and /-/ready asks for the name and the password. With a file that file
// decides, also over these two pages.
type Web struct {
	Username string
	// Password goes with Username. It is kept as a hash only, and never written anywhere.
	Password string
	// PasswordFile holds the password instead, without the line break at its end. It is read again when it changes.
	PasswordFile string
	// ConfigFile is a web configuration file of Prometheus: TLS, users, headers, a rate limit. Its users, headers and
	// certificates are read again when they are needed; the rest counts as it was when the server started.
	ConfigFile string
}

// String is w without its password.
func (w Web) String() string {
	return fmt.Sprintf("{Username:%s PasswordFile:%s ConfigFile:%s}", w.Username, w.PasswordFile, w.ConfigFile)
}

// GoString is w without its password.
func (w Web) GoString() string { return "exporter.Web" + w.String() }

// LogValue is w without its password.
func (w Web) LogValue() slog.Value { return slog.StringValue(w.String()) }

// MarshalText gives w without its password.
func (w Web) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

// Check reports what is wrong with w and the files that it names, as Open would.
func (w Web) Check() error {
	err := w.check()
	if err == nil {
		_, err = w.open()
	}
	return err
}

// check reports every contradiction in w at once. It reads no file.
func (w Web) check() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	secret := w.Password != "" || w.PasswordFile != ""
	switch {
	case w.ConfigFile != "" && (w.Username != "" || secret):
		wrong("web_config_file: there is a username or a password as well; " +
			"write the users into basic_auth_users of the file, or leave out web_config_file")
	case w.Username == "" && secret:
		wrong("%s: there is no username; write a username as well", w.secretKey())
	case w.Username != "" && !secret:
		wrong("username %q: there is no password; write password or password_file as well", w.Username)
	case w.Password != "" && w.PasswordFile != "":
		wrong("password_file: there is a password as well; keep one of the two")
	}
	if strings.Contains(w.Username, ":") || strings.ContainsFunc(w.Username, unicode.IsControl) {
		wrong("username %q: holds a colon or a control character; HTTP has no way to send it", w.Username)
	}
	return errors.Join(errs...)
}

func (w Web) secretKey() string {
	if w.Password != "" {
		return "password"
	}
	return "password_file"
}

// A gate is a Web that was checked, with its files.
type gate struct {
	web  Web // without the password, paths absolute
	user *user
	file *webFile
}

// open reads the files of w. The error says what is wrong and what would be right.
func (w Web) open() (*gate, error) {
	g := &gate{web: w.shown()}
	var err error
	switch {
	case w.ConfigFile != "":
		g.file, err = readWebFile(g.web.ConfigFile)
	case w.PasswordFile != "":
		g.user, err = newFileUser(w.Username, g.web.PasswordFile)
	case w.Username != "":
		g.user = newUser(w.Username, w.Password)
	}
	if err != nil {
		return nil, err
	}
	return g, nil
}

// shown is w without its password, with paths that are good in every folder.
func (w Web) shown() Web {
	return Web{Username: w.Username, PasswordFile: absolute(w.PasswordFile), ConfigFile: absolute(w.ConfigFile)}
}

// absolute is path as it is found from everywhere. A process may change its folder later.
func absolute(path string) string {
	if path == "" {
		return ""
	}
	if full, err := filepath.Abs(path); err == nil {
		return full
	}
	return path
}

// encrypted says whether connections are.
func (g *gate) encrypted() bool { return g.file != nil && g.file.tls }

// readable says whether a password crosses the network in a form that others can read.
func (g *gate) readable() bool { return g.user != nil || g.file != nil && g.file.users && !g.file.tls }

// difference names the first key in which the settings differ, or is empty.
func (g *gate) difference(other *gate) string {
	switch {
	case g.web.ConfigFile != other.web.ConfigFile:
		return "web_config_file"
	case g.web.Username != other.web.Username:
		return "username"
	case g.web.PasswordFile != other.web.PasswordFile:
		return "password_file"
	case g.literal() != other.literal():
		return "password"
	}
	return ""
}

// literal is the hash of a password that stands in no file.
func (g *gate) literal() [sha256.Size]byte {
	if g.user == nil || g.user.file != "" {
		return [sha256.Size]byte{}
	}
	return g.user.secret()
}

// outdated says whether a front of g serves otherwise than one of next would.
func (g *gate) outdated(next *gate) bool {
	return g.difference(next) != "" || g.file != nil && g.file.facts != next.file.facts
}
