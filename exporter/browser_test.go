package exporter

import (
	"bufio"
	"bytes"
	"encoding/json"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// A browser is a tab of headless Chromium, driven by its DevTools protocol over a pipe.
type browser struct {
	t       *testing.T
	in      *os.File
	pipe    *os.File // what out reads
	out     *bufio.Reader
	session string
	last    int      // number of the last command
	events  []report // that came and nobody has waited for
	logged  []string
}

// A report is an answer or an event.
type report struct {
	ID     int             `json:"id,omitempty"`
	Method string          `json:"method,omitempty"`
	Params json.RawMessage `json:"params,omitempty"`
	Result json.RawMessage `json:"result,omitempty"`
	Error  json.RawMessage `json:"error,omitempty"`
}

// newBrowser starts Chromium, which ends with the test.
func newBrowser(t *testing.T) *browser {
	t.Helper()
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("chromium is not installed")
		}
		t.Skip("chromium is not installed (Debian: apt-get install chromium)")
	}
	itsIn, in := pipe(t)
	out, itsOut := pipe(t)
	// Its sandbox does not run as root, as in a container; the pages are our own.
	cmd := exec.Command(chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
		"--hide-scrollbars", "--user-data-dir="+t.TempDir(), "--remote-debugging-pipe")
	cmd.ExtraFiles = []*os.File{itsIn, itsOut} // 3 and 4 of the browser
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	itsIn.Close()
	itsOut.Close()
	b := &browser{t: t, in: in, pipe: out, out: bufio.NewReaderSize(out, 1<<20)}
	t.Cleanup(func() {
		in.Close() // which ends it
		defer time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() }).Stop()
		if err := cmd.Wait(); err != nil || t.Failed() {
			t.Logf("chromium: %v\n%s", err, log.String())
		}
	})
	b.openTab()
	return b
}

func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	return r, w
}

func (b *browser) openTab() {
	b.t.Helper()
	var tab struct{ TargetID, SessionID string }
	b.call("Target.createTarget", map[string]any{"url": "about:blank"}, &tab)
	b.call("Target.attachToTarget", map[string]any{"targetId": tab.TargetID, "flatten": true}, &tab)
	b.session = tab.SessionID
	for _, domain := range []string{"Page", "Log", "Network"} {
		b.call(domain+".enable", nil, nil)
	}
}

// call sends a command and reads its answer into result, which may be nil.
func (b *browser) call(method string, params map[string]any, result any) {
	b.t.Helper()
	b.last++
	command := map[string]any{"id": b.last, "method": method}
	if params != nil {
		command["params"] = params
	}
	if b.session != "" {
		command["sessionId"] = b.session
	}
	text, err := json.Marshal(command)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.in.Write(append(text, 0)); err != nil {
		b.t.Fatal(err)
	}
	for {
		r := b.read()
		if r.ID != b.last {
			b.keep(r)
			continue
		}
		if r.Error != nil {
			b.t.Fatalf("%s: %s", method, r.Error)
		}
		if result != nil {
			if err := json.Unmarshal(r.Result, result); err != nil {
				b.t.Fatalf("%s: %v", method, err)
			}
		}
		return
	}
}

func (b *browser) read() (r report) {
	b.t.Helper()
	if err := b.pipe.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		b.t.Fatal(err)
	}
	text, err := b.out.ReadBytes(0)
	if err != nil {
		b.t.Fatal("chromium: ", err)
	}
	if err := json.Unmarshal(text[:len(text)-1], &r); err != nil {
		b.t.Fatal(err)
	}
	return r
}

// keep keeps an event.
func (b *browser) keep(r report) {
	if r.Method == "Log.entryAdded" {
		b.logged = append(b.logged, string(r.Params))
	} else {
		b.events = append(b.events, r)
	}
}

// await drops the events up to one of method.
func (b *browser) await(method string) {
	b.t.Helper()
	for {
		for len(b.events) > 0 {
			r := b.events[0]
			b.events = b.events[1:]
			if r.Method == method {
				return
			}
		}
		b.keep(b.read())
	}
}

// complaints are what the browser has logged since the last visit, such as a broken policy.
func (b *browser) complaints() []string {
	eval[int](b, "0") // what it has logged comes before the answer
	return b.logged
}

// A screen is that of a phone or of a desk.
type screen struct {
	name          string
	width, height int
	phone         bool
}

// screen shows the tab on s, with the colours of scheme, light or dark.
func (b *browser) screen(s screen, scheme string) {
	b.t.Helper()
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{
		"width": s.width, "height": s.height, "deviceScaleFactor": 1, "mobile": s.phone,
	}, nil)
	b.call("Emulation.setEmulatedMedia", map[string]any{
		"features": []map[string]any{{"name": "prefers-color-scheme", "value": scheme}},
	}, nil)
}

func (b *browser) visit(url string) {
	b.t.Helper()
	b.events, b.logged = nil, nil
	b.call("Page.navigate", map[string]any{"url": url}, nil)
	b.await("Page.loadEventFired")
}

// eval gives the value of an expression on the page.
func eval[T any](b *browser, expression string) T {
	b.t.Helper()
	var got struct {
		Result           struct{ Value T }
		ExceptionDetails json.RawMessage
	}
	b.call("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true}, &got)
	if got.ExceptionDetails != nil {
		b.t.Fatalf("%s: %s", expression, got.ExceptionDetails)
	}
	return got.Result.Value
}

// picture is the upper part of the page, also what is to be scrolled to. It is kept in the folder that PICTURES names.
func (b *browser) picture(name string) image.Image {
	b.t.Helper()
	var shot struct{ Data []byte }
	b.call("Page.captureScreenshot", map[string]any{"captureBeyondViewport": true, "clip": map[string]any{
		"x": 0, "y": 0, "scale": 1,
		"width":  eval[int](b, "document.documentElement.scrollWidth"),
		"height": min(eval[int](b, "document.documentElement.scrollHeight"), 2000),
	}}, &shot)
	if folder := os.Getenv("PICTURES"); folder != "" {
		if err := os.WriteFile(filepath.Join(folder, name+".png"), shot.Data, 0o600); err != nil {
			b.t.Fatal(err)
		}
	}
	seen, err := png.Decode(bytes.NewReader(shot.Data))
	if err != nil {
		b.t.Fatal(err)
	}
	return seen
}
