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

// watchTests runs the tests whenever one of their files, or of their rules, is another one.
func (a *app) watchTests(ctx context.Context, f *testFlags, args []string) error {
	once := *f
	once.watch = false
	last := ""
	for {
		if now := stamps(args); now != last {
			last = now
			if isTerminal(a.out) {
				fmt.Fprint(a.out, "\x1b[H\x1b[2J")
			}
			if err := a.test(ctx, &once, args); err != nil && !errors.As(err, new(status)) {
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

// stamps describes the YAML files in the folders of the tests.
func stamps(args []string) string {
	var b strings.Builder
	paths, err := check.TestPaths(args)
	if err != nil {
		return err.Error()
	}
	var folders []string
	for _, path := range paths {
		folders = append(folders, filepath.Dir(path))
	}
	slices.Sort(folders)
	for _, folder := range slices.Compact(folders) {
		entries, err := os.ReadDir(folder)
		if err != nil {
			continue
		}
		for _, e := range entries {
			if info, err := e.Info(); err == nil && strings.HasSuffix(e.Name(), ".yaml") {
				fmt.Fprintln(&b, folder, e.Name(), info.Size(), info.ModTime().UnixNano())
			}
		}
	}
	return b.String()
}
