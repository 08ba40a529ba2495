// Package conf reads a configuration of the development host: the part of Fluent Bit's command line and of its classic
// configuration format that the project's documentation uses. Everything else that Fluent Bit knows is an error here,
// so that a configuration never means something else than in Fluent Bit.
package conf

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/promexporter/promexporter/test/flbhost/host"
	"github.com/promexporter/promexporter/test/flbhost/property"
)

// Config is a whole configuration. Its sections include those of the inputs and outputs that the host itself has.
type Config struct {
	host.Config
	Flush  time.Duration // default one second
	DryRun bool
}

// Read reads the arguments, without the program's name, and the file that they name. It writes the usage to w if the
// arguments are wrong or ask for it; in the latter case the error is flag.ErrHelp.
func Read(args []string, w io.Writer) (*Config, error) {
	l := commandLine{config: Config{Flush: time.Second}}
	fs := flag.NewFlagSet("flbhost", flag.ContinueOnError)
	fs.SetOutput(w)
	l.define(fs)
	if err := fs.Parse(args); err != nil {
		return nil, err
	}
	if fs.NArg() > 0 {
		return nil, fmt.Errorf("argument %q does not belong to an option", fs.Arg(0))
	}
	if l.file != "" { // its values replace those of the command line, as in Fluent Bit
		if err := l.config.readFile(l.file); err != nil {
			return nil, err
		}
	}
	if l.verbose > 0 {
		l.config.LogLevel = max(l.config.LogLevel, min(l.verbose, host.Trace))
	}
	return &l.config, nil
}

// commandLine is the state of the parser.
type commandLine struct {
	config  Config
	file    string
	last    *host.Section // the one that -p, -t and -m apply to
	verbose host.Level
}

func (l *commandLine) define(fs *flag.FlagSet) {
	fs.StringVar(&l.file, "c", "", "read the classic configuration `file`")
	fs.Func("e", "load a plugin from the shared object `file`, ./x.so or absolute",
		func(s string) error { l.config.Plugins = append(l.config.Plugins, s); return nil })
	section := func(letter, usage string, to *[]host.Section) {
		fs.Func(letter, usage, func(name string) error {
			*to = append(*to, host.Section{Plugin: name})
			l.last = &(*to)[len(*to)-1]
			return nil
		})
	}
	section("i", "add an input: `name` is cpu, mem, dummy or that of a plugin", &l.config.Inputs)
	section("o", "add an output: `name` is stdout, null or that of a plugin", &l.config.Outputs)
	fs.Func("p", "set a property of the last input or output, `key=value`", func(s string) error {
		key, value, ok := strings.Cut(s, "=")
		if !ok {
			return errors.New("write -p key=value")
		}
		return l.set(strings.ToLower(strings.TrimSpace(key)), strings.TrimSpace(value))
	})
	fs.Func("t", "set the `tag` of the last input", func(s string) error { return l.set("tag", s) })
	fs.Func("m", "set the `pattern` of tags that the last output takes", func(s string) error { return l.set("match", s) })
	fs.Func("f", "flush every so many `seconds` (default 1)",
		func(s string) (err error) { l.config.Flush, err = parseSeconds(s); return err })
	fs.BoolFunc("v", "log more: -v logs debug lines, -v -v trace lines", func(string) error { l.verbose++; return nil })
	fs.BoolVar(&l.config.HotReload, "Y", false, "read the configuration again on SIGHUP")
	fs.BoolVar(&l.config.DryRun, "dry-run", false, "check the configuration and stop")
}

func (l *commandLine) set(key, value string) error {
	if l.last == nil {
		return errors.New("write -i or -o before it")
	}
	l.last.Properties = append(l.last.Properties, property.Property{Key: key, Value: value})
	return nil
}

// parseSeconds reads a positive number of seconds.
func parseSeconds(s string) (time.Duration, error) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || !(f > 0) || f > 1e6 {
		return 0, fmt.Errorf("%q is not a positive number of seconds; write for example 1 or 0.5", s)
	}
	return time.Duration(f * float64(time.Second)), nil
}
