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

func (e *ExitError) Error() string {
	return "the loader has ended: " + e.State.String()
}

// also joins the error of what is done after err. A loader that has ended explains every error after it.
func also(err, undo error) error {
	if ended := (*ExitError)(nil); errors.As(err, &ended) {
		return err
	}
	return errors.Join(err, undo)
}

// process is a running loader and the calls that it has yet to answer.
type process struct {
	cmd      *exec.Cmd
	requests *os.File
	replies  *os.File
	ended    chan struct{} // closed when the process is gone and its output is read
	atEnd    func()        // called just before that

	writing sync.Mutex // held while a request is written

	mu      sync.Mutex
	last    uint32                   // guarded by mu, as the two below
	open    map[uint32]chan<- *reply // nil once the process is gone
	failure error
}

// startProcess runs cmd with two pipes behind its extra files. It calls atEnd when all output has been written.
func startProcess(cmd *exec.Cmd, atEnd func()) (*process, error) {
	theirRequests, requests, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("pipe to the loader: %w", err)
	}
	replies, theirReplies, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("pipe to the loader: %w", err), theirRequests.Close(), requests.Close())
	}
	cmd.ExtraFiles = append(cmd.ExtraFiles, theirRequests, theirReplies)
	// A process group of its own: an interrupt from the terminal is for the driver, which then stops the loader.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	// A plugin's child that holds the output open must not hold up the end.
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
		atEnd:    atEnd,
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
	_ = p.cmd.Wait() // the state says it all
	_, _ = p.requests.Close(), p.replies.Close()
	p.atEnd()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failure = &ExitError{State: p.cmd.ProcessState}
	for _, waiting := range p.open {
		close(waiting)
	}
	p.open = nil
}

// send writes a request and returns where the reply will come. The channel is closed if the loader ends first.
func (p *process) send(r request) (<-chan *reply, error) {
	waiting := make(chan *reply, 1)
	p.writing.Lock()
	defer p.writing.Unlock()
	p.mu.Lock()
	if p.open == nil {
		defer p.mu.Unlock()
		return nil, p.failure
	}
	p.last++
	call := p.last
	p.open[call] = waiting
	p.mu.Unlock()
	// An error means that the loader is going: read finds out why and closes waiting.
	_, _ = p.requests.Write(r.seal(call))
	return waiting, nil
}

// wait returns the reply that comes on waiting.
func (p *process) wait(ctx context.Context, waiting <-chan *reply) (*reply, error) {
	select {
	case r, ok := <-waiting:
		if !ok {
			return nil, p.err()
		}
		return r, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("no answer from the loader: %w", ctx.Err())
	}
}

func (p *process) err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.failure
}

func (p *process) call(ctx context.Context, r request) (*reply, error) {
	waiting, err := p.send(r)
	if err != nil {
		return nil, err
	}
	return p.wait(ctx, waiting)
}

// kill ends the process and waits until it is gone.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}
