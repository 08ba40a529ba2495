package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// How long a run may take, and how often it is polled.
const (
	limit    = 2 * time.Minute
	interval = 250 * time.Millisecond
)

// run has Fluent Bit read the file and returns the processor time that it used.
func (h *host) run(k kind) (time.Duration, error) {
	p, err := freePorts()
	if err != nil {
		return 0, err
	}
	file := h.path("fluent-bit.yaml")
	if err := os.WriteFile(file, []byte(h.configuration(k, p)), 0o600); err != nil {
		return 0, err
	}
	var log bytes.Buffer
	cmd := exec.Command(h.binary, "-c", file)
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	done := h.await(k, p)
	if done != nil {
		_ = cmd.Process.Kill()
	} else {
		done = cmd.Process.Signal(syscall.SIGTERM)
	}
	if err := errors.Join(done, cmd.Wait()); err != nil {
		return 0, fmt.Errorf("%w\n%s", err, log.Bytes())
	}
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), nil
}

// await waits until out_null has got all lines and the page counts them.
func (h *host) await(k kind, p ports) error {
	if err := poll(func() error { return h.passed(p) }); err != nil || k == nothing {
		return err
	}
	return poll(func() error { return h.counted(p) })
}

// poll calls done until it returns nil or the time is up.
func poll(done func() error) error {
	for deadline := time.Now().Add(limit); ; time.Sleep(interval) {
		err := done()
		if err == nil || time.Now().After(deadline) {
			return err
		}
	}
}

// freePorts returns ports that nothing listened on a moment ago.
func freePorts() (p ports, err error) {
	for _, port := range []*int{&p.server, &p.page} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return p, err
		}
		defer l.Close()
		*port = l.Addr().(*net.TCPAddr).Port
	}
	return p, nil
}
