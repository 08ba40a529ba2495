package property

import "strings"

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
	for _, name := range names {
		if key == name {
			return true
		}
	}
	for _, prefix := range prefixes {
		if strings.HasPrefix(key, prefix) {
			return true
		}
	}
	return false
}

// Without returns the properties whose keys are not reserved.
func (l List) Without(reserved func(key string) bool) List {
	var rest List
	for _, p := range l {
		if !reserved(p.Key) {
			rest = append(rest, p)
		}
	}
	return rest
}

// netKeys are the only keys that may start with "net."; Fluent Bit checks these even for plugins that use no network.
var netKeys = Map{
	{Name: "net.dns.mode"},
	{Name: "net.dns.resolver"},
	{Name: "net.dns.prefer_ipv4"},
	{Name: "net.dns.prefer_ipv6"},
	{Name: "net.keepalive"},
	{Name: "net.keepalive_idle_timeout"},
	{Name: "net.tcp_keepalive"},
	{Name: "net.tcp_keepalive_time"},
	{Name: "net.tcp_keepalive_interval"},
	{Name: "net.tcp_keepalive_probes"},
	{Name: "net.io_timeout"},
	{Name: "net.connect_timeout"},
	{Name: "net.connect_timeout_log_error"},
	{Name: "net.source_address"},
	{Name: "net.keepalive_max_recycle"},
	{Name: "net.max_worker_connections"},
	{Name: "net.proxy_env_ignore"},
}

// CheckNet checks the keys that start with "net.", as Fluent Bit does for every output.
func (l List) CheckNet(section string) error {
	var net List
	for _, p := range l {
		if len(p.Key) >= 4 && strings.EqualFold(p.Key[:4], "net.") {
			net = append(net, p)
		}
	}
	return netKeys.Check(section, net)
}
