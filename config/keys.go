package config

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/promexporter/promexporter/internal/address"
)

// Key is a key of the [OUTPUT] section.
type Key struct {
	Name        string
	Default     string // as written in the section; "" for none
	Description string
	Example     string // a valid value
}

// Config is the checked [OUTPUT] section of one instance.
type Config struct {
	Addresses     []address.Address // at least one
	MetricsPath   address.Path
	Username      string // "" for none; ParseKeys does not check it against the next three
	Password      Secret
	PasswordFile  string
	WebConfigFile string
	MaxRequests   int    // scrapes in flight, at least 1
	Debug         bool   // serve profiles
	MetricsEvents bool   // serve metrics events
	Namespace     string // without a trailing underscore
	SeriesLimit   int    // at least 1
	SeriesMemory  int64  // maximum bytes of series
	FlushTimeout  time.Duration
	RulesFile     string // "" for the embedded rules
	Reload        bool   // POST /-/reload reads the rules again
	AllowedHosts  []string
	StateFile     string // "" for none
	StateInterval time.Duration
	StateGauges   bool          // the state file also holds gauges
	DedupeWindow  time.Duration // 0: off
	LogValues     bool          // the log and /-/rules may show values that rules refuse
}

// maxFlushTimeout is the time that Fluent Bit gives pending flushes when it stops (Grace, 5 s by default). A flush that
// waits longer would be lost.
const maxFlushTimeout = 5 * time.Second

// minFlushTimeout is the time that a busy machine may need to pass a batch at all.
const minFlushTimeout = time.Millisecond

// key is a Key with the function that reads its value.
type key struct {
	Key
	read func(c *Config, value string) error
}

