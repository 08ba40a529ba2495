package pipeline

import (
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/promexporter/promexporter/flb"
)

// TestHotReloadWithBadRules checks that the last valid rules stay active, and that the file is read again when it is
// corrected.
func TestHotReloadWithBadRules(t *testing.T) {
	of := newProcess(t)
	keys := map[string]string{"rules_file": writeRules(t, oneRule)}
	p := of.open("promexporter.0", keys)
	flush(t, p, "t", `{"l":"x"}`, flb.OK)
	for _, bad := range []string{broken, ""} {
		if rewrite(t, keys["rules_file"], bad); bad == "" {
			os.Remove(keys["rules_file"])
		}
		p = of.reload(p, keys)
		flush(t, p, "t", `{"l":"x"}`, flb.OK)
	}
	expect(t, p, `
		a_total{l="x"} 3
		promexporter_rules_last_reload_successful{output="promexporter.0"} 0
		promexporter_rules_reloads_total{output="promexporter.0",result="failure"} 2
		promexporter_config_last_reload_successful{output="promexporter.0"} 1`)
	for _, line := range []string{`unknown key \"lables\"`, "no such file or directory", "stay active"} {
		if len(of.log.lines(line)) == 0 {
			t.Errorf("no line %q in %q", line, of.log.lines(""))
		}
	}
	rewrite(t, keys["rules_file"], twoRules)
	until(t, "the corrected file is not read", func() bool { return p.reloads.counts().rulesOK })
	flush(t, p, "t", `{"l":"x"}`, flb.OK)
	expect(t, p, "a_total{l=\"x\"} 4\nb_total 1")
}

// TestHotReloadWithoutRulesFile checks that the watcher does not log the missing file again.
func TestHotReloadWithoutRulesFile(t *testing.T) {
	of := newProcess(t)
	keys := map[string]string{"rules_file": writeRules(t, oneRule)}
	p := of.open("promexporter.0", keys)
	if err := os.Remove(keys["rules_file"]); err != nil {
		t.Fatal(err)
	}
	p = of.reload(p, keys)
	again := func() { t.Error("the missing file is logged again") }
	seen := p.file.poll(p.file.poll(nil, again), again)
	if failures := p.reloads.counts().failures; failures != 1 {
		t.Errorf("%d failures, seen %q", failures, seen)
	}
}

// TestHotReloadWithBadKeys checks that the last valid keys stay active, whichever package refuses the new ones, and
// that the next valid ones apply.
func TestHotReloadWithBadKeys(t *testing.T) {
	for name, test := range map[string]struct{ key, value, want string }{
		"value":         {"series_limit", "many", "series_limit: "},
		"file":          {"web_config_file", "/no/such/file.yaml", "no such file"},
		"state":         {"state_file", os.TempDir(), "is not a regular file"},
		"other section": {"username", "other", "share the address"},
	} {
		t.Run(name, func(t *testing.T) {
			of := newProcess(t)
			neighbour := of.open("promexporter.1", map[string]string{"metrics_path": "/other"})
			keys := map[string]string{"rules_file": writeRules(t, oneRule), "listen_address": neighbour.endpoint.Addrs()[0].String(), "series_limit": "7"}
			p := of.open("promexporter.0", keys)
			flush(t, p, "t", `{"l":"x"}`, flb.OK)
			bad := map[string]string{"listen_address": keys["listen_address"], "rules_file": keys["rules_file"], test.key: test.value}
			if test.key == "username" {
				bad["password"] = "secret"
			}
			p = of.reload(p, bad)
			flush(t, p, "t", `{"l":"x"}`, flb.OK)
			expect(t, p, `
				a_total{l="x"} 2
				promexporter_series_limit{output="promexporter.0"} 7
				promexporter_config_last_reload_successful{output="promexporter.0"} 0`)
			for _, line := range []string{test.want, "keys not reloaded; the last valid keys stay active"} {
				if len(of.log.lines(line)) != 1 {
					t.Errorf("no line %q in %q", line, of.log.lines(""))
				}
			}
			keys["series_limit"] = "8"
			p = of.reload(p, keys)
			expect(t, p, `
				a_total{l="x"} 2
				promexporter_series_limit{output="promexporter.0"} 8
				promexporter_config_last_reload_successful{output="promexporter.0"} 1`)
		})
	}
}

