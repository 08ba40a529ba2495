package pipeline

import (
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestPoll checks when a poll of the file loads it again.
func TestPoll(t *testing.T) {
	f := rulesFile{name: writeRules(t, oneRule)}
	if _, err := f.load(); err != nil {
		t.Fatal(err)
	}
	reloads := 0
	var seen []byte
	for i, step := range []struct {
		text string // "" for no file
		want int    // reloads so far
	}{
		{oneRule, 0}, {oneRule, 0},
		{oneRule + "- {name: b_to", 0}, {twoRules, 0}, {twoRules, 1}, {twoRules, 1}, // while it is written
		{broken, 1}, {broken, 2}, {broken, 2}, // a mistake is tried once
		{"", 2}, {"", 3}, {"", 3}, {broken, 3}, {broken, 4},
		{oneRule, 4}, {broken, 4}, {broken, 4}, // gone before it was seen twice
	} {
		if step.text == "" {
			os.Remove(f.name)
		} else {
			rewrite(t, f.name, step.text)
		}
		seen = f.poll(seen, func() {
			reloads++
			_, err := f.load()
			if good := step.text != "" && step.text != broken; (err == nil) != good {
				t.Errorf("step %d: %v", i, err)
			}
		})
		if reloads != step.want {
			t.Errorf("step %d: %d reloads, want %d", i, reloads, step.want)
		}
	}
}

// TestWatchEnds checks that the watcher polls once a second, and that it ends.
func TestWatchEnds(t *testing.T) {
	name := writeRules(t, oneRule)
	synctest.Test(t, func(t *testing.T) {
		f := rulesFile{name: name} // which was not loaded, so that the second look does
		quit, ended := make(chan struct{}), make(chan struct{})
		var loaded []time.Duration
		begin := time.Now()
		go func() {
			defer close(ended)
			f.watch(quit, func() {
				loaded = append(loaded, time.Since(begin))
				f.load()
			})
		}()
		time.Sleep(10*watchInterval + watchInterval/2)
		close(quit)
		<-ended
		if len(loaded) != 1 || loaded[0] != 2*watchInterval {
			t.Errorf("loaded at %s", loaded)
		}
	})
}

// TestLoad checks what is read from a file, and the errors.
func TestLoad(t *testing.T) {
	for name, test := range map[string]struct{ file, want string }{
		"good":      {writeRules(t, twoRules), ""},
		"broken":    {writeRules(t, broken), "did you mean labels?"},
		"none":      {writeRules(t, "") + ".none", "rules_file: "},
		"a folder":  {t.TempDir(), ": not a regular file"},
		"a pipe":    {pipe(t), ": not a regular file"},
		"too large": {writeRules(t, strings.Repeat("# comment\n", 110_000)), "larger than 1048576 bytes"},
	} {
		f := rulesFile{name: test.file}
		rules, err := f.load()
		if test.want == "" {
			if err != nil || len(rules.Metrics) != 2 {
				t.Errorf("%s: %v, %v", name, rules, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), test.want) || rules != nil && err == nil {
			t.Errorf("%s: %v, want %s", name, err, test.want)
		}
	}
	if got := (&rulesFile{name: "rules.yaml"}).source(); !strings.HasSuffix(got, "/pipeline/rules.yaml") {
		t.Errorf("the log has the file as %s", got)
	}
	if (&rulesFile{}).source() != "default" || checkRules("") != nil {
		t.Error("no file is the embedded rules")
	}
}
