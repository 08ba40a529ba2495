package glibc

import (
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// compile makes a shared object of C source.
func compile(t *testing.T, source string, flags ...string) string {
	t.Helper()
	gcc, err := exec.LookPath("gcc")
	if err != nil {
		t.Skip("no gcc")
	}
	dir := t.TempDir()
	file, object := filepath.Join(dir, "a.c"), filepath.Join(dir, "a.so")
	if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	args := append([]string{"-shared", "-fPIC", "-o", object, file}, flags...)
	if out, err := exec.Command(gcc, args...).CombinedOutput(); err != nil {
		t.Fatalf("gcc: %v\n%s", err, out)
	}
	return object
}

func TestCheck(t *testing.T) {
	for _, test := range []struct {
		name   string
		source string
		flags  []string
		want   string // in the error; "" is no error
	}{
		{"old symbol", `#include <stdio.h>
			void g(void) { puts("a"); }`, nil, ""},
		{"floor", `#include <pthread.h>
			void *g(void) { return (void *) pthread_create; }`, []string{"-include", "floor.h", "-I", "."}, ""},
		{"library", `#include <math.h>
			double g(double x) { return sin(x); }`, []string{"-lm"}, "needs the library libm.so.6"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := Check(compile(t, test.source, test.flags...))
			if test.want == "" && err != nil {
				t.Error(err)
			}
			if test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}

func TestCheckSymbols(t *testing.T) {
	symbol := func(name, version string) elf.ImportedSymbol { return elf.ImportedSymbol{Name: name, Version: version} }
	err := checkSymbols("a.so", []elf.ImportedSymbol{
		symbol("puts", "GLIBC_2.2.5"), symbol("weak", ""), symbol("dlsym", "GLIBC_2.34"), symbol("rseq", "GLIBC_2.35"),
	}, "GLIBC_2.17")
	const want = "a.so: needs dlsym@GLIBC_2.34; at most GLIBC_2.17 is allowed, see internal/glibc/floor.h\n" +
		"a.so: needs rseq@GLIBC_2.35; at most GLIBC_2.17 is allowed, see internal/glibc/floor.h"
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

func TestAtMost(t *testing.T) {
	for _, test := range []struct {
		version, floor string
		want           bool
	}{
		{"GLIBC_2.4", "GLIBC_2.17", true},
		{"GLIBC_2.17", "GLIBC_2.17", true},
		{"GLIBC_2.3.4", "GLIBC_2.4", true},
		{"GLIBC_2.17.1", "GLIBC_2.17", false},
		{"GLIBC_2.34", "GLIBC_2.17", false},
		{"GLIBC_PRIVATE", "GLIBC_2.17", false},
		{"GCC_3.5", "GLIBC_2.17", false},
	} {
		if got := atMost(test.version, test.floor); got != test.want {
			t.Errorf("%s at most %s: %v", test.version, test.floor, got)
		}
	}
}
