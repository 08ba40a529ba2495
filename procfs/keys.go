package procfs

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
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
	Interval time.Duration // at least tick
	Wide     bool
	Top      int // 0 for no bound
}

// settings is a section while it is read: with what only makes sense together.
type settings struct {
	Config
	sec, nsec int64
	command   bool
	refused   map[string]bool // keys whose value is a mistake
}

// key is a Key and the reader of its value.
type key struct {
	Key
	read func(s *settings, value string) error
}

var keys = [...]key{
	{Key{"path", "/proc", "Where the procfs is mounted", "/host/proc"},
		func(s *settings, v string) error { s.Path = v; return nil }},
	{Key{"interval_sec", "5", "Seconds from one round to the next; with interval_nsec no less than one", "5"},
		func(s *settings, v string) (err error) { s.sec, err = readInt(v, 0, maxIntervalSeconds); return err }},
	{Key{"interval_nsec", "0", "Nanoseconds on top of interval_sec", "500000000"},
		func(s *settings, v string) (err error) { s.nsec, err = readInt(v, 0, 999_999_999); return err }},
	{Key{"format", "process", "process: a record for each process; wide: one record for all, with the CPU jiffies of each",
		"process"}, readFormat},
	{Key{"include", "", "Regular expression; only processes whose name it matches are told of", "^(nginx|postgres)$"},
		func(s *settings, v string) (err error) { s.Include, err = regexp.Compile(v); return err }},
	{Key{"exclude", "", "Regular expression; processes whose name it matches are not told of", "^kworker/"},
		func(s *settings, v string) (err error) { s.Exclude, err = regexp.Compile(v); return err }},
	{Key{"pid", "", "Only these processes, by number", "1, 4711"},
		func(s *settings, v string) (err error) { s.PIDs, err = readPIDs(v); return err }},
	{Key{"top", "", "Only so many processes, those that used most CPU time; the others are summed up as name other", "20"},
		func(s *settings, v string) error { n, err := readInt(v, 1, maxTop); s.Top = int(n); return err }},
	{Key{"cmdline", "off", "Whether records hold the command line, which may hold secrets", "on"},
		func(s *settings, v string) (err error) { s.command, err = readSwitch(v); return err }},
}

const (
	maxIntervalSeconds = 24 * 60 * 60
	maxTop             = 1_000_000
)

// Keys returns the keys of the [INPUT] section.
func Keys() []Key {
	all := make([]Key, len(keys))
	for i := range keys {
		all[i] = keys[i].Key
	}
	return all
}

// ParseKeys reads the [INPUT] section. property returns the value of a key, and "" for one that is absent. The error
// has a line for each mistake: the key, its value, what is wrong and what would be right.
func ParseKeys(property func(key string) string) (Config, error) {
	s := settings{refused: map[string]bool{}}
	var mistakes []error
	for i := range keys {
		k := &keys[i]
		value := property(k.Name)
		if value == "" {
			value = k.Default
		}
		if value == "" {
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
	for _, k := range []struct {
		name, value string
		given       bool
	}{{"top", strconv.Itoa(s.Top), s.Top > 0}, {"cmdline", "on", s.command}} {
		if s.Wide && k.given {
			mistakes = append(mistakes, fmt.Errorf("%s: %q: format wide has no place for it; leave it out, or write format=process",
				k.name, k.value))
		}
	}
	switch {
	case s.Wide:
		s.Only = Times
	case s.command:
		s.Only = Command
	default:
		s.Only = Files
	}
	return mistakes
}

func readInt(value string, least, most int64) (int64, error) {
	n, err := strconv.ParseInt(value, 10, 64)
	if errors.Is(err, strconv.ErrSyntax) {
		return 0, errors.New("not a whole number")
	}
	if err != nil || n < least || n > most {
		return 0, fmt.Errorf("not from %d to %d", least, most)
	}
	return n, nil
}

func readFormat(s *settings, value string) error {
	switch strings.ToLower(value) {
	case "process":
	case "wide":
		s.Wide = true
	default:
		return errors.New("neither process nor wide")
	}
	return nil
}

// readPIDs returns the numbers in order, each once.
func readPIDs(value string) ([]int32, error) {
	var pids []int32
	for _, field := range strings.FieldsFunc(value, func(r rune) bool { return r == ',' || unicode.IsSpace(r) }) {
		pid, ok := parsePID([]byte(field))
		if !ok {
			return nil, fmt.Errorf("%q is not the number of a process", field)
		}
		pids = append(pids, pid)
	}
	if pids == nil {
		return nil, errors.New("it holds no number")
	}
	slices.Sort(pids)
	return slices.Compact(pids), nil
}

// readSwitch reads the words that Fluent Bit takes for yes and no.
func readSwitch(value string) (bool, error) {
	switch strings.ToLower(value) {
	case "on", "true", "yes", "1":
		return true, nil
	case "off", "false", "no", "0":
		return false, nil
	}
	return false, errors.New("neither on nor off")
}
