package procfs

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	prometheus "github.com/prometheus/procfs"
)

// The tests of this file read the kernel's own procfs. Where another process is needed, the test runs itself again: as
// the part that this variable names.
const partVariable = "PROMEXPORTER_PROCFS_PART"

func part() string { return os.Getenv(partVariable) }

// child is a process that obeys commands.
type child struct {
	*exec.Cmd
	t      *testing.T
	stdin  io.WriteCloser
	stdout *bufio.Reader
}

func startChild(t *testing.T, part string, attr *syscall.SysProcAttr) *child {
	t.Helper()
	c := &child{t: t, Cmd: exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$")}
	c.Env, c.SysProcAttr, c.Stderr = append(os.Environ(), partVariable+"="+part), attr, os.Stderr
	var err error
	if c.stdin, err = c.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.stdout = bufio.NewReader(out)
	if err := c.Start(); err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	})
	return c
}

// do has the child do its work once more.
func (c *child) do() (answer string) {
	c.t.Helper()
	if _, err := io.WriteString(c.stdin, "go\n"); err != nil {
		c.t.Fatal(err)
	}
	answer, err := c.stdout.ReadString('\n')
	if err != nil {
		c.t.Fatal(err)
	}
	return strings.TrimSpace(answer)
}

// obey is the child's side of do.
func obey(work func() string) {
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		fmt.Println(work())
	}
	os.Exit(0)
}

// used returns the CPU time of this process.
func used() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestBurn reads a process that uses half a second of CPU time between two rounds, however long it takes to get it.
func TestBurn(t *testing.T) {
	const work = 500 * time.Millisecond
	if part() != "" {
		started := false
		obey(func() string {
			if !started {
				started = true
				return "started"
			}
			for end := used() + work; used() < end; {
			}
			return "done"
		})
	}
	c := startChild(t, "burn", nil)
	c.do() // its start is not part of the work
	pid := int32(c.Process.Pid)
	s, err := NewSampler(Choice{Path: "/proc", PIDs: []int32{pid}, Fields: Files | Cmdline}, func(string, int32, error) {})
	if err != nil {
		t.Skip(err)
	}
	defer s.Close()
	begin := realRound(t, s).at(t, pid)
	began := time.Now()
	c.do()
	took := time.Since(began)
	end := realRound(t, s).at(t, pid)
	const tolerance = 60 * time.Millisecond // ticks, and what its runtime does in addition to the work
	interval := time.Duration(end.Interval.ticks()) * time.Second / ticksPerSecond
	if interval < work-tolerance || interval > work+tolerance || end.Elapsed < took || end.Total.minus(begin.Total) != end.Interval {
		t.Errorf("%s of CPU time in %s, the process used %s in %s", interval, end.Elapsed, work, took)
	}
	record := func() map[string]any { return decode(t, appendProcesses(nil, &s.round))[0].record }
	if percent, want := record()["cpu_percent"].(float64), 100*interval.Seconds()/end.Elapsed.Seconds(); percent != want {
		t.Errorf("cpu_percent %v, want %v", percent, want)
	}
	if end.Parent != int32(os.Getpid()) || end.User != uint32(os.Geteuid()) || !strings.Contains(end.Details.Cmdline, "TestBurn") {
		t.Errorf("got %+v", end)
	}
	compareWithPS(t, func() map[string]any { realRound(t, s); return record() })
}

