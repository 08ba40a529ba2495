package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// ExitError is the error of every call to a loader that has ended.
type ExitError struct {
	State *os.ProcessState
}

func (e *ExitError) Error() string { return "the loader has ended: " + e.State.String() }

// also joins err and the error of what was done after it. It drops the latter if err says that the loader has ended,
// which explains all later errors.
func also(err, undo error) error {
	if ended := (*ExitError)(nil); errors.As(err, &ended) {
		return err
	}
	return errors.Join(err, undo)
}

// process is a running loader and the calls that it has not answered yet.
type process struct {
	cmd      *exec.Cmd
	requests *os.File
	replies  *os.File
	ended    chan struct{} // closed when the process has ended and its output is read

	writing sync.Mutex // held while a request is written

	mu   sync.Mutex
	last uint32                   // guarded by mu, like open
	open map[uint32]chan<- *reply // nil once the process has ended
}

// startProcess runs cmd with two pipes after its extra files.
func startProcess(cmd *exec.Cmd) (*process, error) {
	theirRequests, requests, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("pipe to the loader: %w", err)
	}
	replies, theirReplies, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("pipe to the loader: %w", err), theirRequests.Close(), requests.Close())
	}
	cmd.ExtraFiles = append(cmd.ExtraFiles, theirRequests, theirReplies)
	// In a process group of its own the loader gets no interrupt from the terminal. The driver gets it and stops the
	// loader.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	// A child of a plugin may keep the output open; do not wait for it.
	cmd.WaitDelay = time.Second
	err = cmd.Start()
	_, _ = theirRequests.Close(), theirReplies.Close()
	if err != nil {
		_, _ = requests.Close(), replies.Close()
		return nil, fmt.Errorf("start the loader: %w", err)
	}
	p := &process{
		cmd:      cmd,
		requests: requests,
		replies:  replies,
		ended:    make(chan struct{}),
		open:     map[uint32]chan<- *reply{},
	}
	go p.read()
	return p, nil
}

// read hands replies to the calls that wait for them until the loader ends.
func (p *process) read() {
	defer close(p.ended)
	for {
		call, r, err := readReply(p.replies)
		if err != nil {
			p.end(err)
			return
		}
		p.mu.Lock()
		waiting := p.open[call]
		delete(p.open, call)
		p.mu.Unlock()
		if waiting != nil {
			waiting <- r
		}
	}
}

func (p *process) end(cause error) {
	if !errors.Is(cause, io.EOF) {
		_ = p.cmd.Process.Kill()
	}
	_ = p.cmd.Wait() // ProcessState has the error
	_, _ = p.requests.Close(), p.replies.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, waiting := range p.open {
		close(waiting)
	}
	p.open = nil
}

// send writes a request and returns the channel of the reply, which is closed if the loader ends first.
func (p *process) send(r request) (<-chan *reply, error) {
	waiting := make(chan *reply, 1)
	p.writing.Lock()
	defer p.writing.Unlock()
	p.mu.Lock()
	if p.open == nil {
		p.mu.Unlock()
		return nil, &ExitError{State: p.cmd.ProcessState}
	}
	p.last++
	call := p.last
	p.open[call] = waiting
	p.mu.Unlock()
	// An error means that the loader is ending: read finds out why and closes waiting.
	_, _ = p.requests.Write(r.seal(call))
	return waiting, nil
}

// wait returns the reply from waiting.
func (p *process) wait(ctx context.Context, waiting <-chan *reply) (*reply, error) {
	select {
	case r, ok := <-waiting:
		if !ok {
			return nil, &ExitError{State: p.cmd.ProcessState}
		}
		return r, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("no answer from the loader: %w", ctx.Err())
	}
}

func (p *process) call(ctx context.Context, r request) (*reply, error) {
	waiting, err := p.send(r)
	if err != nil {
		return nil, err
	}
	return p.wait(ctx, waiting)
}

// kill ends the process and waits for its end.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}
