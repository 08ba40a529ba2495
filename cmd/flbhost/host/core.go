package host

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/promexporter/promexporter/cmd/flbhost/property"
)

// unlimited is a retry limit that never ends.
const unlimited = -1

// core is what Fluent Bit itself takes from an [OUTPUT] section, and what it leaves to the plugin.
type core struct {
	level      Level
	alias      string
	workers    int
	retryLimit int // how often a chunk is flushed again
	all        property.List
	rest       property.List // what the plugin sees of all
}

// coreOf reads the keys that Fluent Bit keeps to itself.
func coreOf(name string, l property.List, level Level) (core, error) {
	c := core{level: level, retryLimit: 1, all: l, rest: l.Without(property.ReservedOutput)}
	c.alias, _ = l.Last("alias")
	if v, ok := l.Last("log_level"); ok {
		var err error
		if c.level, err = ParseLevel(v); err != nil {
			return c, badProperty("log_level", err)
		}
	}
	if v, ok := l.Last("workers"); ok {
		n, err := strconv.Atoi(v)
		if err != nil || n < 0 || n > 256 {
			return c, badProperty("workers", fmt.Errorf("%q is not a number from 0 to 256", v))
		}
		c.workers = n
	}
	if v, ok := l.Last("tls"); ok {
		if on, err := property.ParseBool(v); on || err != nil {
			return c, badProperty("tls", fmt.Errorf("[config] %s does not support TLS", name))
		}
	}
	if v, ok := l.Last("retry_limit"); ok {
		c.retryLimit = retryLimit(v)
	}
	return c, nil
}

func badProperty(key string, err error) error {
	return fmt.Errorf("[config] could not configure property '%s' on output plugin: %w", key, err)
}

// retryLimit reads a limit as Fluent Bit does, which takes what it cannot read for 1.
func retryLimit(v string) int {
	switch strings.ToLower(v) {
	case "no_limits", "false", "off":
		return unlimited
	case "no_retries":
		return 0
	}
	if n, err := strconv.Atoi(v); err == nil && n > 0 {
		return n
	}
	return 1
}

// inputCore is what Fluent Bit itself takes from an [INPUT] section, and what it leaves to the plugin.
type inputCore struct {
	level    Level
	alias    string
	threaded bool
	all      property.List
	rest     property.List // what the plugin sees of all
}

func inputCoreOf(l property.List, level Level) (inputCore, error) {
	c := inputCore{level: level, threaded: true, all: l, rest: l.Without(property.ReservedInput)}
	c.alias, _ = l.Last("alias")
	if v, ok := l.Last("log_level"); ok {
		var err error
		if c.level, err = ParseLevel(v); err != nil {
			return c, badInputProperty("log_level", err)
		}
	}
	if v, ok := l.Last("threaded"); ok {
		var err error
		if c.threaded, err = property.ParseBool(v); err != nil {
			return c, badInputProperty("threaded", err)
		}
	}
	return c, nil
}

func badInputProperty(key string, err error) error {
	return fmt.Errorf("[config] could not configure property '%s' on input plugin: %w", key, err)
}
