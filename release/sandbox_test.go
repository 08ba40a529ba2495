package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/promexporter/promexporter/internal/logtest"
	"github.com/promexporter/promexporter/test/flbhost/host"
)

// patience bounds every wait, on a machine with much else to do.
const patience = time.Minute

// sandbox runs the development host in a root folder that has the C library of this machine and nothing else of it.
type sandbox struct {
	t      *testing.T
	root   string
	host   string // folder of the development host
	loader string // its program that loads plugins
	cmd    *exec.Cmd
	log    logtest.Buffer
	ended  chan error
}

func newSandbox(t *testing.T, root string) *sandbox {
	t.Helper()
	s := &sandbox{t: t, root: root, host: t.TempDir(), ended: make(chan error, 1)}
	execute(t, "..", "env", "CGO_ENABLED=0", "go", "build", "-o", filepath.Join(s.host, "flbhost"), "./test/flbhost")
	var err error
	if s.loader, err = host.CachedLoader(); err != nil {
		t.Fatal(err)
	}
	// Where the loader will be mounted: the host finds it in the folder of the user's cache.
	if err := os.Mkdir(filepath.Join(s.host, "promexporter"), 0o755); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *sandbox) start(args ...string) {
	s.t.Helper()
	libraries := "/usr/lib/" + native(s.t).triple
	sandbox := []string{
		"--bind", s.root, "/", "--ro-bind", libraries, libraries,
		"--ro-bind", s.host, "/host", "--ro-bind", filepath.Dir(filepath.Dir(s.loader)), "/host/promexporter",
		"--ro-bind", "/proc", "/proc", "--dev", "/dev", "--die-with-parent",
		"--setenv", "XDG_CACHE_HOME", "/host",
	}
	if _, err := os.Stat("/lib64"); err == nil {
		sandbox = append(sandbox, "--ro-bind", "/lib64", "/lib64")
	}
	s.cmd = exec.Command("bwrap", append(append(sandbox, "/host/flbhost"), args...)...)
	s.cmd.Stdout, s.cmd.Stderr = &s.log, &s.log
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	go func() { s.ended <- s.cmd.Wait() }()
	s.t.Cleanup(func() { _ = s.cmd.Process.Kill() })
}

var serving = regexp.MustCompile(`serving metrics on (http://\S+)`)

// shows waits for a page that has all texts.
func (s *sandbox) shows(texts ...string) {
	s.t.Helper()
	var page string
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if m := serving.FindStringSubmatch(s.log.String()); m != nil {
			page = get(m[1])
		}
		missing := false
		for _, text := range texts {
			missing = missing || !strings.Contains(page, text)
		}
		if !missing {
			return
		}
	}
	s.t.Fatalf("no page with %q:\n%s\n%s", texts, page, s.log.String())
}

func get(url string) string {
	response, err := http.Get(url)
	if err != nil {
		return ""
	}
	defer response.Body.Close()
	page, _ := io.ReadAll(response.Body)
	return string(page)
}

// stop ends the host as a service manager does. The host is the child of bwrap, which ends with its status.
func (s *sandbox) stop() {
	s.t.Helper()
	task := fmt.Sprintf("/proc/%[1]d/task/%[1]d/children", s.cmd.Process.Pid)
	text, err := os.ReadFile(task)
	if err != nil {
		s.t.Fatal(err)
	}
	child, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		s.t.Fatal(err)
	}
	if err := syscall.Kill(child, syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	select {
	case err := <-s.ended:
		if err != nil {
			s.t.Errorf("the host ended with %v\n%s", err, s.log.String())
		}
	case <-time.After(patience):
		s.t.Fatalf("the host does not end\n%s", s.log.String())
	}
}
