package e2e

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
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
	var early, late used
	for shown := time.Duration(0); time.Since(s.begun) < length; {
		s.send(phase)
		s.reload()
		if at := time.Since(s.begun); at >= shown {
			late = s.show()
			if at < length/3 {
				early = late
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
		s.crowd.reloadRules(s.t)
	}
	s.rotate(s.t)
	s.agent.reload()
	s.reloads++
	s.url(2*s.reloads + 1)
}

// used is what the agent holds.
type used struct{ rss, threads, files, goroutines int }

// show prints a row of the table.
func (s *soak) show() used {
	s.t.Helper()
	u := s.used()
	heap := whole(value(scrape(s.t, "http://"+s.address+"/one"), "go_memstats_heap_inuse_bytes"))
	c := s.crowd
	fmt.Printf("| %8s | %11d | %7d | %7d | %6d | %6d | %7d | %8.1f | %8.1f | %7d | %5d | %10d |\n",
		time.Since(s.begun).Round(time.Second), s.sent, s.reloads, c.ok.Load(), c.busy.Load(), c.failed.Load(), c.broken.Load(),
		float64(u.rss)/(1<<20), float64(heap)/(1<<20), u.threads, u.files, u.goroutines)
	return u
}

func (s *soak) used() (u used) {
	s.t.Helper()
	proc := "/proc/" + s.pid() + "/"
	for _, count := range []struct {
		folder string
		n      *int
	}{{"task", &u.threads}, {"fd", &u.files}} {
		all, err := os.ReadDir(proc + count.folder)
		if err != nil {
			s.t.Fatal(err)
		}
		*count.n = len(all)
	}
	statm, err := os.ReadFile(proc + "statm")
	if err != nil {
		s.t.Fatal(err)
	}
	var size int
	if _, err := fmt.Sscan(string(statm), &size, &u.rss); err != nil {
		s.t.Fatal(err)
	}
	u.rss *= os.Getpagesize()
	u.goroutines = whole(value(scrape(s.t, "http://"+s.address+"/one"), "go_goroutines"))
	return u
}

// finish compares the end with the first third, and stops the agent.
func (s *soak) finish(early used) {
	s.t.Helper()
	if n := s.crowd.failed.Load(); n > 0 {
		s.t.Errorf("%d scrapes failed, the last one: %v", n, s.crowd.lastError())
	}
	page := scrape(s.t, "http://"+s.address+"/two")
	expect(s.t, page, map[string]string{
		`promexporter_samples_dropped_total{output="two",reason="panic"}`: "0",
		`promexporter_panics_total{output="two"}`:                         "0",
		`promexporter_http_panics_total`:                                  "0",
		`promexporter_rules_reloads_total{output="two",result="failure"}`: "0",
		`promexporter_chunks_answered_total{output="two",status="error"}`: "0",
		`promexporter_config_last_reload_successful{output="two"}`:        "1",
	})
	observed := 0
	for _, method := range []string{"GET", "POST"} {
		observed += whole(value(page, `soak_latency_seconds_count{method="`+method+`"}`))
	}
	if n := whole(value(page, `promexporter_records_received_total{output="two"}`)); n != s.sent {
		s.t.Errorf("%d records were received of %d", n, s.sent)
	}
	if observed != s.sent {
		s.t.Errorf("%d observations of %d records", observed, s.sent)
	}
	until(s.t, "more is held than in the first third", func() bool {
		u := s.used()
		return u.goroutines <= early.goroutines+5 && u.files <= early.files+5 && u.threads <= early.threads+5
	})
	s.show()
	if u := s.used(); u.rss > early.rss+early.rss/4+16<<20 {
		s.t.Errorf("%d bytes in RAM, %d in the first third", u.rss, early.rss)
	}
	s.stop()
}

var reloading = regexp.MustCompile(`reloading instance pid=(\d+)`)

// pid is the process that has the plugin, which is a child of the development host's. It is told at a reload.
func (s *soak) pid() string {
	s.t.Helper()
	found := reloading.FindStringSubmatch(s.log.String())
	if found == nil {
		s.t.Fatal("no reload in the log")
	}
	return found[1]
}

// crowd is those who scrape: some as they should, the others slowly, or wrongly.
type crowd struct {
	address                  string
	ctx                      context.Context
	stop                     context.CancelFunc
	all                      sync.WaitGroup
	ok, busy, failed, broken atomic.Int64
	mu                       sync.Mutex
	last                     error // of those that failed; under mu
}
