package check

import (
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

var (
	rulesKey         = regexp.MustCompile(`(?m)^["']?(metrics|defaults)["']?\s*:`)
	configurationKey = regexp.MustCompile(`(?m)^["']?(pipeline|service|includes|plugins|parsers|env)["']?\s*:`)
)

// kindOf tells a file by its name, and a YAML file by its top keys.
func kindOf(path string, text []byte) kind {
	switch {
	case filepath.Ext(path) == ".conf":
		return configuration
	case !fluentconf.IsYAML(path):
		return other
	case strings.HasSuffix(path, "_test.yaml"):
		return testsFile
	case rulesKey.Match(text):
		return rulesFile
	case configurationKey.Match(text):
		return configuration
	}
	return other
}

// Paths returns the files that the arguments name: files as they are; of folders, the files in them that are rules files,
// files of tests or configurations; of dir/..., also those in folders below.
func Paths(args []string) (paths []string, err error) {
	for _, arg := range args {
		root, deep := strings.CutSuffix(filepath.ToSlash(arg), "...")
		if deep {
			arg = filepath.Clean(root)
		}
		info, err := os.Stat(arg)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			paths = append(paths, arg)
			continue
		}
		found, err := walk(arg, deep)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("%s has no rules file and no configuration of Fluent Bit", arg)
		}
		paths = append(paths, found...)
	}
	slices.Sort(paths)
	return slices.Compact(paths), nil
}

func walk(root string, deep bool) (found []string, err error) {
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && (!deep || strings.HasPrefix(d.Name(), ".")):
			return fs.SkipDir
		case !d.Type().IsRegular() || filepath.Ext(path) != ".conf" && !fluentconf.IsYAML(path):
			return nil
		}
		text, err := os.ReadFile(path)
		if err == nil && kindOf(path, text) != other {
			found = append(found, path)
		}
		return err
	})
	return found, err
}
