package conf

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/promexporter/promexporter/cmd/flbhost/property"
)

// CommandLine is what the arguments say.
type CommandLine struct {
	File    string   // -c
	Plugins []string // -e
	Workdir string   // -w
	Verbose int      // how often -v was given
	Quiet   bool
	DryRun  bool
	Version bool
	Help    bool

	service property.List
	inputs  []property.List
	outputs []property.List
	last    *property.List // the input or output that -p, -t and -m apply to
	isInput bool
}

// Usage tells the arguments.
const Usage = `Usage: flbhost [OPTION]...

  -c, --config=FILE        configuration file, classic or .yaml
  -e, --plugin=FILE        load a plugin from a shared object (./x.so or an absolute path)
  -i, --input=NAME         add an input: one that a plugin registers, cpu, mem, dummy or tail
  -o, --output=NAME        add an output: one that a plugin registers, stdout or null
  -p, --prop="A=B"         set a property of the last input or output
  -t, --tag=TAG            set the tag of the last input, as -p tag=TAG does
  -m, --match=PATTERN      set the match of the last output, as -p match=PATTERN does
  -f, --flush=SECONDS      flush every so many seconds (1)
  -w, --workdir=DIR        change to this directory first
  -v, --verbose            log more: debug, and twice, trace
  -q, --quiet              log nothing
  -Y, --enable-hot-reload  re-read the configuration on SIGHUP
  -D, --dry-run            check the configuration and stop
  -V, --version            tell the version
  -h, --help               tell this
`

// ParseArgs reads the arguments, without the program's name.
func ParseArgs(args []string) (*CommandLine, error) {
	c := &CommandLine{}
	fs := flag.NewFlagSet("flbhost", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	c.values(fs)
	c.switches(fs)
	if err := fs.Parse(args); err != nil {
		return nil, err
	}
	if fs.NArg() > 0 {
		return nil, fmt.Errorf("%q belongs to no option", fs.Arg(0))
	}
	return c, nil
}

func (c *CommandLine) values(fs *flag.FlagSet) {
	value := func(short, long string, set func(string) error) {
		fs.Func(short, "", set)
		fs.Func(long, "", set)
	}
	value("c", "config", func(s string) error { c.File = s; return nil })
	value("w", "workdir", func(s string) error { c.Workdir = s; return nil })
	value("e", "plugin", func(s string) error { c.Plugins = append(c.Plugins, s); return nil })
	value("i", "input", func(s string) error { c.add(&c.inputs, s); c.isInput = true; return nil })
	value("o", "output", func(s string) error { c.add(&c.outputs, s); c.isInput = false; return nil })
	value("f", "flush", func(s string) error { c.service = append(c.service, property.Of("flush", s)...); return nil })
	value("t", "tag", func(s string) error { return c.set("tag", s) })
	value("p", "prop", func(s string) error {
		key, value, ok := strings.Cut(s, "=")
		if !ok {
			return errors.New("write -p key=value")
		}
		return c.set(strings.ToLower(strings.TrimSpace(key)), strings.TrimSpace(value))
	})
	value("m", "match", func(s string) error {
		if c.isInput { // as in Fluent Bit: an input has no match
			return nil
		}
		return c.set("match", s)
	})
}

func (c *CommandLine) switches(fs *flag.FlagSet) {
	on := func(short, long string, set func()) {
		f := func(string) error { set(); return nil }
		fs.BoolFunc(short, "", f)
		fs.BoolFunc(long, "", f)
	}
	on("v", "verbose", func() { c.Verbose++ })
	on("q", "quiet", func() { c.Quiet = true })
	on("D", "dry-run", func() { c.DryRun = true })
	on("V", "version", func() { c.Version = true })
	on("h", "help", func() { c.Help = true })
	on("Y", "enable-hot-reload", func() { c.service = append(c.service, property.Of("hot_reload", "on")...) })
}

func (c *CommandLine) add(sections *[]property.List, name string) {
	*sections = append(*sections, property.Of("name", name))
	c.last = &(*sections)[len(*sections)-1]
}

func (c *CommandLine) set(key, value string) error {
	if c.last == nil {
		return errors.New("comes before any -i and -o")
	}
	*c.last = append(*c.last, property.Property{Key: key, Value: value})
	return nil
}