var keys = [...]key{
	{Key{
		"listen_address", ":8989",
		"Addresses on which to serve metrics, separated by commas: host:port (an empty host means all interfaces, port 0 a free port), " +
			"unix:///path, vsock://:port or systemd://name",
		"127.0.0.1:8989",
	}, func(c *Config, v string) (err error) { c.Addresses, err = address.ParseList(v); return err }},
	{Key{
		"metrics_path", "/metrics",
		"Path of the metrics page", "/metrics",
	}, func(c *Config, v string) (err error) { c.MetricsPath, err = address.ParsePath(v); return err }},
	{Key{
		"username", "",
		"User name for basic authentication, except for /-/healthy and /-/ready; needs password or password_file", "prometheus",
	}, func(c *Config, v string) error { c.Username = v; return nil }},
	{Key{
		"password", "",
		"Password for username", "a secret",
	}, func(c *Config, v string) error { c.Password = Secret(v); return nil }},
	{Key{
		"password_file", "",
		"File with the password for username; it is read again when it changes", "/etc/fluent-bit/password",
	}, func(c *Config, v string) error { c.PasswordFile = v; return checkFile(v) }},
	{Key{
		"web_config_file", "",
		"Web configuration file of Prometheus: TLS, client certificates, users, headers, rate limit; replaces username",
		"/etc/fluent-bit/web.yml",
	}, func(c *Config, v string) error { c.WebConfigFile = v; return checkFile(v) }},
	{Key{
		"max_requests", "40",
		"Maximum number of scrapes of the page in flight; more are answered with status 503", "10",
	}, func(c *Config, v string) (err error) {
		c.MaxRequests, err = wholeFrom(1, maxRequestsLimit, v)
		return err
	}},
	{Key{
		"namespace", "",
		"Prefix of metric names, which rules write as ${namespace}; the default rules use it", "edge",
	}, func(c *Config, v string) error { c.Namespace = v; return checkNamespace(v) }},
	{Key{
		"series_limit", "100000",
		"Maximum number of series; samples of more series are dropped and counted", "50000",
	}, func(c *Config, v string) (err error) { c.SeriesLimit, err = wholeFrom(1, maxSeries, v); return err }},
	{Key{
		"series_memory_limit", "512MiB",
		"Maximum memory of all series: 512MiB, 512M or a number of bytes; samples of more series are dropped and counted",
		"1GiB",
	}, readSeriesMemory},
	{Key{
		"flush_timeout", "1s",
		"How long a flush waits for the collector before it asks Fluent Bit to retry", "500ms",
	}, func(c *Config, v string) (err error) {
		c.FlushTimeout, err = durationFrom(minFlushTimeout, maxFlushTimeout, v)
		return err
	}},
	{Key{
		"rules_file", "",
		"YAML file with rules that turn records into metrics; without it the default rules apply", "/etc/fluent-bit/rules.yaml",
	}, func(c *Config, v string) error { c.RulesFile = v; return checkFile(v) }},
	{Key{
		"metrics_events", "on",
		"Whether metrics events, such as those of node_exporter_metrics, are served with the metrics of rules; " +
			"Fluent Bit 4.2.3 and later bring them", "off",
	}, func(c *Config, v string) (err error) { c.MetricsEvents, err = readSwitch(v); return err }},
	{Key{
		"reload", "off",
		"Whether POST /-/reload reads the rules file again; changes of the file are noticed either way", "on",
	}, func(c *Config, v string) (err error) { c.Reload, err = readSwitch(v); return err }},
	{Key{
		"allowed_hosts", "",
		"Host names, separated by commas, to which POST /-/reload may be sent when there are no users; " +
			"IP addresses, localhost and the name of the machine are always allowed", "fluent-bit.example.com",
	}, func(c *Config, v string) (err error) { c.AllowedHosts, err = parseHosts(v); return err }},
	{Key{
		"state_file", "",
		"File that keeps counters, histograms and summaries across restarts; each section needs its own",
		"/var/lib/fluent-bit/promexporter.state",
	}, func(c *Config, v string) error { c.StateFile = v; return checkFile(v) }},
	{Key{
		"state_interval", "30s",
		"How often the state file is written, in addition to at exit", "5m",
	}, func(c *Config, v string) (err error) {
		c.StateInterval, err = durationFrom(minStateInterval, maxStateInterval, v)
		return err
	}},
	{Key{
		"state_gauges", "off",
		"Whether the state file also keeps gauges", "on",
	}, func(c *Config, v string) (err error) { c.StateGauges, err = readSwitch(v); return err }},
	{Key{
		"log_values", "on",
		"Whether the log and /-/rules show the values that rules refuse; off for records that are secret", "off",
	}, func(c *Config, v string) (err error) { c.LogValues, err = readSwitch(v); return err }},
	{Key{
		"dedupe_window", "10m",
		"How long after a start or reload chunks that were counted before are not counted again; 0 disables it",
		"1h",
	}, func(c *Config, v string) (err error) {
		c.DedupeWindow, err = durationFrom(0, maxDedupeWindow, v)
		return err
	}},
	{Key{
		"debug", "off",
		"Whether to serve Go profiles at /debug/pprof/, to clients that may read the metrics", "on",
	}, func(c *Config, v string) (err error) { c.Debug, err = readSwitch(v); return err }},
}

// Keys returns the keys of the [OUTPUT] section.
func Keys() []Key {
	all := make([]Key, len(keys))
	for i := range keys {
		all[i] = keys[i].Key
	}
	return all
}

// ParseKeys reads the [OUTPUT] section. property returns the value of a key, or "" if it is not set. The error is of
// type Mistakes and lists all of them.
func ParseKeys(property func(key string) string) (*Config, error) {
	c := new(Config)
	var mistakes Mistakes
	for i := range keys {
		k := &keys[i]
		value := property(k.Name)
		if value == "" {
			value = k.Default
		}
		if value == "" {
			continue
		}
		if err := k.read(c, value); err != nil {
			mistakes = append(mistakes, k.mistake(value, err))
		}
	}
	if len(mistakes) > 0 {
		return nil, mistakes
	}
	return c, nil
}

