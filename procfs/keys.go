package procfs

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

// Key is a key of the [INPUT] section.
type Key struct {
	Name        string
	Default     string // in the form of the section; "" for none
	Description string
	Example     string // a value that is right
}

// Config is an [INPUT] section, checked.
type Config struct {
	Choice
	Interval   time.Duration // at least tick
	Wide       bool
	Top        int // 0 for no bound
	RoundStats bool
}

// settings is a section while it is read: with what only makes sense together.
type settings struct {
	Config
	sec, nsec int64
	given     map[string]string // keys that the section has
	refused   map[string]bool   // keys whose value is a mistake
}

// key is a Key and the reader of its value.
type key struct {
	Key
	read func(s *settings, value string) error
}

const (
	maxIntervalSeconds = 24 * 60 * 60
	maxTop             = 1_000_000

	defaultCmdlineLength = 4096
	minCmdlineLength     = 64
	maxCmdlineLength     = 128 << 10 // what Linux allows one argument
	maxCmdline           = 8 << 20   // more than what Linux allows all arguments
)

// Keys returns the keys of the [INPUT] section.
func Keys() []Key {
	var all []Key
	for _, k := range keys() {
		all = append(all, k.Key)
	}
	return all
}

func keys() []key {
	all := append(roundKeys(), filterKeys()...)
	return append(all, fieldKeys()...)
}

func roundKeys() []key {
	return []key{
		{Key{"path", "/proc", "Where the procfs is mounted", "/host/proc"},
			func(s *settings, v string) error { s.Path = v; return nil }},
		{Key{"interval_sec", "5", "Seconds from one round to the next; with interval_nsec no less than one", "5"},
			func(s *settings, v string) (err error) { s.sec, err = readInt(v, 0, maxIntervalSeconds); return err }},
		{Key{"interval_nsec", "0", "Nanoseconds on top of interval_sec", "500000000"},
			func(s *settings, v string) (err error) { s.nsec, err = readInt(v, 0, 999_999_999); return err }},
		{Key{"format", "process",
			"process: a record for each process; wide: one record for all, with the CPU jiffies of each", "process"}, readFormat},
		{Key{"pid", "", "Only these processes, by number", "1, 4711"},
			func(s *settings, v string) (err error) { s.PIDs, err = readPIDs(v); return err }},
		{Key{"top", "", "Only so many processes, those that used most CPU time; the others are summed up as name other", "20"},
			func(s *settings, v string) error { n, err := readInt(v, 1, maxTop); s.Top = int(n); return err }},
		{Key{"round_stats", "off", "Whether each round has one more record: how many processes it reported and left out", "on"},
			func(s *settings, v string) (err error) { s.RoundStats, err = readSwitch(v); return err }},
	}
}

// filterKeys are pairs of include and exclude.
func filterKeys() (all []key) {
	for _, t := range []struct {
		suffix, of, include, exclude string
		filter                       func(*Filters) *Filter
	}{
		{"", "name", "^(nginx|postgres)$", "^kworker/", func(f *Filters) *Filter { return &f.Name }},
		{"_cmdline", "command line", `^java .*\bkafka\.Kafka\b`, "--type=renderer",
			func(f *Filters) *Filter { return &f.Cmdline }},
		{"_exe", "executable", "^/usr/sbin/", `^/usr/bin/(ba)?sh$`, func(f *Filters) *Filter { return &f.Exe }},
		{"_user", "user", "^(www-data|postgres)$", "^root$", func(f *Filters) *Filter { return &f.User }},
		{"_cgroup", "cgroup", `^/system\.slice/`, `^/user\.slice/`, func(f *Filters) *Filter { return &f.Cgroup }},
		{"_container_id", "container id", ".", "^3f4e", func(f *Filters) *Filter { return &f.ContainerID }},
	} {
		all = append(all,
			key{Key{"include" + t.suffix, "", "Regular expression; only processes whose " + t.of + " it matches are reported",
				t.include},
				func(s *settings, v string) error { return readRegexp(v, &t.filter(&s.Filters).Include) }},
			key{Key{"exclude" + t.suffix, "", "Regular expression; processes whose " + t.of + " it matches are not reported",
				t.exclude},
				func(s *settings, v string) error { return readRegexp(v, &t.filter(&s.Filters).Exclude) }})
	}
	return all
}

// fieldSwitch is a key that switches fields of the records on.
type fieldSwitch struct {
	field      Fields
	name, what string
}

