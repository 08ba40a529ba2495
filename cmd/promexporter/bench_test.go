package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const benchRules = `metrics:
- {name: http_requests_total, type: counter, help: Requests., labels: {method: $method, status: $status, host: $host}}
- {name: http_request_duration_seconds, type: histogram, help: Time., labels: {method: $method}, value: $latency}
`

// benchFile writes a file of a benchmark.
func benchFile(b *testing.B, name, text string) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	return path
}

func benchRun(b *testing.B, args ...string) {
	b.Helper()
	if status := execute(context.Background(), args, streams{strings.NewReader(""), io.Discard, io.Discard}); status != statusFine {
		b.Fatalf("%v: status %d", args, status)
	}
}

// benchRecords writes access records, and returns their file with how many there are and their bytes.
func benchRecords(b *testing.B, atLeast int) (path string, records, size int) {
	b.Helper()
	path = filepath.Join(b.TempDir(), "access.jsonl")
	file, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	out := bufio.NewWriter(file)
	for i := 0; size < atLeast; i++ {
		n, _ := fmt.Fprintf(out, `{"remote":"203.0.113.%d","host":"h%d","method":"GET","path":"/a/%d","status":"%d","latency":0.%05d,"bytes":%d,"agent":"Mozilla/5.0 (X11; Linux x86_64)"}`+"\n",
			i%256, i%8, i%50000, 200+i%7, i%99991, i%100000)
		size += n
		records++
	}
	if err := out.Flush(); err != nil {
		b.Fatal(err)
	}
	_ = file.Close()
	return path, records, size
}

// BenchmarkEval applies two rules to a gigabyte of access records.
func BenchmarkEval(b *testing.B) {
	rules := benchFile(b, "rules.yaml", benchRules)
	path, _, size := benchRecords(b, 1e9)
	b.SetBytes(int64(size))
	for b.Loop() {
		benchRun(b, "eval", "-q", "-r", rules, path)
	}
}

// BenchmarkExplain explains two rules for records that are not shown.
func BenchmarkExplain(b *testing.B) {
	rules := benchFile(b, "rules.yaml", benchRules)
	path, records, _ := benchRecords(b, 20e6)
	for b.Loop() {
		benchRun(b, "explain", "-q", "-r", rules, "--only", "gave_up", path)
	}
	b.ReportMetric(float64(records*b.N)/b.Elapsed().Seconds(), "records/s")
}

// BenchmarkCheck checks a usual file.
func BenchmarkCheck(b *testing.B) {
	for b.Loop() {
		benchRun(b, "check", "-q", "../../rules/nginx.yaml")
	}
}

// BenchmarkTests runs a hundred tests.
func BenchmarkTests(b *testing.B) {
	dir := b.TempDir()
	var tests strings.Builder
	tests.WriteString("rules: rules.yaml\ntests:\n")
	for i := range 100 {
		fmt.Fprintf(&tests, "- name: test %d\n  steps:\n  - records: [{method: GET, status: \"200\", host: a, latency: 0.5}]\n"+
			"    expect: 'http_requests_total{host=\"a\",method=\"GET\",status=\"200\"} 1'\n", i)
	}
	for name, text := range map[string]string{"rules.yaml": benchRules, "rules_test.yaml": tests.String()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		benchRun(b, "test", "-q", dir)
	}
}
