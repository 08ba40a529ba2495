package host

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:embed loader/*.c loader/*.h
var sources embed.FS

// compilerFlags are the loader's. It exports two functions that plugins look for in the host, and hides the rest.
var compilerFlags = []string{
	"-std=gnu11", "-O2", "-g", "-Wall", "-Wextra", "-Werror", "-fvisibility=hidden", "-rdynamic", "-pthread",
}

// BuildLoader compiles the loader into dir, by $CC or gcc, and returns its path. The C sources are part of this
// package, so that nothing but the compiler is needed.
func BuildLoader(dir string) (string, error) {
	work, err := os.MkdirTemp(dir, "build-")
	if err != nil {
		return "", fmt.Errorf("build the loader: %w", err)
	}
	defer os.RemoveAll(work)
	files, err := unpack(work)
	if err != nil {
		return "", fmt.Errorf("build the loader: %w", err)
	}
	made := filepath.Join(work, "flbhost-loader")
	cc := append(compiler(), compilerFlags...)
	cc = append(append(cc, "-o", made), files...)
	cmd := exec.Command(cc[0], append(cc[1:], "-ldl", "-lpthread")...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the loader with %s (set CC to use another compiler): %w\n%s", cc[0], err, out)
	}
	// A rename, so that whoever else builds into dir never runs half a program.
	path := filepath.Join(dir, filepath.Base(made))
	if err := os.Rename(made, path); err != nil {
		return "", fmt.Errorf("build the loader: %w", err)
	}
	return path, nil
}

// CachedLoader returns the path of a loader in the user's cache directory. It builds one when there is none for these
// sources and this compiler.
func CachedLoader() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no directory to keep the loader in: %w", err)
	}
	sum, err := sourcesSum()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "promexporter", "flbhost-"+sum)
	path := filepath.Join(dir, "flbhost-loader")
	if _, err := os.Stat(path); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return path, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("no directory to keep the loader in: %w", err)
	}
	return BuildLoader(dir)
}

// compiler is $CC, which may carry flags, or gcc.
func compiler() []string {
	if cc := strings.Fields(os.Getenv("CC")); len(cc) > 0 {
		return cc
	}
	return []string{"gcc"}
}

func unpack(dir string) (cFiles []string, err error) {
	files, err := sources.ReadDir("loader")
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		content, err := sources.ReadFile("loader/" + f.Name())
		if err != nil {
			return nil, err
		}
		path := filepath.Join(dir, f.Name())
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return nil, err
		}
		if filepath.Ext(path) == ".c" {
			cFiles = append(cFiles, path)
		}
	}
	return cFiles, nil
}

func sourcesSum() (string, error) {
	sum := sha256.New()
	fmt.Fprintln(sum, compiler(), compilerFlags)
	err := fs.WalkDir(sources, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := sources.ReadFile(path)
		fmt.Fprintf(sum, "%s %d\n%s", path, len(content), content)
		return err
	})
	return hex.EncodeToString(sum.Sum(nil)[:8]), err
}
