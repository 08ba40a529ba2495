package pipeline

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/promexporter/promexporter/flb"
	"github.com/promexporter/promexporter/internal/chunktest"
	"github.com/promexporter/promexporter/internal/statefile"
)

// TestStateHoldsEveryAnswer closes a pipeline during flushes: the state file has exactly the chunks that were answered
// OK.
func TestStateHoldsEveryAnswer(t *testing.T) {
	keys := stateKeys(t, oneRule)
	chunk := chunktest.Events(`{"l":"x"}`)
	total := 0.0
	for range 5 {
		p, _ := openOne(t, keys)
		var answered atomic.Int64
		var flushing sync.WaitGroup
		for range 4 {
			flushing.Go(func() {
				for p.Flush(chunk, "t") == flb.OK {
					answered.Add(1)
				}
			})
		}
		until(t, "no chunk is answered", func() bool { return answered.Load() > 100 })
		closeWritten(t, p)
		flushing.Wait()
		total += float64(answered.Load())
	}
	p, _ := openOne(t, keys)
	expect(t, p, fmt.Sprintf("a_total{l=\"x\"} %v", total))
}

// TestKilled kills a process while it writes its state continuously. Its successor finds a complete state.
func TestKilled(t *testing.T) {
	if file := os.Getenv("PROMEXPORTER_TEST_STATE"); file != "" {
		writeForever(t, file)
		return
	}
	keys := stateKeys(t, oneRule)
	last := 0.0
	for range 5 {
		child := exec.Command(os.Args[0], "-test.run=^TestKilled$")
		child.Env = append(os.Environ(), "PROMEXPORTER_TEST_STATE="+keys["state_file"], "PROMEXPORTER_TEST_RULES="+keys["rules_file"])
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		written := 0.0
		for n := 0; n < 30 && lines.Scan(); n++ {
			fmt.Sscanf(lines.Text(), "written %g", &written)
		}
		child.Process.Kill()
		child.Wait()
		if written <= last {
			t.Fatalf("the child has written %v after %v", written, last)
		}
		p, log := openOne(t, keys)
		value := 0.0
		fmt.Sscanf(linesOf(page(t, p), "a_total"), `a_total{l="x"} %g`, &value)
		if value < written {
			t.Errorf("%v is restored, %v was written", value, written)
		}
		if lines := log.lines("level=ERROR"); len(lines) > 0 {
			t.Errorf("log: %q", lines)
		}
		closeWritten(t, p)
		last = value
	}
	if files, _ := filepath.Glob(keys["state_file"] + "*"); len(files) != 2 {
		t.Errorf("left are %q", files)
	}
}

// writeForever flushes chunks and writes the state after each.
func writeForever(t *testing.T, file string) {
	p, _ := openOne(t, map[string]string{"rules_file": os.Getenv("PROMEXPORTER_TEST_RULES"), "state_file": file, "state_interval": "1h"})
	until(t, "the first write", func() bool { return p.state.writtenAt.Load() > 0 })
	for {
		flush(t, p, "t", `{"l":"x"}`, flb.OK)
		p.state.write() // the goroutine rests for an hour
		var value float64
		fmt.Sscanf(linesOf(page(t, p), "a_total"), `a_total{l="x"} %g`, &value)
		fmt.Println("written", value)
	}
}

// TestTempFileOfACrash checks that the temporary file of an interrupted write is removed.
func TestTempFileOfACrash(t *testing.T) {
	keys := stateKeys(t, oneRule)
	p, _ := openOne(t, keys)
	flush(t, p, "t", `{"l":"x"}`, flb.OK)
	closeWritten(t, p)
	rewrite(t, statefile.TempName(keys["state_file"]), "half a sta")
	p, _ = openOne(t, keys)
	expect(t, p, `a_total{l="x"} 1`)
	closeWritten(t, p)
	if _, err := os.Stat(statefile.TempName(keys["state_file"])); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the draft: %v", err)
	}
}
