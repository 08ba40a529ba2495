package e2e

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// lineSource writes lines to a file that the input tail reads.
type lineSource struct {
	dir   string
	file  string
	files int
}

func (l *lineSource) inputs() string {
	parsers := filepath.Join(l.dir, "parsers.conf")
	return "    Parsers_File " + parsers + "\n[INPUT]\n    Name tail\n    Path lines-*.log\n    Tag access\n    Parser json\n" +
		"    Read_from_Head on\n    Refresh_Interval 1\n"
}

// renew starts a new file, because an agent that reads from the head would read the old lines again.
func (l *lineSource) renew(t *testing.T) {
	t.Helper()
	if l.file != "" {
		if err := os.Remove(l.file); err != nil {
			t.Fatal(err)
		}
	}
	l.files++
	l.file = filepath.Join(l.dir, fmt.Sprintf("lines-%d.log", l.files))
	for file, text := range map[string]string{l.file: "", filepath.Join(l.dir, "parsers.conf"): "[PARSER]\n    Name json\n    Format json\n"} {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func (l *lineSource) reloaded() int { return 0 }

// send writes lines as fast as they are counted.
func (l *lineSource) send(s *soak, length time.Duration) {
	s.t.Helper()
	f, err := os.OpenFile(l.file, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		s.t.Fatal(err)
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	for begin := time.Now(); time.Since(begin) < length; {
		for range soakBatch {
			n := s.sent
			fmt.Fprintf(w, `{"method":%q,"path":"/things/%d","status":%d,"latency":%.3f}`+"\n",
				[]string{"GET", "GET", "POST"}[n%3], n%1000, []int{200, 200, 200, 404, 500}[n%5], float64(n%2000)/1000)
			s.sent++
		}
		if err := w.Flush(); err != nil {
			s.t.Fatal(err)
		}
		s.await(s.sent - soakAhead)
	}
}

// dummySource is the input dummy of the development host, which has no input that reads files.
type dummySource struct{ samples int }

var soakRecords = []string{
	`{"method":"GET","path":"/things/1","status":200,"latency":0.005}`,
	`{"method":"GET","path":"/things/2","status":404,"latency":0.05}`,
	`{"method":"POST","path":"/things/3","status":200,"latency":0.5}`,
	`{"method":"POST","path":"/things/4","status":500,"latency":1.5}`,
}

func (d dummySource) inputs() string {
	var b strings.Builder
	for _, record := range soakRecords {
		fmt.Fprintf(&b, "[INPUT]\n    Name dummy\n    Tag access\n    Dummy %s\n    Copies %d\n    Rate %d\n    Samples %d\n",
			record, soakCopies, soakRate, d.samples)
	}
	return b.String()
}

func (dummySource) renew(*testing.T) {}

func (d dummySource) reloaded() int { return len(soakRecords) * soakCopies * d.samples }

func (dummySource) send(*soak, time.Duration) {}
