package e2e

import (
	"fmt"
	"os"
	"time"
)

// used are the resources of the agent.
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

func (s *soak) used() used {
	s.t.Helper()
	return s.agent.used("http://" + s.address + "/one")
}

// used returns the resources of the process that serves the page at url.
func (a *agent) used(url string) (u used) {
	a.t.Helper()
	proc := fmt.Sprintf("/proc/%d/", a.pluginPID())
	for _, count := range []struct {
		folder string
		n      *int
	}{{"task", &u.threads}, {"fd", &u.files}} {
		all, err := os.ReadDir(proc + count.folder)
		if err != nil {
			a.t.Fatal(err)
		}
		*count.n = len(all)
	}
	statm, err := os.ReadFile(proc + "statm")
	if err != nil {
		a.t.Fatal(err)
	}
	var size int
	if _, err := fmt.Sscan(string(statm), &size, &u.rss); err != nil {
		a.t.Fatal(err)
	}
	u.rss *= os.Getpagesize()
	u.goroutines = whole(value(scrape(a.t, url), "go_goroutines"))
	return u
}

// finish compares the resources at the end with those at the start, and stops the agent.
func (s *soak) finish(early used) {
	s.t.Helper()
	if n := s.crowd.failed.Load(); n > 0 {
		s.t.Errorf("%d scrapes failed, the last one: %v", n, s.crowd.lastError())
	} else if n := s.crowd.busy.Load(); n > 0 {
		s.t.Logf("%d scrapes were refused, the last one: %v", n, s.crowd.lastError())
	}
	page := s.page("http://"+s.address+"/two", fmt.Sprintf("not all of %d records were received", s.sent), func(page string) bool {
		return whole(value(page, `promexporter_records_received_total{output="two"}`)) >= s.sent // counted after they show
	})
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
	s.flat(early)
	s.stop()
}

// flat checks that the agent has as many files and goroutines as before the clients started, and as many threads and as
// much memory as in the first third.
func (s *soak) flat(early used) {
	s.t.Helper()
	most := used{files: s.idle.files + 2, goroutines: s.idle.goroutines + 3, threads: early.threads + 3, rss: early.rss + early.rss/4 + 16<<20}
	if !atLeast(s.t, 5, 0) {
		most.files += 2 * s.reloads // a pipe that Fluent Bit itself leaves open at each
	}
	until(s.t, fmt.Sprintf("the agent does not come down to %+v", most), func() bool {
		u := s.used()
		return u.files <= most.files && u.goroutines <= most.goroutines
	})
	s.show()
	if u := s.used(); u.threads > most.threads || u.rss > most.rss {
		s.t.Errorf("the agent has %+v, more than %+v", u, most)
	}
}
