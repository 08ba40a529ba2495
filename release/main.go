// Command release builds what a release of the project consists of:
//
//	go run -C release . -version v1.2.3 -out ../build/release
//
// It writes, for each architecture, an archive of the plugins, and packages for Debian (deb), Red Hat (rpm) and Wolfi
// (apk); for many systems an archive of the program promexporter; further an image with the plugins of all architectures as an archive of an OCI layout, a list of the components
// (CycloneDX), their licenses, and the checksums of all of it.
//
// The same sources, compilers and version give the same bytes, in whatever folder. The date of everything is that of
// the version in CHANGELOG.md, or SOURCE_DATE_EPOCH.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

func main() {
	version := flag.String("version", "", "version of the release, such as v1.2.3")
	out := flag.String("out", "../build/release", "folder that is created, or replaced")
	names := flag.String("arch", "amd64,arm64,armv7,linux-386,linux-ppc64le,linux-riscv64,linux-s390x,darwin-amd64,"+
		"darwin-arm64,windows-amd64,windows-arm64", "architectures of the plugins, and further systems of the programs")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, "..", *out, *version, strings.Split(*names, ",")); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// run builds a release of the sources in root.
func run(ctx context.Context, root, out, version string, names []string) error {
	r, err := newRelease(root, version, names)
	if err != nil {
		return err
	}
	if r.out, err = filepath.Abs(out); err != nil {
		return err
	}
	if r.work, err = os.MkdirTemp("", "promexporter-release-"); err != nil {
		return err
	}
	defer os.RemoveAll(r.work)
	return r.make(ctx)
}
