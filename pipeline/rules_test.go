package pipeline

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/promexporter/promexporter/flb"
	"github.com/promexporter/promexporter/internal/chunktest"
)

const (
	oneRule  = "metrics:\n- {name: a_total, type: counter, help: A., labels: {l: $l}}\n"
	twoRules = oneRule + "- {name: b_total, type: counter, help: B.}\n"
	changed  = "metrics:\n- {name: a_total, type: counter, help: Another help., labels: {l: $l}}\n"
	broken   = "metrics:\n- {name: a_total, type: counter, help: A., lables: {l: $l}}\n- {name: 1x, type: gauge, help: X.}\n"
)

// writeRules writes rules to a file of the test's.
func writeRules(t testing.TB, text string) (name string) {
	t.Helper()
	name = filepath.Join(t.TempDir(), "rules.yaml")
	rewrite(t, name, text)
	return name
}

func rewrite(t testing.TB, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// post asks the pipeline to reload.
func post(t testing.TB, p *Pipeline) (code int) {
	t.Helper()
	response, err := http.Post("http://"+p.endpoint.Addrs()[0].String()+"/-/reload", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode
}

func TestRulesFile(t *testing.T) {
	p, _ := openOne(t, map[string]string{"rules_file": writeRules(t, oneRule)})
	flush(t, p, "t", `{"l":"x","n":1}`, flb.OK)
	expect(t, p, `a_total{l="x"} 1`)
	if got := records(page(t, p)); strings.Contains(got, "\nn{") {
		t.Errorf("the default rules apply as well:\n%s", got)
	}
}

// TestReloadIsLoggedOnce checks that the result of a reload is logged if it differs from the one before, and not again
// within a minute. The metrics count every reload.
func TestReloadIsLoggedOnce(t *testing.T) {
	name := writeRules(t, oneRule)
	p, log := openOne(t, map[string]string{"rules_file": name})
	for _, step := range []struct {
		text            string
		good, bad, kept int // lines so far: of successes, of mistakes, of rules that stay
	}{{oneRule, 1, 0, 0}, {twoRules, 2, 0, 0}, {broken, 2, 2, 1}, {oneRule, 3, 2, 1}} {
		rewrite(t, name, step.text)
		for range 5 {
			_ = p.reload() // what is wrong is in the log
		}
		good, bad := len(log.lines("rules reloaded")), len(log.lines("rules.yaml:"))
		if kept := len(log.lines("rules not reloaded")); good != step.good || bad != step.bad || kept != step.kept {
			t.Errorf("after %q: %d lines of success, %d of mistakes, %d of rules that stay", step.text, good, bad, kept)
		}
	}
	expect(t, p, `
		promexporter_rules_reloads_total{output="promexporter.0",result="failure"} 5
		promexporter_rules_reloads_total{output="promexporter.0",result="success"} 15`)
}

func TestRulesFileWithDefaults(t *testing.T) {
	p, _ := openOne(t, map[string]string{"rules_file": writeRules(t, "defaults: true\n"+oneRule)})
	flush(t, p, "t", `{"l":"x","n":1}`, flb.OK)
	expect(t, p, "a_total{l=\"x\"} 1\nn{tag=\"t\"} 1")
}

func TestBadRulesEndTheStart(t *testing.T) {
	reserved, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := reserved.Addr().String()
	reserved.Close()
	for name, test := range map[string]struct {
		file string
		want []string
	}{
		"mistakes": {writeRules(t, broken), []string{
			`rules.yaml:2:44: metrics[0]: unknown key "lables"; did you mean labels?`,
			`rules.yaml:3:3: metrics[1].value: missing`,
		}},
		"no such file": {filepath.Join(t.TempDir(), "none.yaml"), []string{"rules_file: ", "none.yaml: no such file or directory; write the path of a rules file"}},
		"relative":     {"none.yaml", []string{"rules_file: /", "/pipeline/none.yaml: "}},
		"a folder":     {t.TempDir(), []string{"rules_file: ", "not a regular file"}},
		"a pipe":       {pipe(t), []string{"rules_file: ", "not a regular file"}},
		"too large":    {writeRules(t, strings.Repeat("# comment\n", 110_000)), []string{"larger than 1048576 bytes"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Open(newProcess(t).options("promexporter.0", map[string]string{
				"rules_file": test.file, "listen_address": address,
			}))
			if err == nil {
				t.Fatal("opened")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("no %q in:\n%v", want, err)
				}
			}
			l, err := net.Listen("tcp", address)
			if err != nil {
				t.Fatalf("a port was opened: %v", err)
			}
			l.Close()
		})
	}
}

// pipe creates a named pipe without a writer.
func pipe(t *testing.T) (name string) {
	t.Helper()
	name = filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestReloadKeepsWhatDidNotChange(t *testing.T) {
	file := writeRules(t, oneRule)
	p, _ := openOne(t, map[string]string{"rules_file": file, "reload": "on"})
	flush(t, p, "t", `{"l":"x"}`, flb.OK)

	rewrite(t, file, twoRules)
	if code := post(t, p); code != http.StatusOK {
		t.Fatalf("reload: %d", code)
	}
	flush(t, p, "t", `{"l":"x"}`, flb.OK)
	expect(t, p, `
		a_total{l="x"} 2
		b_total 1
		promexporter_rule_samples_total{output="promexporter.0",rule="a_total"} 2
		promexporter_rules_reloads_total{output="promexporter.0",result="success"} 1`)

	rewrite(t, file, changed)
	if code := post(t, p); code != http.StatusOK {
		t.Fatalf("reload: %d", code)
	}
	if got := records(page(t, p)); got != "" {
		t.Errorf("left after a change of all families:\n%s", got)
	}
	flush(t, p, "t", `{"l":"x"}`, flb.OK)
	expect(t, p, `a_total{l="x"} 1`)
}

func TestBadReloadChangesNothing(t *testing.T) {
	file := writeRules(t, oneRule)
	p, log := openOne(t, map[string]string{"rules_file": file, "reload": "on"})
	flush(t, p, "t", `{"l":"x"}`, flb.OK)
	rewrite(t, file, broken)
	if code := post(t, p); code != http.StatusInternalServerError {
		t.Fatalf("reload: %d", code)
	}
	flush(t, p, "t", `{"l":"x"}`, flb.OK)
	expect(t, p, `
		a_total{l="x"} 2
		promexporter_rules_last_reload_successful{output="promexporter.0"} 0
		promexporter_rules_reloads_total{output="promexporter.0",result="failure"} 1`)
	for _, mistake := range []string{"did you mean labels?", "rules.yaml:3:3"} {
		if len(log.lines(mistake)) != 1 {
			t.Errorf("the log does not have %s", mistake)
		}
	}
	rewrite(t, file, oneRule)
	if code := post(t, p); code != http.StatusOK {
		t.Fatalf("reload: %d", code)
	}
	expect(t, p, `
		a_total{l="x"} 2
		promexporter_rules_last_reload_successful{output="promexporter.0"} 1`)
}

func TestReloadIsOffByDefault(t *testing.T) {
	p, _ := openOne(t, map[string]string{"rules_file": writeRules(t, oneRule)})
	if code := post(t, p); code != http.StatusNotFound {
		t.Errorf("reload: %d", code)
	}
}

func TestFamiliesOfFieldsSurviveAReload(t *testing.T) {
	const fields = "metrics:\n- {name: 'x_${field}', type: gauge, help: X., fields: '^'}\n"
	file := writeRules(t, fields)
	p, _ := openOne(t, map[string]string{"rules_file": file, "reload": "on"})
	flush(t, p, "t", `{"n":7}`, flb.OK)
	rewrite(t, file, fields+"- {name: b_total, type: counter, help: B.}\n")
	post(t, p)
	expect(t, p, `x_n 7`)
	rewrite(t, file, oneRule)
	post(t, p)
	if got := records(page(t, p)); got != "" {
		t.Errorf("left without its rule:\n%s", got)
	}
}

// TestWatch changes the file in all usual ways.
func TestWatch(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(t *testing.T, file string){
		"written in place": func(t *testing.T, file string) { rewrite(t, file, twoRules) },
		"renamed over": func(t *testing.T, file string) {
			rewrite(t, file+".new", twoRules)
			if err := os.Rename(file+".new", file); err != nil {
				t.Fatal(err)
			}
		},
		"swapped link of a ConfigMap": func(t *testing.T, file string) {
			dir := filepath.Join(filepath.Dir(file), "..data_new")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			rewrite(t, filepath.Join(dir, "rules.yaml"), twoRules)
			link := filepath.Join(filepath.Dir(file), "..data")
			if err := os.Symlink("..data_new", link+"_tmp"); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(link+"_tmp", link); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := configMap(t, oneRule)
			p, _ := openOne(t, map[string]string{"rules_file": file})
			flush(t, p, "t", `{"l":"x"}`, flb.OK)
			change(t, file)
			until(t, "the change was not noticed", func() bool { return p.reloads.counts().successes == 1 })
			flush(t, p, "t", `{"l":"x"}`, flb.OK)
			expect(t, p, "a_total{l=\"x\"} 2\nb_total 1")
		})
	}
}

// configMap lays out a file as Kubernetes mounts a ConfigMap: a link to a link.
func configMap(t *testing.T, text string) (file string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "..data_old"), 0o700); err != nil {
		t.Fatal(err)
	}
	rewrite(t, filepath.Join(dir, "..data_old", "rules.yaml"), text)
	file = filepath.Join(dir, "rules.yaml")
	for link, to := range map[string]string{filepath.Join(dir, "..data"): "..data_old", file: "..data/rules.yaml"} {
		if err := os.Symlink(to, link); err != nil {
			t.Fatal(err)
		}
	}
	return file
}

