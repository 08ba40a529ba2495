package host

import (
	"fmt"
	"strings"

	"github.com/promexporter/promexporter/cmd/flbhost/property"
)

// Version is a Fluent Bit release whose struct layouts and log lines the host takes on.
type Version string

// The versions, by what plugins see of them.
const (
	V19 Version = "1.9" // definition of 32 bytes, only properties in the API, no PreRegister, PreRun and PreExit, no inputs
	V32 Version = "3.2" // definition of 32 bytes, log functions, hot reload, inputs without contexts
	V50 Version = "5.0" // definition of 40 bytes, with the event type, contexts of inputs; as from 4.2.3 on
	V51 Version = "5.1" // definition of 48 bytes, with the config map; as from 5.1.1 on
)

// Config is what one start of Fluent Bit is given.
type Config struct {
	Plugins   []string // shared objects in the order of loading; a path without a slash is searched for as by ld.so
	Inputs    []Input
	Outputs   []Output
	LogLevel  Level
	HotReload bool // whether Reload may be called
}

// Input is one [INPUT] section.
type Input struct {
	Plugin     string        // the name that the plugin registers; case does not matter
	Properties property.List // as written, with the keys that Fluent Bit keeps to itself
	Number     int           // as that of an output, among the inputs
}

// Output is one [OUTPUT] section.
type Output struct {
	Plugin     string        // the name that the plugin registers; case does not matter
	Properties property.List // as written, with the keys that Fluent Bit keeps to itself

	// Number makes the instance's name, such as promexporter.1. Fluent Bit counts the sections of all outputs. 0 stands
	// for the position in Config.Outputs.
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

// ParseLevel reads a level as in a configuration.
func ParseLevel(s string) (Level, error) {
	switch strings.ToLower(s) {
	case "off":
		return Off, nil
	case "error":
		return Error, nil
	case "warn", "warning":
		return Warn, nil
	case "info":
		return Info, nil
	case "debug":
		return Debug, nil
	case "trace":
		return Trace, nil
	}
	return Info, fmt.Errorf("log level %q is none of off, error, warn, info, debug and trace", s)
}

// wire is the number that Fluent Bit gives to the level.
func (l Level) wire() uint32 { return uint32(l - Off) }

// Status is a plugin's answer to a flush.
type Status int

// The answers. Fluent Bit takes any other for StatusError.
const (
	StatusError Status = 0 // the chunk is dropped
	StatusOK    Status = 1
	StatusRetry Status = 2 // the whole chunk is to be flushed again
)

func (s Status) String() string {
	switch s {
	case StatusOK:
		return "OK"
	case StatusRetry:
		return "RETRY"
	default:
		return "ERROR"
	}
}
