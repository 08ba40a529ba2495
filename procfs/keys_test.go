package procfs

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

func properties(text string) func(string) string {
	all := map[string]string{}
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		all[key] = value
	}
	return func(key string) string { return all[key] }
}

func TestDefaults(t *testing.T) {
	c, err := ParseKeys(properties(""))
	if err != nil {
		t.Fatal(err)
	}
	if c.Path != "/proc" || c.Interval != 5*time.Second || c.Wide || c.Top != 0 || c.Fields != Files ||
		c.Filters != (Filters{}) || c.PIDs != nil || c.RoundStats || c.CmdlineLength != 4096 || c.PasswdFile != "/etc/passwd" {
		t.Errorf("got %+v", c)
	}
}

func TestParseKeys(t *testing.T) {
	c, err := ParseKeys(properties("path=/host/proc\ninterval_sec=2\ninterval_nsec=500000000\nformat=Process\n" +
		"include=^a\nexclude=z$\npid=30, 4\t 30\ntop=3\ncmdline=On"))
	if err != nil {
		t.Fatal(err)
	}
	if c.Path != "/host/proc" || c.Interval != 2500*time.Millisecond || c.Top != 3 || c.Fields != Files|Cmdline ||
		c.Filters.Name.Include.String() != "^a" || c.Filters.Name.Exclude.String() != "z$" || !slices.Equal(c.PIDs, []int32{4, 30}) {
		t.Errorf("got %+v", c)
	}
	if c, err := ParseKeys(properties("format=wide")); err != nil || !c.Wide || c.Fields != Times {
		t.Errorf("got %+v, %v", c, err)
	}
	c, err = ParseKeys(properties("format=wide\ninclude_cmdline=kafka\ncmdline_length=64\nexclude_user=^root$\npasswd_file=x"))
	if err != nil || c.Fields != Times || c.Filters.fields() != Cmdline|User || c.CmdlineLength != 64 || c.PasswdFile != "x" {
		t.Errorf("got %+v, %v", c, err)
	}
	if c, err := ParseKeys(properties("interval_sec=0\ninterval_nsec=999999999")); err == nil {
		t.Errorf("got %+v", c)
	}
}

func TestMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"interval_sec=five":                    `interval_sec: "five": not a whole number; write for example interval_sec=5`,
		"interval_sec=1.5":                     `interval_sec: "1.5": not a whole number; write for example interval_sec=5`,
		"interval_sec=-1":                      `interval_sec: "-1": not from 0 to 86400; write for example interval_sec=5`,
		"interval_sec=1e99":                    `interval_sec: "1e99": not a whole number; write for example interval_sec=5`,
		"interval_sec=0":                       `interval_sec: "0": with interval_nsec "0" that is 0s, and Fluent Bit asks its Go inputs only once a second; write for example interval_sec=1`,
		"interval_nsec=1s":                     `interval_nsec: "1s": not a whole number; write for example interval_nsec=500000000`,
		"interval_nsec=1000000000":             `interval_nsec: "1000000000": not from 0 to 999999999; write for example interval_nsec=500000000`,
		"format=tall":                          `format: "tall": neither process nor wide; write for example format=process`,
		"include=a(":                           "include: \"a(\": error parsing regexp: missing closing ): `a(`; write for example include=^(nginx|postgres)$",
		"exclude=[":                            "exclude: \"[\": error parsing regexp: missing closing ]: `[`; write for example exclude=^kworker/",
		"pid=1 x":                              `pid: "1 x": "x" is not the number of a process; write for example pid=1, 4711`,
		"pid=1;2":                              `pid: "1;2": "1;2" is not the number of a process; write for example pid=1, 4711`,
		"pid=0":                                `pid: "0": "0" is not the number of a process; write for example pid=1, 4711`,
		"pid=,":                                `pid: ",": it holds no number; write for example pid=1, 4711`,
		"top=0":                                `top: "0": not from 1 to 1000000; write for example top=20`,
		"top=all":                              `top: "all": not a whole number; write for example top=20`,
		"top=99999999999999999999":             `top: "99999999999999999999": not from 1 to 1000000; write for example top=20`,
		"cmdline=maybe":                        `cmdline: "maybe": neither on nor off; write for example cmdline=on`,
		"pss=2":                                `pss: "2": neither on nor off; write for example pss=on`,
		"round_stats=x":                        `round_stats: "x": neither on nor off; write for example round_stats=on`,
		"include_user=(":                       "include_user: \"(\": error parsing regexp: missing closing ): `(`; write for example include_user=^(www-data|postgres)$",
		"exclude_exe=+":                        "exclude_exe: \"+\": error parsing regexp: missing argument to repetition operator: `+`; write for example exclude_exe=^/usr/bin/(ba)?sh$",
		"cmdline_length=63":                    `cmdline_length: "63": not from 64 to 131072; write for example cmdline_length=4096`,
		"cmdline_length=131073":                `cmdline_length: "131073": not from 64 to 131072; write for example cmdline_length=4096`,
		"cmdline_length=64":                    `cmdline_length: "64": nothing uses it; leave it out, or write cmdline=on`,
		"cmdline=x\ncmdline_length=64":         `cmdline: "x": neither on nor off; write for example cmdline=on`,
		"include_cmdline=(\ncmdline_length=64": "include_cmdline: \"(\": error parsing regexp: missing closing ): `(`; write for example include_cmdline=^java .*\\bkafka\\.Kafka\\b",
		"passwd_file=/etc/passwd":              `passwd_file: "/etc/passwd": nothing uses it; leave it out, or write user=on`,
		"user=off\npasswd_file=/etc/passwd":    `passwd_file: "/etc/passwd": nothing uses it; leave it out, or write user=on`,
		"format=wide\nswap=yes":                `swap: "yes": format wide has no place for it; leave it out, or write format=process`,
		"format=wide\nround_stats=on":          `round_stats: "on": format wide has no place for it; leave it out, or write format=process`,
		"format=wide\ntop=3":                   `top: "3": format wide has no place for it; leave it out, or write format=process`,
		"format=wide\ncmdline=on\ninterval_sec=0": `interval_sec: "0": with interval_nsec "0" that is 0s, and Fluent Bit asks its Go inputs only once a second; write for example interval_sec=1` + "\n" +
			`cmdline: "on": format wide has no place for it; leave it out, or write format=process`,
		"format=wide\ntop=3\ninterval_sec=x": `interval_sec: "x": not a whole number; write for example interval_sec=5` + "\n" +
			`top: "3": format wide has no place for it; leave it out, or write format=process`,
		"top=0\nformat=x\ncmdline=y": `format: "x": neither process nor wide; write for example format=process` + "\n" +
			`top: "0": not from 1 to 1000000; write for example top=20` + "\n" +
			`cmdline: "y": neither on nor off; write for example cmdline=on`,
	} {
		if _, err := ParseKeys(properties(text)); err == nil || err.Error() != want {
			t.Errorf("%q:\n%v, want\n%s", text, err, want)
		}
	}
}

// TestKeysAreRight holds that defaults and examples are what ParseKeys takes.
func TestKeysAreRight(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range Keys() {
		seen[k.Name] = true
		for _, value := range []string{k.Default, k.Example} {
			if _, err := ParseKeys(properties("cmdline=on\nuser=on\n" + k.Name + "=" + value)); err != nil {
				t.Error(err)
			}
		}
		if k.Description == "" || k.Example == "" {
			t.Errorf("%s: no description or example", k.Name)
		}
	}
	want := []string{"cgroup", "cmdline", "cmdline_length", "container_id", "context_switches", "exclude", "exclude_cgroup",
		"exclude_cmdline", "exclude_container_id", "exclude_exe", "exclude_user", "exe", "format", "include", "include_cgroup",
		"include_cmdline", "include_container_id", "include_exe", "include_user", "interval_nsec", "interval_sec", "page_faults",
		"passwd_file", "path", "pid", "pss", "round_stats", "swap", "top", "user"}
	if got := slices.Sorted(maps.Keys(seen)); !slices.Equal(got, want) {
		t.Errorf("keys %q, want %q", got, want)
	}
}
