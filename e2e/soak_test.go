package e2e

import (
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
	// soakBatch is how many lines are written at a time, and soakAhead how many may be uncounted: enough to keep the
	// agent busy, and few enough to bound what it buffers.
	soakBatch = 10_000
	soakAhead = 4 * soakBatch

	// In the development host, each of the inputs makes soakCopies records soakRate times a second.
	soakCopies = 1_500
	soakRate   = 10

	soakRules = `metrics:
- {name: soak_requests_total, type: counter, help: R., labels: {method: $method, status: $status}}
- {name: soak_latency_seconds, type: histogram, help: L., value: $latency, labels: {method: $method}, buckets: [0.01, 0.1, 1]}
`
)

// source sends records to the agent of a soak.
type source interface {
	// inputs returns the [INPUT] sections.
	inputs() string
	// renew prepares a reload.
	renew(t *testing.T)
	// reloaded returns how many records the agent makes by itself after a reload.
	reloaded() int
	// send sends records for some time, or until the agent has made its own.
	send(s *soak, length time.Duration)
}

// soak is an agent with two sections of the plugin under all loads at once.
type soak struct {
	*agent
	dir     string
	address string
	source  source
	sent    int // records
	reloads int
	crowd   *crowd
	begun   time.Time
	idle    used // after a reload, before the crowd comes
}

// TestSoak runs for the duration in the variable SOAK: records at full rate to two sections, scrapes, reloads of Fluent
// Bit and of the rules, and slow and broken clients. At the end, the counters equal what was sent, and memory, threads
// and file descriptors have not grown.
func TestSoak(t *testing.T) {
	length, err := time.ParseDuration(os.Getenv("SOAK"))
	if err != nil {
		t.Skip("SOAK says for how long, as SOAK=5m does; make soak")
	}
	if !atLeast(t, 3, 2) {
		t.Skip("no hot reload")
	}
	phase := max(length/60, time.Second)
	s := startSoak(t, phase)
	fmt.Println("|     time |     records | reloads | scrapes |    503 | failed | cut off |  RSS MiB | heap MiB | threads | files | goroutines |")
	fmt.Println("|---------:|------------:|--------:|--------:|-------:|-------:|--------:|---------:|---------:|--------:|------:|-----------:|")
	row := length / 15
	var early used
	for shown := time.Duration(0); time.Since(s.begun) < length; {
		s.source.send(s, phase)
		s.settle()
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

func startSoak(t *testing.T, phase time.Duration) *soak {
	s := &soak{dir: t.TempDir(), address: freePort(t)}
	if _, real := program(); real {
		s.source = &lineSource{dir: s.dir}
	} else {
		s.source = dummySource{samples: int(soakRate * phase / time.Second)}
	}
	for name, text := range map[string]string{
		"plugins.conf": "[PLUGINS]\n    Path " + plugin + "\n",
		"rules.yaml":   soakRules,
		"fluent-bit.conf": "[SERVICE]\n    Flush 0.2\n    Log_Level info\n    Plugins_File plugins.conf\n" + s.source.inputs() +
			s.section("one") + s.section("two"),
	} {
		if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s.begun = time.Now()
	s.source.renew(t)
	s.agent = start(t, s.dir, "-c", "fluent-bit.conf", "-Y")
	s.url(1)
	s.sent = s.source.reloaded()
	s.settle()
	s.reload()
	s.settle()
	s.idle = s.used()
	s.crowd = newCrowd(s.address)
	t.Cleanup(s.crowd.leave)
	return s
}

func (s *soak) section(name string) string {
	return "[OUTPUT]\n    Name promexporter\n    Alias " + name + "\n    Match *\n    Rules_File rules.yaml\n    Reload on\n" +
		"    Listen_Address " + s.address + "\n    Metrics_Path /" + name + "\n"
}

// settle waits until every record is counted.
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

// whole parses a value of a page, such as 1.5e+06. An invalid value is 0.
func whole(text string) int {
	v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil {
		return 0
	}
	return int(v)
}

// reload reloads Fluent Bit, and every second time the rules before that.
func (s *soak) reload() {
	s.t.Helper()
	if s.reloads%2 == 0 {
		text := fmt.Sprintf("%s# %d\n", soakRules, s.reloads)
		if err := os.WriteFile(filepath.Join(s.dir, "rules.yaml"), []byte(text), 0o644); err != nil {
			s.t.Fatal(err)
		}
		s.reloadRules()
	}
	s.source.renew(s.t)
	s.agent.reload()
	s.reloads++
	s.url(2*s.reloads + 1)
	s.sent += s.source.reloaded()
}

// reloadRules requests a reload of the rules.
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
