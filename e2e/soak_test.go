package e2e

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	// soakBatch is how many lines are written at a time, and soakAhead how many may be on their way: as many as keep
	// the agent busy, and no more, so that what it buffers stays bounded.
	soakBatch = 10_000
	soakAhead = 4 * soakBatch

	soakRules = `metrics:
- {name: soak_requests_total, type: counter, help: R., labels: {method: $method, status: $status}}
- {name: soak_latency_seconds, type: histogram, help: L., value: $latency, labels: {method: $method}, buckets: [0.01, 0.1, 1]}
`
)

// soak is an agent with two sections of the plugin under everything at once.
type soak struct {
	*agent
	dir     string
	address string
	file    string // that lines are written to
	files   int
	sent    int // lines
	reloads int
	crowd   *crowd
	begun   time.Time
	idle    used // after a reload, before the crowd comes
}

// TestSoak runs for as long as the variable SOAK says: records at full rate to two sections, scrapes, reloads of
// Fluent Bit and of the rules, and slow and broken clients. At the end the counters are equal to what was sent, and
// neither memory nor threads nor file descriptors have grown.
func TestSoak(t *testing.T) {
	length, err := time.ParseDuration(os.Getenv("SOAK"))
	if err != nil {
		t.Skip("SOAK says for how long, as SOAK=5m does; make soak")
	}
	if !atLeast(t, 3, 2) {
		t.Skip("no hot reload")
	}
	s := startSoak(t)
	fmt.Println("|     time |     records | reloads | scrapes |    503 | failed | cut off |  RSS MiB | heap MiB | threads | files | goroutines |")
	fmt.Println("|---------:|------------:|--------:|--------:|-------:|-------:|--------:|---------:|---------:|--------:|------:|-----------:|")
	row, phase := length/15, max(length/60, time.Second)
	var early used
	for shown := time.Duration(0); time.Since(s.begun) < length; {
		s.send(phase)
		s.reload()
		if at := time.Since(s.begun); at >= shown {
			if now := s.show(); at < length/3 {
				early = now
			}
			shown += row
		}
	}
	s.settle()
	s.crowd.leave()
	s.finish(early)
}

func startSoak(t *testing.T) *soak {
	s := &soak{dir: t.TempDir(), address: freePort(t)}
	for name, text := range map[string]string{
		"plugins.conf": "[PLUGINS]\n    Path " + plugin + "\n",
		"parsers.conf": "[PARSER]\n    Name json\n    Format json\n",
		"rules.yaml":   soakRules,
		"fluent-bit.conf": "[SERVICE]\n    Flush 0.2\n    Log_Level info\n    Plugins_File plugins.conf\n    Parsers_File parsers.conf\n" +
			"[INPUT]\n    Name tail\n    Path lines-*.log\n    Tag access\n    Parser json\n    Read_from_Head on\n    Refresh_Interval 1\n" +
			s.section("one") + s.section("two"),
	} {
		if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s.begun = time.Now()
	s.rotate(t)
	s.agent = start(t, s.dir, "-c", "fluent-bit.conf", "-Y")
	s.url(1)
	s.reload()
	s.idle = s.used()
	s.crowd = newCrowd(s.address)
	t.Cleanup(s.crowd.leave)
	return s
}

func (s *soak) section(name string) string {
	return "[OUTPUT]\n    Name promexporter\n    Alias " + name + "\n    Match *\n    Rules_File rules.yaml\n    Reload on\n" +
		"    Listen_Address " + s.address + "\n    Metrics_Path /" + name + "\n"
}

// rotate begins a new file, so that an agent that reads from the head does not read what it has read before.
func (s *soak) rotate(t *testing.T) {
	t.Helper()
	if s.file != "" {
		if err := os.Remove(s.file); err != nil {
			t.Fatal(err)
		}
	}
	s.files++
	s.file = filepath.Join(s.dir, fmt.Sprintf("lines-%d.log", s.files))
	if err := os.WriteFile(s.file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
}

// send writes lines for some time, as fast as they are counted.
func (s *soak) send(length time.Duration) {
	s.t.Helper()
	f, err := os.OpenFile(s.file, os.O_APPEND|os.O_WRONLY, 0)
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
	s.settle()
}

// settle waits until every line is counted.
func (s *soak) settle() {
	s.t.Helper()
	s.await(s.sent)
	for _, name := range []string{"one", "two"} {
		if n := s.counted(name); n != s.sent {
			s.t.Fatalf("%s has counted %d records of %d", name, n, s.sent)
		}
	}
}

func (s *soak) await(least int) {
	s.t.Helper()
	for _, name := range []string{"one", "two"} {
		until(s.t, fmt.Sprintf("%s does not count as far as %d", name, least), func() bool {
			return s.dead() || s.counted(name) >= least
		})
	}
	if s.dead() {
		s.t.Fatal("the agent ended")
	}
}

// counted adds up the counter of a section.
func (s *soak) counted(name string) (sum int) {
	for line := range strings.Lines(scrape(s.t, "http://"+s.address+"/"+name+"?name[]=soak_requests_total")) {
		if strings.HasPrefix(line, "soak_requests_total{") {
			sum += whole(line[strings.LastIndexByte(line, ' ')+1:])
		}
	}
	return sum
}

// whole reads a value of a page, 1.5e+06 for one. What is none is 0.
func whole(text string) int {
	v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil {
		return 0
	}
	return int(v)
}

// reload reloads Fluent Bit, and every second time the rules before.
func (s *soak) reload() {
	s.t.Helper()
	if s.reloads%2 == 0 {
		text := fmt.Sprintf("%s# %d\n", soakRules, s.reloads)
		if err := os.WriteFile(filepath.Join(s.dir, "rules.yaml"), []byte(text), 0o644); err != nil {
			s.t.Fatal(err)
		}
		s.reloadRules()
	}
	s.rotate(s.t)
	s.agent.reload()
	s.reloads++
	s.url(2*s.reloads + 1)
}

// reloadRules asks for the rules to be read again.
func (s *soak) reloadRules() {
	s.t.Helper()
	response, err := http.Post("http://"+s.address+"/-/reload", "", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		s.t.Errorf("the reload of the rules was answered %s", response.Status)
	}
}
