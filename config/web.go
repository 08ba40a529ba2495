package config

import (
	"errors"
	"strings"

	"github.com/promexporter/promexporter/internal/address"
)

// Secret is a string that must not be shown. Printing it prints a placeholder.
type Secret string

const shownSecret = "<secret>"

func (s Secret) String() string { return shownSecret }

// GoString is like String.
func (s Secret) GoString() string { return shownSecret }

// MarshalText is like String.
func (s Secret) MarshalText() ([]byte, error) { return []byte(shownSecret), nil }

// maxRequestsLimit bounds max_requests. A server does not accept more connections.
const maxRequestsLimit = 512

// checkFile checks that value can be the name of a file.
func checkFile(value string) error {
	if strings.HasSuffix(value, "/") {
		return errors.New("a directory")
	}
	if isQuoted(value) {
		return errors.New("not the name of a file")
	}
	return nil
}

// parseHosts parses host names separated by commas.
func parseHosts(value string) ([]string, error) {
	var hosts []string
	for host := range strings.SplitSeq(value, ",") {
		host = strings.TrimSpace(host)
		if err := address.CheckHost(host); err != nil {
			return nil, err
		}
		hosts = append(hosts, host)
	}
	return hosts, nil
}
