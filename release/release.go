package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// release is what is built, and where.
type release struct {
	root    string // of the sources
	work    string // folder of intermediate results
	out     string // folder of the results
	version string // without v
	date    time.Time

	architectures []architecture
	systems       []system // of the programs, but for those of the plugins
}

var semantic = regexp.MustCompile(`^v?(\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?)$`)

func newRelease(root, version string, names []string) (*release, error) {
	m := semantic.FindStringSubmatch(version)
	if m == nil {
		return nil, fmt.Errorf("version %q: not a semantic version; write for example make release VERSION=v1.2.3", version)
	}
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	r := &release{root: root, version: m[1]}
	if r.date, err = r.releaseDate(); err != nil {
		return nil, err
	}
	for _, name := range names {
		if strings.Contains(name, "-") {
			s, err := systemOf(name)
			if err != nil {
				return nil, err
			}
			r.systems = append(r.systems, s)
			continue
		}
		a, err := architectureOf(name)
		if err != nil {
			return nil, err
		}
		r.architectures = append(r.architectures, a)
	}
	return r, nil
}

// undated is the date of a trial release: one whose version CHANGELOG.md does not have.
var undated = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// releaseDate does not ask the clock or git, so that a release can be built again from an archive of its sources.
func (r *release) releaseDate() (time.Time, error) {
	if epoch := os.Getenv("SOURCE_DATE_EPOCH"); epoch != "" {
		seconds, err := strconv.ParseInt(epoch, 10, 64)
		if err != nil {
			return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH %q: not a number of seconds", epoch)
		}
		return time.Unix(seconds, 0).UTC(), nil
	}
	text, err := os.ReadFile(filepath.Join(r.root, "CHANGELOG.md"))
	if err != nil {
		return time.Time{}, err
	}
	heading := regexp.MustCompile(`(?m)^## \[` + regexp.QuoteMeta(r.version) + `\] - (\S+)$`)
	m := heading.FindSubmatch(text)
	if m == nil {
		return undated, nil
	}
	return time.Parse(time.DateOnly, string(m[1]))
}

// make builds everything. It replaces the results of another release only when all of it is built.
func (r *release) make(ctx context.Context) error {
	results := r.out
	r.out = filepath.Join(r.work, "out")
	if err := os.Mkdir(r.out, 0o755); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{
		r.build, r.buildPrograms, r.describe, r.archives, r.programArchives, r.packages, r.image, r.sums,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return errors.Join(os.RemoveAll(results), os.CopyFS(results, os.DirFS(r.out)))
}

// command runs a program in the root of the sources, with further variables of the environment.
func (r *release) command(ctx context.Context, env []string, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = r.root, append(os.Environ(), env...)
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return nil, fmt.Errorf("%s %q: %w\n%s%s", name, args, err, out, exit.Stderr)
	}
	return out, err
}

// result returns the path of a result whose name has the version.
func (r *release) result(suffix string) string {
	return filepath.Join(r.out, "promexporter_"+r.version+suffix)
}
