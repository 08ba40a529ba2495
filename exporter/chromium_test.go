package exporter

import (
	"context"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A browser shows the page on a phone and on a desk, with its style, and without anything that its policy forbids.
// The pictures are kept in the folder that PICTURES names.
func TestLandingPageInChromium(t *testing.T) {
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("chromium is not installed")
		}
		t.Skip("chromium is not installed (Debian: apt-get install chromium)")
	}
	var servers Servers
	e := open(t, &servers, Options{Status: func() Status { return manyRules(10_000) }})
	folder := os.Getenv("PICTURES")
	if folder == "" {
		folder = t.TempDir()
	}
	for _, size := range []string{"390,844", "1280,800"} {
		file := filepath.Join(folder, "landing-"+strings.ReplaceAll(size, ",", "x")+".png")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
			"--user-data-dir="+t.TempDir(), "--enable-logging=stderr", "--window-size="+size, "--screenshot="+file,
			"http://"+e.Addr().String()+"/")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if strings.Contains(string(out), "Content Security Policy") {
			t.Errorf("the page breaks its own policy:\n%s", out)
		}
		if shown := colours(t, file); shown < 10 {
			t.Errorf("%s: %d colours, so there is nothing on it", file, shown)
		}
	}
}

// colours is how many there are in a picture.
func colours(t *testing.T, file string) int {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	picture, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[[3]uint32]bool)
	for x := range picture.Bounds().Dx() {
		for y := range picture.Bounds().Dy() {
			r, g, b, _ := picture.At(x, y).RGBA()
			seen[[3]uint32{r, g, b}] = true
		}
	}
	return len(seen)
}