func fieldSwitches() []fieldSwitch {
	return []fieldSwitch{
		{Cmdline, "cmdline", "the command line, which may hold secrets"},
		{Exe, "exe", "the path of the executable"},
		{User, "user", "the name of the user"},
		{Cgroup, "cgroup", "the path of the cgroup"},
		{ContainerID, "container_id", "the id of the container"},
		{PSS, "pss", "the proportional set size, which is expensive to read"},
		{Swap, "swap", "the memory that is swapped out"},
		{ContextSwitches, "context_switches", "the context switches of the main thread"},
		{PageFaults, "page_faults", "the page faults"},
	}
}

// fieldKeys are the switches, and what says how fields are read.
func fieldKeys() (all []key) {
	for _, f := range fieldSwitches() {
		all = append(all, key{Key{f.name, "off", "Whether records hold " + f.what, "on"},
			func(s *settings, v string) error { return readField(s, v, f.field) }})
	}
	return append(all,
		key{Key{"cmdline_length", strconv.Itoa(defaultCmdlineLength), "Bytes of a command line that are kept, half of them of its end", "4096"},
			func(s *settings, v string) error {
				n, err := readInt(v, minCmdlineLength, maxCmdlineLength)
				s.CmdlineLength = int(n)
				return err
			}},
		key{Key{"passwd_file", "/etc/passwd", "The file that names the users", "/host/etc/passwd"},
			func(s *settings, v string) error { s.PasswdFile = v; return nil }})
}

// ParseKeys reads the [INPUT] section. property returns the value of a key, and "" for one that is absent. The error
// has a line for each mistake: the key, its value, what is wrong and what would be right.
func ParseKeys(property func(key string) string) (Config, error) {
	s := settings{given: map[string]string{}, refused: map[string]bool{}}
	var mistakes []error
	for _, k := range keys() {
		value := property(k.Name)
		if value != "" {
			s.given[k.Name] = value
		} else if value = k.Default; value == "" {
			continue
		}
		if err := k.read(&s, value); err != nil {
			s.refused[k.Name] = true
			mistakes = append(mistakes,
				fmt.Errorf("%s: %q: %w; write for example %s=%s", k.Name, value, err, k.Name, k.Example))
		}
	}
	return s.Config, errors.Join(append(mistakes, s.join()...)...)
}

// join fills in what follows from several keys, and returns what does not go together.
func (s *settings) join() (mistakes []error) {
	s.Interval = time.Duration(s.sec)*time.Second + time.Duration(s.nsec)
	if s.Interval < tick && !s.refused["interval_sec"] && !s.refused["interval_nsec"] {
		mistakes = append(mistakes, fmt.Errorf("interval_sec: %q: with interval_nsec %q that is %s, and Fluent Bit asks its "+
			"Go inputs only once a second; write for example interval_sec=1", strconv.FormatInt(s.sec, 10),
			strconv.FormatInt(s.nsec, 10), s.Interval))
	}
	if s.Wide {
		mistakes = append(mistakes, s.joinWide()...)
	} else {
		s.Fields |= Files
	}
	return append(mistakes, s.joinDependent()...)
}

// joinWide returns the keys that only make sense in the other format.
func (s *settings) joinWide() (mistakes []error) {
	refuse := func(name string) {
		mistakes = append(mistakes, fmt.Errorf("%s: %q: format wide has no place for it; leave it out, or write format=process",
			name, s.given[name]))
	}
	if s.Top > 0 {
		refuse("top")
	}
	if s.RoundStats {
		refuse("round_stats")
	}
	for _, f := range fieldSwitches() {
		if s.Fields.has(f.field) {
			refuse(f.name)
		}
	}
	return mistakes
}

// joinDependent returns the keys that say how to read what nothing reads.
func (s *settings) joinDependent() (mistakes []error) {
	reads := s.Fields | s.Filters.fields()
	for _, k := range []struct {
		name    string
		field   Fields
		without string
	}{{"cmdline_length", Cmdline, "cmdline"}, {"passwd_file", User, "user"}} {
		if value := s.given[k.name]; value != "" && !reads.has(k.field) && !s.refused[k.name] && !s.refused[k.without] &&
			!s.refused["include_"+k.without] && !s.refused["exclude_"+k.without] {
			mistakes = append(mistakes, fmt.Errorf("%s: %q: nothing uses it; leave it out, or write %s=on", k.name,
				value, k.without))
		}
	}
	return mistakes
}