// mistake describes a value that read refused. In a classic configuration, Fluent Bit keeps quotes around a value.
func (k *key) mistake(value string, err error) Mistake {
	m := Mistake{Code: Invalid, Path: k.Name, Wrong: quote(value) + ": " + err.Error(), Right: "write for example " + k.Name + "=" + k.Example}
	if isQuoted(value) {
		m.Wrong = quote(value) + ": the quotes are part of the value"
		m.Right = "write " + k.Name + " without quotes"
	}
	return m
}

func isQuoted(value string) bool {
	n := len(value)
	return n > 1 && (value[0] == '"' || value[0] == '\'') && value[n-1] == value[0]
}

// maxSeries bounds the series of one instance: neither a scrape nor Prometheus can handle more than some millions.
const maxSeries = 10_000_000

// wholeFrom parses an integer from low to high.
func wholeFrom(low, high int, value string) (int, error) {
	n, err := strconv.Atoi(value)
	switch {
	case err != nil:
		return 0, errors.New("not a whole number")
	case n < low || n > high:
		return 0, fmt.Errorf("not from %d to %d", low, high)
	}
	return n, nil
}

// durationFrom parses a duration from low to high.
func durationFrom(low, high time.Duration, value string) (time.Duration, error) {
	d, err := parseDuration(value)
	switch {
	case err != nil:
		return 0, fmt.Errorf("not a duration: %w", err)
	case d < low || d > high:
		return 0, fmt.Errorf("not from %s to %s", low, high)
	}
	return d, nil
}

// Bounds of state_interval. A state may have some hundred megabytes, and a crash loses what was counted since the last
// one.
const (
	minStateInterval = time.Second
	maxStateInterval = 24 * time.Hour
)

// maxDedupeWindow bounds dedupe_window. A chunk that is mistaken for an earlier one is lost, and Fluent Bit delivers
// chunks again soon after it starts.
const maxDedupeWindow = 24 * time.Hour

// readSwitch parses the words that Fluent Bit accepts as booleans.
func readSwitch(value string) (bool, error) {
	switch strings.ToLower(value) {
	case "on", "true", "yes", "1":
		return true, nil
	case "off", "false", "no", "0":
		return false, nil
	}
	return false, errors.New("neither on nor off")
}

func checkNamespace(s string) error {
	if !model.LegacyValidation.IsValidMetricName(s) || strings.Contains(s, ":") {
		return errors.New("not letters, digits and _ with a letter or _ first")
	}
	if prefix := reservedPrefix(s + "_"); prefix != "" {
		return fmt.Errorf("names that start with %s are reserved for the metrics of the plugin", prefix)
	}
	return nil
}

// maxSeriesLimit bounds series_limit of a family.
const maxSeriesLimit = math.MaxInt32

// sharedKeys are keys that an [OUTPUT] section may have for Fluent Bit itself.
var sharedKeys = []string{
	"name", "match", "match_regex", "alias", "log_level", "log_suppress_interval", "workers", "retry_limit",
	"storage.total_limit_size", "tls", "no_multiplex",
}

// CheckKey reports a key that neither the plugin nor Fluent Bit knows in an [OUTPUT] section, and those that have no
// effect. Fluent Bit reads them without a word.
func CheckKey(name string) (m Mistake, known bool) {
	if name == "host" || name == "port" {
		return Mistake{Code: Invalid, Path: name, Wrong: "Fluent Bit keeps this key for itself, so it has no effect",
			Right: "write for example listen_address :9000"}, false
	}
	names := slices.Clone(sharedKeys)
	for i := range keys {
		names = append(names, keys[i].Name)
	}
	if slices.Contains(names, name) || strings.HasPrefix(name, "net.") || strings.HasPrefix(name, "tls.") {
		return m, true
	}
	return Mistake{Code: UnknownKey, Wrong: "unknown key " + quote(name), Right: suggest(name, names[len(sharedKeys):])}, false
}
