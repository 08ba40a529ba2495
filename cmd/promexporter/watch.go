package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/promexporter/promexporter/check"
)

// watchInterval is how often files are looked at.
const watchInterval = 300 * time.Millisecond

// watchTests runs the tests whenever a file in the folders of the tests, or of their rules, is another one.
func (a *app) watchTests(ctx context.Context, f *testFlags, args []string) error {
	var last, lastRules string
	var rules []string // the folders of the rules
	for {
		if now, nowRules := testStamps(args), stamps(rules); now != last || nowRules != lastRules {
			last, lastRules = now, nowRules
			if isTerminal(a.out) {
				fmt.Fprint(a.out, "\x1b[H\x1b[2J")
			}
			r, err := a.runTests(ctx, f, args)
			if err == nil {
				err = a.reportTests(f, r)
				rules = r.rulesFolders()
				lastRules = stamps(rules)
			}
			if err != nil && !errors.As(err, new(status)) {
				fmt.Fprintf(a.err, "promexporter: %v\n", err) // the file may be on its way
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(watchInterval):
		}
	}
}

// rulesFolders returns the folders of the rules that were tested.
func (r *testRun) rulesFolders() (folders []string) {
	for _, f := range r.files {
		if f.Rules != "" {
			folders = append(folders, filepath.Dir(f.Rules))
		}
	}
	return folders
}

// testStamps describes the files in the folders of the tests.
func testStamps(args []string) string {
	paths, err := check.TestPaths(args)
	if err != nil {
		return err.Error()
	}
	folders := make([]string, len(paths))
	for i, path := range paths {
		folders[i] = filepath.Dir(path)
	}
	return stamps(folders)
}

// stamps describes the files in folders.
func stamps(folders []string) string {
	var b strings.Builder
	for _, folder := range slices.Compact(slices.Sorted(slices.Values(folders))) {
		entries, err := os.ReadDir(folder)
		if err != nil {
			continue
		}
		for _, e := range entries {
			if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
				fmt.Fprintln(&b, folder, e.Name(), info.Size(), info.ModTime().UnixNano())
			}
		}
	}
	return b.String()
}
