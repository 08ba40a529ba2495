package statefile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"
)

const (
	// lockPause is between two attempts.
	lockPause = 10 * time.Millisecond
	// maxOwner bounds what is read of the name of the owner.
	maxOwner = 200
)

// LockedError says who has the lock of a file.
type LockedError struct{ Owner string }

func (e *LockedError) Error() string { return "it is the state file of " + e.Owner }

// Lock makes owner the only one who may write file, in this process and in others,
// until the result is closed or the process ends. The lock is on a file beside it,
// because file itself is replaced. The error is a *TakenError when somebody else has
// it all the time of wait.
func Lock(file, owner string, wait time.Duration) (io.Closer, error) {
	f, err := openLock(file + ".lock")
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
		err = &LockedError{readOwner(f)}
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

// openLock opens or makes the file of a lock. Because it is written to, and may be in a
// folder where others may write too, it must not be another name of any other file.
func openLock(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o600)
	if errors.Is(err, syscall.ELOOP) {
		return nil, fmt.Errorf("the lock %s is a symbolic link; remove it", name)
	}
	if err != nil {
		return nil, err
	}
	is, err := f.Stat()
	if err == nil {
		err = checkLock(name, is)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func checkLock(name string, is fs.FileInfo) error {
	stat, ok := is.Sys().(*syscall.Stat_t)
	switch {
	case !ok || !is.Mode().IsRegular():
		return fmt.Errorf("the lock %s is not a regular file; remove it", name)
	case int(stat.Uid) != os.Geteuid():
		return fmt.Errorf("the lock %s belongs to user %d, not to %d; remove it", name, stat.Uid, os.Geteuid())
	case stat.Nlink != 1:
		return fmt.Errorf("the lock %s is one of %d names of a file; remove it", name, stat.Nlink)
	}
	return nil
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
