// Package glibc says which versions of the C library a plugin may need, and checks that it needs no more. The header
// floor.h, which every build of a plugin includes, keeps to them.
package glibc

import (
	"debug/elf"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// libraries are what a plugin may need: all of them are part of every glibc. Since glibc 2.34, libc.so.6 contains what
// the other two had.
var libraries = []string{"libc.so.6", "libpthread.so.0", "libdl.so.2"}

// floors are the highest versions of symbols that a plugin may need. glibc's ports are of different age: that to
// 64-bit ARM began with 2.17.
var floors = map[elf.Machine]string{
	elf.EM_X86_64:  "GLIBC_2.17",
	elf.EM_AARCH64: "GLIBC_2.17",
	elf.EM_ARM:     "GLIBC_2.4",
	elf.EM_S390:    "GLIBC_2.17",
}

// Check returns an error that names every library, and every symbol of the C library, that the shared object at path
// needs and may not need.
func Check(path string) error {
	file, err := elf.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	floor, ok := floors[file.Machine]
	if !ok {
		return fmt.Errorf("%s: no floor is known for %v", path, file.Machine)
	}
	needed, err := file.ImportedLibraries()
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	symbols, err := file.ImportedSymbols()
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return errors.Join(checkLibraries(path, needed), checkSymbols(path, symbols, floor))
}

func checkLibraries(path string, needed []string) (err error) {
	for _, library := range needed {
		if !slices.Contains(libraries, library) {
			err = errors.Join(err, fmt.Errorf("%s: needs the library %s; only %v are on every machine", path, library, libraries))
		}
	}
	return err
}

func checkSymbols(path string, symbols []elf.ImportedSymbol, floor string) (err error) {
	for _, s := range symbols {
		if s.Version != "" && !atMost(s.Version, floor) {
			err = errors.Join(err, fmt.Errorf("%s: needs %s@%s; at most %s is allowed, see internal/glibc/floor.h",
				path, s.Name, s.Version, floor))
		}
	}
	return err
}

// atMost compares versions such as GLIBC_2.3.4. A version of another form, such as GLIBC_PRIVATE, is above all.
func atMost(version, floor string) bool {
	v, ok := numbers(version)
	f, _ := numbers(floor)
	return ok && slices.Compare(v, f) <= 0
}

func numbers(version string) (list []int, ok bool) {
	version, ok = strings.CutPrefix(version, "GLIBC_")
	for part := range strings.SplitSeq(version, ".") {
		n, err := strconv.Atoi(part)
		list, ok = append(list, n), ok && err == nil
	}
	return list, ok
}
