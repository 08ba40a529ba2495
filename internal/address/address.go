// Package address parses listen addresses and the path of a metrics page.
package address

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Network is the network of an address.
type Network uint8

// The networks.
const (
	TCP Network = iota
	Unix
	Vsock
	Systemd
)

// schemes are the prefixes of addresses other than host:port.
var schemes = [...]string{Unix: "unix://", Vsock: "vsock://", Systemd: "systemd://"}

// maxUnixPath is the maximum length of the path of a Unix socket: that of the kernel, without the zero byte at the end.
const maxUnixPath = 107

// An Address is a parsed listen address. Its host is not resolved.
type Address struct {
	Network Network
	Host    string // of TCP: a name or an IP address, without brackets; empty for all interfaces
	Port    uint32 // of TCP, where 0 is any free port, and of Vsock
	Path    string // the file of a Unix socket, or the name of a systemd socket, where empty means all of them
}

// String returns the address in the syntax that ParseList reads.
func (a Address) String() string {
	switch a.Network {
	case TCP:
		return net.JoinHostPort(a.Host, strconv.Itoa(int(a.Port)))
	case Vsock:
		return fmt.Sprintf("%s:%d", schemes[Vsock], a.Port)
	}
	return schemes[a.Network] + a.Path
}

// ParseList parses addresses that are separated by commas. The error says what is wrong and what would be right.
func ParseList(text string) ([]Address, error) {
	var all []Address
	for part := range strings.SplitSeq(text, ",") {
		// Spaces are allowed around a comma, and nowhere else.
		if part != text {
			part = strings.TrimSpace(part)
		}
		a, err := parse(part)
		if err != nil && part != text {
			err = fmt.Errorf("%q: %w", part, err)
		}
		if err != nil {
			return nil, err
		}
		if slices.Contains(all, a) && !(a.Network == TCP && a.Port == 0) {
			return nil, fmt.Errorf("%s is listed twice; write it once", a)
		}
		all = append(all, a)
	}
	return all, nil
}

func parse(s string) (Address, error) {
	scheme, rest, _ := strings.Cut(s, "://")
	switch scheme {
	case "unix":
		return parseUnix(rest)
	case "systemd":
		if strings.ContainsAny(rest, "/:\x00") {
			return Address{}, errors.New("not the name of a socket: " +
				"write systemd://, or systemd://NAME with its FileDescriptorName")
		}
		return Address{Network: Systemd, Path: rest}, nil
	case "vsock":
		port, ok := strings.CutPrefix(rest, ":")
		n, err := strconv.ParseUint(port, 10, 32)
		if !ok || err != nil || n == 0 {
			return Address{}, errors.New("not a port alone: write vsock://:8989")
		}
		return Address{Network: Vsock, Port: uint32(n)}, nil
	}
	return parseTCP(s)
}

func parseUnix(path string) (Address, error) {
	switch {
	case !strings.HasPrefix(path, "/") || strings.HasSuffix(path, "/"):
		return Address{}, errors.New("not the full path of a socket: write unix:///run/promexporter.sock")
	case len(path) > maxUnixPath:
		return Address{}, fmt.Errorf("the path has %d bytes: write one of at most %d", len(path), maxUnixPath)
	case strings.ContainsRune(path, 0):
		return Address{}, errors.New("the path has a zero byte: write it without")
	}
	return Address{Network: Unix, Path: path}, nil
}

// parseTCP parses host:port. The port must be a number, because the meaning of a name would depend on the file
// /etc/services of the machine.
func parseTCP(s string) (Address, error) {
	if scheme, rest, ok := strings.Cut(s, "://"); ok {
		host, _, _ := strings.Cut(rest, "/")
		if host == "" {
			host = "host:port"
		}
		return Address{}, fmt.Errorf("not a URL: leave out %s:// and write %s", scheme, host)
	}
	if path, ok := strings.CutPrefix(s, "unix:/"); ok {
		return Address{}, fmt.Errorf("two slashes are missing: write unix:///%s", path)
	}
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return Address{}, badAddress(s)
	}
	n, err := strconv.ParseUint(port, 10, 16)
	switch {
	case port == "":
		return Address{}, errors.New("the port after the colon is missing")
	case err != nil && strings.Trim(port, "0123456789") != "":
		return Address{}, fmt.Errorf("the port %q is not a number", port)
	case err != nil || strconv.FormatUint(n, 10) != port:
		return Address{}, fmt.Errorf("the port %s is not from 0 to 65535", port)
	}
	if host != "" {
		if err := CheckHost(host); err != nil {
			return Address{}, err
		}
	}
	return Address{Host: host, Port: uint32(n)}, nil
}

// badAddress explains why s is not host:port.
func badAddress(s string) error {
	if _, err := strconv.ParseUint(s, 10, 16); err == nil {
		return fmt.Errorf("the colon is missing: write :%s", s)
	}
	if a, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil && a.Is6() {
		return fmt.Errorf("the port is missing: write [%s]:8989", a)
	}
	switch strings.Count(s, ":") {
	case 0:
		if err := CheckHost(s); s != "" && err != nil {
			return err
		}
		return fmt.Errorf("the port is missing: write %s:8989", s)
	case 1:
		return errors.New("not host:port")
	}
	if strings.ContainsAny(s, "; ") {
		return errors.New("not one address: write a comma between two")
	}
	return errors.New("an IPv6 address needs brackets: write [::1]:8989")
}

// CheckHost returns an error if host is neither a valid host name nor an IP address. It does not resolve names.
func CheckHost(host string) error {
	if strings.ContainsAny(host, ":%") || host != "" && strings.Trim(host, "0123456789.") == "" {
		if _, err := netip.ParseAddr(host); err != nil {
			return fmt.Errorf("the host %q is not an IP address", host)
		}
		return nil
	}
	if host == "*" {
		return errors.New("without a host all interfaces are meant: leave out the *")
	}
	if host == "" || len(host) > 253 || strings.Trim(host, "-.") != host || strings.ContainsFunc(host, notHost) {
		return fmt.Errorf("the host %q is neither a name nor an IP address", host)
	}
	return nil
}

func notHost(r rune) bool { return notPlain(r) && r != '-' && r != '.' }

// notPlain reports whether r is not an ASCII letter, a digit or an underscore.
func notPlain(r rune) bool {
	return r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
}
