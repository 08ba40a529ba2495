package property

import (
	"slices"
	"strings"
)

// Keys that Fluent Bit takes out of an [OUTPUT] section before the plugin can see them. "listen" is not one of them.
var reservedOutput = []string{
	"name", "match", "match_regex", "alias", "log_level", "log_suppress_interval", "host", "port", "ipv6", "retry_limit",
	"storage.total_limit_size", "workers", "routes", "processors", "tls",
}

var reservedOutputPrefixes = []string{"net.", "oauth2", "tls.", "_debug.http."}

// Keys that Fluent Bit takes out of an [INPUT] section.
var reservedInput = []string{
	"name", "tag", "alias", "log_level", "log_suppress_interval", "routable", "mem_buf_limit", "listen", "host", "port",
	"ipv6", "storage.type", "storage.pause_on_chunks_overlimit", "threaded", "rate_window", "telemetry", "processors",
	"tls",
}

var reservedInputPrefixes = []string{"net.", "oauth2", "tls.", "thread.ring_buffer.", "rate_gate"}

// ReservedOutput reports whether Fluent Bit keeps key to itself in an [OUTPUT] section.
func ReservedOutput(key string) bool { return reserved(key, reservedOutput, reservedOutputPrefixes) }

// ReservedInput reports whether Fluent Bit keeps key to itself in an [INPUT] section.
func ReservedInput(key string) bool { return reserved(key, reservedInput, reservedInputPrefixes) }

func reserved(key string, names, prefixes []string) bool {
	key = strings.ToLower(key)
	return slices.Contains(names, key) ||
		slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(key, prefix) })
}
