package pipeline

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"time"
)

const (
	// lockWait is how long a start waits for the state file of another section or
	// process, which may be about to end.
	lockWait = time.Second
	// lockPause is between two attempts.
	lockPause = 10 * time.Millisecond
	// maxOwner bounds what is read of the name of the owner.
	maxOwner = 200
)

// takenError says who has the lock of a state file.
type takenError struct{ owner string }

func (e *takenError) Error() string { return "it is the state file of " + e.owner }

// ownerName is how a section is named in a lock.
func ownerName(instance string) string { return fmt.Sprintf("%s in process %d", instance, os.Getpid()) }

// lock makes owner the only one who may write file, in this process and in others,
// until the result is closed or the process ends. The lock is on a file beside it,
// because file itself is replaced. The error is a *takenError when somebody else
// has it all the time of wait.
func lock(file, owner string, wait time.Duration) (io.Closer, error) {
	f, err := os.OpenFile(file+".lock", os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(wait); ; time.Sleep(lockPause) {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil || err != syscall.EWOULDBLOCK && err != syscall.EINTR || time.Now().After(deadline) {
			break
		}
	}
	switch {
	case errors.Is(err, syscall.EWOULDBLOCK):
		err = &takenError{readOwner(f)}
	case err == nil:
		// For messages only: that a full disk may keep it from being written does no harm.
		if f.Truncate(0) == nil {
			f.WriteAt([]byte(owner+"\n"), 0)
		}
		return f, nil
	default:
		err = fmt.Errorf("flock %s: %w", f.Name(), err)
	}
	f.Close()
	return nil, err
}

func readOwner(f *os.File) string {
	text := make([]byte, maxOwner)
	n, _ := f.ReadAt(text, 0)
	owner, _, _ := strings.Cut(string(text[:n]), "\n")
	if owner == "" {
		return "another section or process"
	}
	return owner
}