// TestHotReloadWithBrokenFiles checks that series and page survive if a file was valid at the start, and is not at a
// reload.
func TestHotReloadWithBrokenFiles(t *testing.T) {
	for key, content := range map[string]string{"password_file": "hunter2", "web_config_file": "http_server_config: {http2: false}\n"} {
		t.Run(key, func(t *testing.T) {
			of, file := newProcess(t), writeRules(t, content)
			keys := map[string]string{"rules_file": writeRules(t, oneRule), key: file}
			if key == "password_file" {
				keys["username"] = "u"
			}
			p := of.open("promexporter.0", keys)
			flush(t, p, "t", `{"l":"x"}`, flb.OK)
			keys["listen_address"] = p.endpoint.Addrs()[0].String()
			rewrite(t, file, "\n[")
			if key == "password_file" {
				rewrite(t, file, "")
			}
			p = of.reload(p, keys)
			flush(t, p, "t", `{"l":"x"}`, flb.OK)
			if len(of.log.lines("keys not reloaded; the last valid keys stay active")) != 1 || p.reloads.counts().keysOK {
				t.Errorf("log %q", of.log.lines(""))
			}
			rewrite(t, file, content)
			page := pageOf(t, p, "u", "hunter2")
			if !strings.Contains(page, "\na_total{l=\"x\"} 2\n") {
				t.Errorf("the page is\n%s", records(page))
			}
			p = of.reload(p, keys)
			if flush(t, p, "t", `{"l":"x"}`, flb.OK); !p.reloads.counts().keysOK {
				t.Errorf("log %q", of.log.lines(""))
			}
		})
	}
}

// TestHotReloadWithoutState checks that series survive a reload at which their state file has become a directory.
func TestHotReloadWithoutState(t *testing.T) {
	of, keys := newProcess(t), stateKeys(t, oneRule)
	p := of.open("promexporter.0", keys)
	flush(t, p, "t", `{"l":"x"}`, flb.OK)
	keys["listen_address"] = p.endpoint.Addrs()[0].String()
	p.CloseForReload()
	awaitState(t, p)
	if err := errors.Join(os.Remove(keys["state_file"]), os.Mkdir(keys["state_file"], 0o700)); err != nil {
		t.Fatal(err)
	}
	p = of.reload(p, keys)
	flush(t, p, "t", `{"l":"x"}`, flb.OK)
	expect(t, p, `
		a_total{l="x"} 2
		promexporter_config_last_reload_successful{output="promexporter.0"} 0`)
	if len(of.log.lines("state file is not written until the next reload")) != 1 {
		t.Errorf("log %q", of.log.lines(""))
	}
	if err := os.Remove(keys["state_file"]); err != nil {
		t.Fatal(err)
	}
	p = of.reload(p, keys)
	until(t, "no state", func() bool { return p.state.writtenAt.Load() > 0 })
	expect(t, p, `a_total{l="x"} 2`)
}

// pageOf scrapes the pipeline as a user.
func pageOf(t *testing.T, p *Pipeline, user, password string) string {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, "http://"+p.endpoint.Addrs()[0].String()+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(user, password)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s, %v", response.Status, err)
	}
	return string(body)
}

// TestHotReloadBringsAState checks that a state file that is new at a reload is restored for the families that the
// instance does not have yet.
func TestHotReloadBringsAState(t *testing.T) {
	keys := stateKeys(t, twoRules)
	first, _ := openOne(t, keys)
	flush(t, first, "t", `{"l":"x"}`, flb.OK)
	closeWritten(t, first)

	of := newProcess(t)
	p := of.open("promexporter.0", map[string]string{"rules_file": writeRules(t, oneRule)})
	flush(t, p, "t", `{"l":"y"}`, flb.OK)
	p = of.reload(p, keys)
	flush(t, p, "t", `{"l":"y"}`, flb.OK)
	expect(t, p, "a_total{l=\"y\"} 2\nb_total 2\npromexporter_state_restored_series{output=\"promexporter.0\"} 1")
	p = of.reload(p, keys)
	expect(t, p, "a_total{l=\"y\"} 2\nb_total 2\npromexporter_state_restored_series{output=\"promexporter.0\"} 0")
	delete(keys, "state_file")
	p = of.reload(p, keys)
	if lines := linesOf(page(t, p), "promexporter_state"); lines != "" {
		t.Errorf("without a state file:\n%s", lines)
	}
}
