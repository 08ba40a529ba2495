package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/promexporter/promexporter/internal/address"
)

// Secret is a text that is not to be shown: printing it gives a placeholder.
type Secret string

const shownSecret = "<secret>"

func (s Secret) String() string { return shownSecret }

// GoString is like String.
func (s Secret) GoString() string { return shownSecret }

// MarshalText is like String.
func (s Secret) MarshalText() ([]byte, error) { return []byte(shownSecret), nil }

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
		return errors.New("a directory")
	}
	return nil
}

// parseHosts reads host names with commas in between.
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
