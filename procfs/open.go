package procfs

import (
	"fmt"
	"time"
)

// openSampler does not wait longer than timeout: a file system that does not answer must not keep the host waiting.
func openSampler(c Choice, report func(file string, pid int32, err error), timeout time.Duration) (*Sampler, error) {
	type opened struct {
		sampler *Sampler
		err     error
	}
	result := make(chan opened, 1)
	go func() {
		s, err := NewSampler(c, report)
		result <- opened{s, err}
	}()
	select {
	case r := <-result:
		return checkUsers(r.sampler, c, r.err)
	case <-time.After(timeout):
		go func() {
			if late := <-result; late.err == nil {
				late.sampler.Close()
			}
		}()
		return nil, fmt.Errorf("path: %q: it did not answer within %s; write for example path=/proc", c.Path, timeout)
	}
}

// checkUsers reads the users for the first time, where they are wanted.
func checkUsers(s *Sampler, c Choice, err error) (*Sampler, error) {
	if err != nil {
		return nil, fmt.Errorf("path: %q: not a procfs: %w; write for example path=/proc", c.Path, err)
	}
	if s.reads.has(User) {
		if err := s.users.refresh(); err != nil {
			s.Close()
			return nil, fmt.Errorf("passwd_file: %q: %w; write for example passwd_file=/etc/passwd", c.PasswdFile, err)
		}
	}
	return s, nil
}
