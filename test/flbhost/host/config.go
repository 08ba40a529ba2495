package host

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/promexporter/promexporter/test/flbhost/property"
)

// Version names the Fluent Bit release whose struct layouts and log lines the host adopts, one of abi.Versions.
type Version string

// The versions, each with what changed since the one before.
const (
	V19  Version = "1.9"   // only properties in the API; no PreRegister, PreRun and PreExit, no inputs
	V32  Version = "3.2"   // log functions, hot reload, inputs
	V403 Version = "4.0.3" // an input that fails ends the start
	V41  Version = "4.1"   // callbacks of inputs get a context
	V50  Version = "5.0"   // 4.2.3 and later: an event type in the definition
	V51  Version = "5.1"   // 5.1.1 and later: a config map in the definition
)

// Config is what Fluent Bit reads at a start.
type Config struct {
	Plugins   []string // shared objects in the order of loading; ld.so searches for a path without a slash
	Inputs    []Section
	Outputs   []Section
	LogLevel  Level
	HotReload bool // whether Reload may be called
}

// Section is one [INPUT] or [OUTPUT] section.
type Section struct {
	Plugin     string        // the name that the plugin registers, in any case
	Properties property.List // as written, including the keys that Fluent Bit keeps to itself

	// Number is the second part of the instance's name, such as promexporter.1: Fluent Bit counts all inputs, and all
	// outputs. 0 means the position in Config.
	Number int
}

// Level says which log lines are written. The zero value is Fluent Bit's default.
type Level int

// The levels, from nothing to everything.
const (
	Off   Level = -3
	Error Level = -2
	Warn  Level = -1
	Info  Level = 0
	Debug Level = 1
	Trace Level = 2
)

var levels = []string{"off", "error", "warn", "info", "debug", "trace"}

// ParseLevel reads a level as in a configuration.
func ParseLevel(s string) (Level, error) {
	i := slices.Index(levels, strings.ToLower(s))
	if i < 0 {
		return Info, fmt.Errorf("unknown log level %q; use one of %s", s, strings.Join(levels, ", "))
	}
	return Off + Level(i), nil
}

// wire is Fluent Bit's number for the level.
func (l Level) wire() uint32 { return uint32(l - Off) }

// Status is a plugin's answer to a flush.
type Status int

// The answers. Fluent Bit takes any other as StatusError.
const (
	StatusError Status = 0 // Fluent Bit drops the chunk
	StatusOK    Status = 1
	StatusRetry Status = 2 // Fluent Bit flushes the whole chunk again
)

// core is what Fluent Bit itself takes from a section, and what it leaves to the plugin.
type core struct {
	level    Level
	alias    string
	workers  int           // of an output
	threaded bool          // of an input: whether it has a thread of its own
	rest     property.List // what the plugin sees
}

// coreOf reads the keys that Fluent Bit keeps to itself.
func coreOf(kind pluginKind, l property.List, level Level) (core, error) {
	c := core{level: level, threaded: kind == inputPlugin, rest: l.Without(kind.reserved)}
	c.alias, _ = l.Last("alias")
	for _, key := range []string{"log_level", "workers", "threaded"} {
		v, ok := l.Last(key)
		if !ok || !kind.reserved(key) {
			continue
		}
		if err := c.set(key, v); err != nil {
			return c, fmt.Errorf("[config] could not configure property '%s' on %s plugin: %w", key, kind, err)
		}
	}
	return c, nil
}

func (c *core) set(key, v string) (err error) {
	switch key {
	case "log_level":
		c.level, err = ParseLevel(v)
	case "threaded":
		c.threaded, err = property.ParseBool(v)
	case "workers":
		if c.workers, err = strconv.Atoi(v); err != nil || c.workers < 0 || c.workers > 256 {
			return fmt.Errorf("%q is not a number from 0 to 256", v)
		}
	}
	return err
}
