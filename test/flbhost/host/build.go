package host

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/promexporter/promexporter/test/flbhost/abi"
)

//go:embed loader/*.c loader/*.h
var loaderFiles embed.FS

// compilerFlags are the loader's. The loader exports functions that plugins look up in the host, and hides the rest.
var compilerFlags = []string{
	"-std=gnu11", "-O2", "-g", "-Wall", "-Wextra", "-Werror", "-fvisibility=hidden", "-rdynamic", "-pthread",
}

// CachedLoader returns the path of a loader in the user's cache directory. It compiles one with $CC or gcc unless there
// is one for these sources and this compiler. This package contains the C sources, so that only the compiler is needed.
func CachedLoader() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no directory for the loader: %w", err)
	}
	files, err := sources()
	if err != nil {
		return "", err
	}
	path := filepath.Join(cache, "promexporter", "flbhost-"+checksum(files), "flbhost-loader")
	if _, err := os.Stat(path); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return path, err
	}
	if err := build(path, files); err != nil {
		return "", fmt.Errorf("build the loader: %w", err)
	}
	return path, nil
}

func build(path string, files map[string][]byte) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	work, err := os.MkdirTemp(dir, "build-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	made := filepath.Join(work, filepath.Base(path))
	cc := append(Compiler(), compilerFlags...)
	cc = append(cc, "-o", made)
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(work, name), content, 0o600); err != nil {
			return err
		}
		if filepath.Ext(name) == ".c" {
			cc = append(cc, filepath.Join(work, name))
		}
	}
	cmd := exec.Command(cc[0], append(cc[1:], "-ldl", "-lpthread")...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w (set CC to use another compiler)\n%s", cc[0], err, out)
	}
	return os.Rename(made, path) // so that another process never runs half a program
}

// Compiler returns the command $CC, which may have flags, or gcc.
func Compiler() []string {
	if cc := strings.Fields(os.Getenv("CC")); len(cc) > 0 {
		return cc
	}
	return []string{"gcc"}
}

// Runner returns the command $FLBHOST_RUNNER that runs the loader, or nothing. With an emulator there and a cross
// compiler in $CC, plugins for another architecture run: "qemu-aarch64-static -L /usr/aarch64-linux-gnu".
func Runner() []string { return strings.Fields(os.Getenv("FLBHOST_RUNNER")) }

// sources returns the files of the loader by name.
func sources() (map[string][]byte, error) {
	files := map[string][]byte{"abi.h": abi.Header}
	err := fs.WalkDir(loaderFiles, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files[d.Name()], err = loaderFiles.ReadFile(path)
		return err
	})
	return files, err
}

func checksum(files map[string][]byte) string {
	sum := sha256.New()
	fmt.Fprintln(sum, Compiler(), compilerFlags)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(sum, "%s %d\n%s", name, len(files[name]), files[name])
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}