func realRound(t *testing.T, s *Sampler) *Round {
	t.Helper()
	r, err := s.Round(context.Background(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *Round) at(t *testing.T, pid int32) Process {
	t.Helper()
	for _, p := range r.Processes {
		if p.PID == pid {
			return p
		}
	}
	t.Fatalf("no process %d in the round", pid)
	return Process{}
}

// TestResidentMemory compares with the status file, between two readings of it that say the same.
func TestResidentMemory(t *testing.T) {
	if part() != "" {
		obey(func() string { return "done" })
	}
	c := startChild(t, "idle", nil)
	c.do() // it has started
	pid := int32(c.Process.Pid)
	s, err := NewSampler(Choice{Path: "/proc", PIDs: []int32{pid}, Fields: Files}, func(string, int32, error) {})
	if err != nil {
		t.Skip(err)
	}
	defer s.Close()
	for deadline := time.Now().Add(time.Minute); ; {
		before := statusRSS(t, pid)
		got := realRound(t, s).at(t, pid).RSS
		if before != statusRSS(t, pid) && time.Now().Before(deadline) {
			continue
		}
		if got != before {
			t.Errorf("%d bytes, the kernel says %d", got, before)
		}
		return
	}
}

// statusRSS returns bytes.
func statusRSS(t *testing.T, pid int32) (n uint64) {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, line, _ := strings.Cut(string(status), "\nVmRSS:")
	if _, err := fmt.Sscan(line, &n); err != nil {
		t.Fatal(err)
	}
	return n * 1024
}

// compareWithPS asks ps of a process that does nothing, apart from what its runtime does: until a record says the same.
func compareWithPS(t *testing.T, record func() map[string]any) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; {
		got, err := askPS(record()["pid"])
		if err != nil {
			t.Logf("not compared with ps: %v", err)
			return
		}
		want := asPS(record())
		if got == want {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("ps says %q, the record %q", got, want)
		}
	}
}

func askPS(pid any) (string, error) {
	out, err := exec.Command("ps", "-o", "ppid=,uid=,nlwp=,vsz=,cputimes=,comm=", "-p", fmt.Sprint(pid)).Output()
	return strings.Join(strings.Fields(string(out)), " "), err
}

// asPS is a record as ps writes it.
func asPS(record map[string]any) string {
	virtual, _ := strconv.ParseUint(fmt.Sprint(record["virtual_bytes"]), 10, 64)
	ticks, _ := strconv.ParseUint(fmt.Sprint(record["cpu_jiffies"]), 10, 64)
	return fmt.Sprint(record["ppid"], " ", record["uid"], " ", record["threads"], " ", virtual/1024, " ", ticks/ticksPerSecond, " ",
		record["name"])
}

// TestWithoutRights reads the processes as a user who may not look into all of them.
func TestWithoutRights(t *testing.T) {
	const nobody = 65534
	if part() != "" {
		obey(asNobody)
	}
	if os.Geteuid() != 0 {
		t.Skip("another user is needed: root alone can become one")
	}
	attr := &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	c := startChild(t, "nobody", attr)
	if got, want := c.do(), fmt.Sprintf("uid %d, own io true, own fds true, init io false, skipped {0 0}", nobody); got != want {
		t.Errorf("got  %s, want %s", got, want)
	}
}

func asNobody() string {
	s, err := NewSampler(Choice{Path: "/proc", Fields: Files | Cmdline}, func(string, int32, error) {})
	if err != nil {
		return err.Error()
	}
	r, err := s.Round(context.Background(), time.Now)
	if err != nil {
		return err.Error()
	}
	var self, initial Process
	for _, p := range r.Processes {
		switch p.PID {
		case int32(os.Getpid()):
			self = p
		case 1:
			initial = p
		}
	}
	return fmt.Sprintf("uid %d, own io %v, own fds %v, init io %v, skipped {%d %d}",
		self.User, self.HasIO, self.OpenFDs > 2, initial.HasIO, r.Skipped.Unreadable, r.Skipped.Garbled)
}

// TestDetailsAgainstPrometheus reads a process that does nothing by both, until both say the same.
func TestDetailsAgainstPrometheus(t *testing.T) {
	if part() != "" {
		obey(func() string { return "done" })
	}
	c := startChild(t, "idle", nil)
	c.do()
	pid := c.Process.Pid
	fs, err := prometheus.NewFS("/proc")
	if err != nil {
		t.Skip(err)
	}
	s, err := NewSampler(Choice{Path: "/proc", PIDs: []int32{int32(pid)}, Fields: detailed, PasswdFile: "/etc/passwd"}, func(string, int32, error) {})
	if err != nil {
		t.Skip(err)
	}
	defer s.Close()
	for deadline := time.Now().Add(time.Minute); ; {
		d := realRound(t, s).at(t, int32(pid)).Details
		got := fmt.Sprint(d.Cmdline, d.Exe, d.User, d.PSS.Bytes, d.Swap.Bytes, d.Switches.Total, d.PageFaults.Total)
		want := detailsByPrometheus(t, fs, pid)
		if got == want {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("got  %s, want %s", got, want)
		}
	}
}

func detailsByPrometheus(t *testing.T, fs prometheus.FS, pid int) string {
	t.Helper()
	p, err := fs.Proc(pid)
	if err != nil {
		t.Fatal(err)
	}
	cmdline, err1 := p.CmdLine()
	exe, err2 := p.Executable()
	rollup, err3 := p.ProcSMapsRollup()
	status, err4 := p.NewStatus()
	stat, err5 := p.Stat()
	owner, err6 := user.LookupId(fmt.Sprint(os.Geteuid()))
	if err := errors.Join(err1, err2, err3, err4, err5, err6); err != nil {
		t.Skip(err)
	}
	return fmt.Sprint(strings.Join(cmdline, " "), exe, owner.Username, rollup.Pss, status.VmSwap,
		Pair{status.VoluntaryCtxtSwitches, status.NonVoluntaryCtxtSwitches}, Pair{uint64(stat.MinFlt), uint64(stat.MajFlt)})
}
