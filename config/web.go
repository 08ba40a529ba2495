package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Secret is a text that is not to be shown: printing it gives a placeholder.
type Secret string

const shownSecret = "<secret>"

func (s Secret) String() string { return shownSecret }

// GoString is like String.
func (s Secret) GoString() string { return shownSecret }

// MarshalText is like String.
func (s Secret) MarshalText() ([]byte, error) { return []byte(shownSecret), nil }

// checkAddresses checks a list of addresses with commas in between.
func checkAddresses(s string) error {
	for one := range strings.SplitSeq(s, ",") {
		// Around a comma there may be spaces; around the only address there are none.
		if one != s {
			one = strings.TrimSpace(one)
		}
		if err := checkOneAddress(one); err != nil {
			if one == s {
				return err
			}
			return fmt.Errorf("%s: %w", quote(one), err)
		}
	}
	return nil
}

// checkOneAddress checks host:port, or what stands behind the scheme of another kind of address.
func checkOneAddress(s string) error {
	scheme, rest, _ := strings.Cut(s, "://")
	switch scheme {
	case "unix":
		if !strings.HasPrefix(rest, "/") || strings.HasSuffix(rest, "/") {
			return errors.New("not the full path of a socket: write unix:///run/promexporter.sock")
		}
		return nil
	case "systemd":
		if strings.ContainsAny(rest, "/:") {
			return errors.New("not the name of a socket: write systemd://, or systemd://NAME with its FileDescriptorName")
		}
		return nil
	case "vsock":
		port, ok := strings.CutPrefix(rest, ":")
		if n, err := strconv.ParseUint(port, 10, 32); !ok || err != nil || n == 0 {
			return errors.New("not a port alone: write vsock://:8989")
		}
		return nil
	}
	return checkAddress(s)
}

// maxRequestsLimit bounds max_requests: a server has no more connections.
const maxRequestsLimit = 512

func readMaxRequests(c *Config, value string) error {
	n, err := strconv.Atoi(value)
	if err != nil {
		return errors.New("not a whole number")
	}
	if n < 1 || n > maxRequestsLimit {
		return fmt.Errorf("not from 1 to %d", maxRequestsLimit)
	}
	c.MaxRequests = n
	return nil
}

// checkFile refuses what cannot be the name of a file.
func checkFile(value string) error {
	if strings.HasSuffix(value, "/") {
		return errors.New("a folder")
	}
	return nil
}
