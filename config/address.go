package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// checkAddress checks host:port. Ports are numbers: a name would mean what
// /etc/services of the machine says, if it has one.
func checkAddress(s string) error {
	if scheme, rest, ok := strings.Cut(s, "://"); ok {
		host, _, _ := strings.Cut(rest, "/")
		if host == "" {
			host = "host:port"
		}
		return fmt.Errorf("not a URL: leave out %s:// and write %s", scheme, host)
	}
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return badAddress(s)
	}
	n, err := strconv.ParseUint(port, 10, 16)
	switch {
	case port == "":
		return errors.New("no port behind the colon")
	case err != nil && strings.Trim(port, "0123456789") != "":
		return fmt.Errorf("the port %s is not a number", quote(port))
	case err != nil || strconv.FormatUint(n, 10) != port:
		return fmt.Errorf("the port %s is not from 0 to 65535", port)
	}
	return checkHost(host)
}

// badAddress explains why s is not host:port.
func badAddress(s string) error {
	if _, err := strconv.ParseUint(s, 10, 16); err == nil {
		return fmt.Errorf("the colon is missing: write :%s", s)
	}
	if a, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil && a.Is6() {
		return fmt.Errorf("no port: write [%s]:8989", a)
	}
	switch strings.Count(s, ":") {
	case 0:
		return fmt.Errorf("no port: write %s:8989", s)
	case 1:
		return errors.New("not host:port")
	}
	return errors.New("an IPv6 address stands in brackets: write [::1]:8989")
}

// checkHost checks what can be without asking a name server.
func checkHost(host string) error {
	if host == "" {
		return nil
	}
	if strings.ContainsAny(host, ":%") || strings.Trim(host, "0123456789.") == "" {
		if _, err := netip.ParseAddr(host); err != nil {
			return fmt.Errorf("the host %s is no IP address", quote(host))
		}
		return nil
	}
	if host == "*" {
		return errors.New("no host means all interfaces: leave out the *")
	}
	if len(host) > 253 || strings.Trim(host, "-.") != host || strings.ContainsFunc(host, notHost) {
		return fmt.Errorf("the host %s is neither a name nor an IP address", quote(host))
	}
	return nil
}

func notHost(r rune) bool { return notPlain(r) && r != '-' && r != '.' }

// maxPath bounds the path of the metrics page, in bytes.
const maxPath = 256

// checkPath checks the path of the metrics page. Only characters that need no
// escaping are allowed: an escaped path would be a second spelling of a page.
func checkPath(s string) error {
	switch {
	case !strings.HasPrefix(s, "/"):
		return errors.New("no slash in front")
	case len(s) > maxPath:
		return fmt.Errorf("longer than %d bytes", maxPath)
	case s == "/-" || strings.HasPrefix(s, "/-/"):
		return errors.New("paths below /-/ are those of health and readiness")
	case strings.Contains(s, "?"):
		return errors.New("a query does not belong to the path")
	case strings.Contains(s, "#"):
		return errors.New("a fragment does not belong to the path")
	}
	for _, r := range s {
		if notPlain(r) && !strings.ContainsRune("-.~/", r) {
			return fmt.Errorf("the character %q is none of letters, digits and -._~/", r)
		}
	}
	for segment := range strings.SplitSeq(strings.TrimSuffix(s[1:], "/"), "/") {
		if segment == "." || segment == ".." || segment == "" && s != "/" {
			return errors.New("clients remove empty, . and .. segments")
		}
	}
	return nil
}
