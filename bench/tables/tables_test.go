package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const measured = `goos: linux
goarch: amd64
cpu: AMD EPYC
BenchmarkPath/load=access/records=2500/by=promexporter-2   	     386	    590000 ns/op	      236.0 cpu-ns/record	       0 allocs/op
BenchmarkPath/load=access/records=2500/by=promexporter-2   	     386	    590000 ns/op	      200.0 cpu-ns/record	       0 allocs/op
BenchmarkPath/load=access/records=2500/by=promexporter-2   	     386	    590000 ns/op	      210.0 cpu-ns/record	       0 allocs/op
BenchmarkPath/load=access/records=2500/by=fluent-bit-go+client_golang-2	13	  1 ns/op	      6300 cpu-ns/record	  317515 allocs/op
BenchmarkPath/load=access/records=2500/by=msgp.Skip-2      	     835	    275534 ns/op	       100.0 cpu-ns/record	       0 allocs/op
BenchmarkScrape/series=1000/format=text/coding=identity/by=promexporter-2     	 1	 500000 cpu-ns/op
BenchmarkScrape/series=1000/by=VictoriaMetrics/format=text/coding=identity-2	 1	 250000 cpu-ns/op
BenchmarkScrape/series=100000/format=text/coding=identity/by=promexporter-2   	 1	 20000000 cpu-ns/op
PASS
`

func TestTables(t *testing.T) {
	r, err := read(strings.NewReader(measured))
	if err != nil || r.machine != "linux amd64 AMD EPYC" {
		t.Fatal(r, err)
	}
	got := render(func(b *strings.Builder) {
		writeGoals(b, r)
		for i := range tables {
			tables[i].write(b, r)
		}
	})
	const want = `| Goal | Measured | |
|---|---:|---|
| access log ≤ 2 × msgp.Skip | 2.10 × | **not reached**, 1.05 × |
| access log without an allocation per chunk | 0 | reached |
| access log ≤ 1/30 of fluent-bit-go with client_golang | 1/30.0 | reached |

**From the chunk to the series, per record**

| | promexporter | msgp.Skip | fluent-bit-go+client_golang |
|---|---:|---:|---:|
| load=access, records=2500 | 210 ns | 100 ns (0.48×) | 6300 ns (30.0×) |

**Heap allocations of this path, per chunk**

| | promexporter | msgp.Skip | fluent-bit-go+client_golang |
|---|---:|---:|---:|
| load=access, records=2500 | 0 | 0 | 317515 |

**One scrape**

| | promexporter | VictoriaMetrics |
|---|---:|---:|
| series=1000, format=text, coding=identity | 500 µs | 250 µs (0.50×) |
| series=100000, format=text, coding=identity | 20.0 ms |  |

`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestPlot(t *testing.T) {
	r, err := read(strings.NewReader(measured))
	if err != nil {
		t.Fatal(err)
	}
	picture := plots[2].draw(r)
	for _, part := range []string{`points="70.0,`, `610.0,`, ">promexporter</text>", ">100,000</text>"} {
		if !strings.Contains(picture, part) {
			t.Errorf("no %s in\n%s", part, picture)
		}
	}
	if strings.Contains(picture, "VictoriaMetrics</text>") != true || plots[0].draw(r) != "" {
		t.Errorf("a line is missing, or there is one of nothing:\n%s", picture)
	}
}

func TestReplace(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.md")
	if err := os.WriteFile(file, []byte("# A\n<!-- a -->\nold\n<!-- end -->\nb\n<!-- c -->\nstays\n<!-- end -->\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := replace(file, map[string]string{"a": "new\n", "c": "", "d": "nowhere"}); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(file)
	if want := "# A\n<!-- a -->\nnew\n<!-- end -->\nb\n<!-- c -->\nstays\n<!-- end -->\n"; err != nil || string(got) != want {
		t.Errorf("%q, %v", got, err)
	}
}

func TestNothingToRead(t *testing.T) {
	if _, err := read(strings.NewReader("BenchmarkA-2 1 x ns/op\n")); err == nil {
		t.Error("an invalid number is read")
	}
}

const grown = `BenchmarkGrowth/what=rules_that_apply/unit=record_and_rule/n=1-2	10	5 ns/op	100 cpu-ns/unit	0 allocs/op
BenchmarkGrowth/what=rules_that_apply/unit=record_and_rule/n=10-2	10	5 ns/op	149 cpu-ns/unit	0 allocs/op
BenchmarkGrowth/what=tags/unit=chunk/n=10-2	10	5 ns/op	1000 cpu-ns/unit	0 allocs/op
BenchmarkGrowth/what=tags/unit=chunk/n=100-2	10	5 ns/op	1600 cpu-ns/unit	15 allocs/op
BenchmarkGrowth/what=tags/unit=chunk/n=10-2	10	5 ns/op	2000 cpu-ns/unit	0 allocs/op
BenchmarkGrowth/what=tags/unit=chunk/n=100-2	10	5 ns/op	1700 cpu-ns/unit	15 allocs/op
BenchmarkGrowth/what=expiry/unit=series/n=1-2	10	5 ns/op	70 cpu-ns/unit
`

func TestGrowth(t *testing.T) {
	r, err := read(strings.NewReader(grown))
	if err != nil {
		t.Fatal(err)
	}
	const want = `| What grows | n | Cost | per | of the step before | Allocations |
|---|---:|---:|---|---:|---:|
| rules that apply | 1 | 100 ns | record and rule |  | 0 |
| rules that apply | 10 | 149 ns | record and rule | 1.49 × | 0 |
| tags | 10 | 1000 ns | chunk |  | 0 |
| tags | 100 | 1600 ns | chunk | 1.60 × | 15 |
| expiry | 1 | 70.0 ns | series |  |  |

`
	if got := render(func(b *strings.Builder) { writeGrowth(b, r) }); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	err = cliffs(r)
	if err == nil || err.Error() != "cost jumps:\ntags: with 100 a chunk costs 1.60 × the step before; at most 1.50 × is allowed" {
		t.Errorf("cliffs: %v", err)
	}
}