// TestWatchTellsAMistakeOnce checks that an invalid file is logged once, and a missing one too.
func TestWatchTellsAMistakeOnce(t *testing.T) {
	t.Parallel()
	file := writeRules(t, oneRule)
	p, log := openOne(t, map[string]string{"rules_file": file})
	rewrite(t, file, broken)
	until(t, "the mistake was not noticed", func() bool { return p.reloads.counts().failures == 1 })
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	until(t, "the loss was not noticed", func() bool { return p.reloads.counts().failures == 2 })
	rewrite(t, file, twoRules)
	until(t, "the new file was not noticed", func() bool { return p.reloads.counts().successes == 1 })
	for _, text := range []string{"did you mean labels?", "no such file"} {
		if lines := log.lines(text); len(lines) != 1 {
			t.Errorf("logged %d times: %q", len(lines), lines)
		}
	}
}

// TestReloadUnderLoad counts every record exactly once while the rules change.
func TestReloadUnderLoad(t *testing.T) {
	file := writeRules(t, oneRule)
	p, _ := openOne(t, map[string]string{"rules_file": file, "flush_timeout": "5s"})
	const flushers, chunks = 4, 500
	chunk := chunktest.Events("{\"l\":\"x\"}\n{\"l\":\"y\"}")
	var flushing sync.WaitGroup
	for range flushers {
		flushing.Go(func() {
			for range chunks {
				if got := p.Flush(chunk, "t"); got != flb.OK {
					t.Errorf("status %d", got)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { flushing.Wait(); close(done) }()
	for n, running := 0, true; running; n++ {
		rewrite(t, file, []string{oneRule, twoRules}[n%2])
		if err := p.reload(); err != nil {
			t.Error(err)
		}
		select {
		case <-done:
			running = false
		default:
		}
	}
	expect(t, p, "a_total{l=\"x\"} 2000\na_total{l=\"y\"} 2000")
}

func TestCloseEndsTheWatch(t *testing.T) {
	o := newProcess(t).options("promexporter.0", map[string]string{"rules_file": writeRules(t, oneRule)})
	p, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	p.Close()
	// On a slow machine, the watcher may take longer than Close waits for it.
	if took := time.Since(begin); took < watchCloseTimeout && !isClosed(p.watchDone) {
		t.Errorf("Close did not wait for the watch, it took %s", took)
	}
	p.Close()
	until(t, "the watcher is still running", func() bool { return isClosed(p.watchDone) })
	if stateCloseTimeout+watchCloseTimeout >= time.Second {
		t.Error("Close may take longer than a second")
	}
}
