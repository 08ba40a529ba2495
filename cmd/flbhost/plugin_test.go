package main

import (
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/promexporter/promexporter/cmd/flbhost/host/hosttest"
)

func TestRunWithInputPlugin(t *testing.T) {
	in, out := hosttest.NewInput(t, "source"), hosttest.NewPlugin(t, "fixture")
	for name, content := range map[string]string{
		"a.conf": "[SERVICE]\n    Flush 0.02\n    Hot_Reload on\n[INPUT]\n    Name source\n    Id a\n[INPUT]\n    Name source\n" +
			"    Tag t\n    Id b\n[OUTPUT]\n    Name fixture\n    Match *\n",
		"a.yaml": "service:\n  flush: 0.02\n  hot_reload: on\npipeline:\n  inputs:\n    - name: source\n      id: a\n    - name: source\n" +
			"      tag: t\n      id: b\n  outputs:\n    - name: fixture\n      match: '*'\n",
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), name)
			write(t, file, content)
			out.Calls(t) // of the run before
			s := begin(t, "-e", out.Path, "-e", in.Path, "-c", file)
			seen := map[string]bool{}
			await(t, "a flush of each", func() bool {
				for _, c := range out.Calls(t) {
					seen[strings.Join(strings.Fields(c)[:2], " ")] = true
				}
				return seen["Flush source.0"] && seen["Flush t"]
			})
			in.Calls(t)
			s.signals <- syscall.SIGHUP
			s.awaitLog(t, "successful reload done")
			s.terminate(t)
			calls := slices.DeleteFunc(in.Calls(t), func(c string) bool { return strings.HasPrefix(c, "C") }) // callbacks
			want(t, calls[:8],
				"PreRegister(1) on main", "Register on main",
				"Pause on flb-in-source.0", "Pause on flb-in-source.1",
				"Pause on flb-in-source.0", "Pause on flb-in-source.1",
				"PreExit(1) on flb-in-source.1", "Exit on flb-in-source.1")
			if last := calls[len(calls)-1]; last != "Unregister on main" {
				t.Errorf("the last call is %q", last)
			}
		})
	}
}

func TestInputPluginThatFails(t *testing.T) {
	in := hosttest.NewInput(t, "source")
	s := begin(t, "-e", in.Path, "-i", "source", "-p", "fail=yes", "-o", "null")
	s.end(t, exitInit)
	s.awaitLog(t, "[engine] input initialization failed")
}
