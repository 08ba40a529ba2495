package check

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/promexporter/promexporter/internal/fluentconf"
)

// kind is what a file is.
type kind int

const (
	other kind = iota
	rulesFile
	configuration
	testsFile
)

// testSuffix is how the names of files of tests end.
const testSuffix = "_test.yaml"

var (
	rulesKey         = regexp.MustCompile(`(?m)^["']?(metrics|defaults)["']?\s*:`)
	configurationKey = regexp.MustCompile(`(?m)^["']?(pipeline|service|includes|plugins|parsers|env)["']?\s*:`)
)

// kindOf returns the kind of a file, by its name, and of a YAML file by its top keys.
func kindOf(path string, text []byte) kind {
	text = bytes.TrimPrefix(text, []byte("\uFEFF"))
	switch {
	case filepath.Ext(path) == ".conf":
		return configuration
	case !fluentconf.IsYAML(path):
		return other
	case strings.HasSuffix(path, testSuffix):
		return testsFile
	case rulesKey.Match(text):
		return rulesFile
	case configurationKey.Match(text):
		return configuration
	}
	return other
}

// Paths returns the files that the arguments name: files as they are; of folders, the files in them that are rules
// files, files of tests or configurations; of dir/..., also those in folders below.
func Paths(args []string) ([]string, error) {
	return expand(args, func(root string, deep bool) ([]string, error) {
		found, err := walk(root, deep, isChecked)
		if err == nil && len(found) == 0 {
			err = fmt.Errorf("%s has no rules file and no configuration of Fluent Bit; write %s/... for the folders below it too", root, root)
		}
		return found, err
	})
}

// isChecked reports whether a file in a folder is of a kind that is checked.
func isChecked(path string) (bool, error) {
	if filepath.Ext(path) != ".conf" && !fluentconf.IsYAML(path) {
		return false, nil
	}
	text, err := os.ReadFile(path)
	return err == nil && kindOf(path, text) != other, err
}

// TestPaths returns the files that the arguments name, as Paths does, but of folders only the files of tests.
func TestPaths(args []string) ([]string, error) {
	paths, err := expand(args, func(root string, deep bool) ([]string, error) {
		return walk(root, deep, func(path string) (bool, error) { return strings.HasSuffix(path, testSuffix), nil })
	})
	if err == nil && len(paths) == 0 {
		err = errors.New("there are no files of tests, whose names end in " + testSuffix)
	}
	return paths, err
}

// expand returns the files that the arguments name, sorted, each once. find looks for those of a folder.
func expand(args []string, find func(root string, deep bool) ([]string, error)) (paths []string, err error) {
	for _, arg := range args {
		root, deep := strings.CutSuffix(filepath.ToSlash(arg), "...")
		if deep {
			arg = filepath.Clean(root)
		}
		info, err := os.Stat(arg)
		if err != nil {
			return nil, err
		}
		found := []string{arg}
		if info.IsDir() {
			if found, err = find(arg, deep); err != nil {
				return nil, err
			}
		}
		paths = append(paths, found...)
	}
	slices.Sort(paths)
	return slices.Compact(paths), nil
}

// walk returns the wanted files of a folder, and if deep of those below that are not hidden.
func walk(root string, deep bool, wanted func(path string) (bool, error)) (found []string, err error) {
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && (!deep || strings.HasPrefix(d.Name(), ".")):
			return fs.SkipDir
		case !d.Type().IsRegular():
			return nil
		}
		ok, err := wanted(path)
		if ok {
			found = append(found, path)
		}
		return err
	})
	return found, err
}
