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
	// lockPause is the time between two attempts to lock.
	lockPause = 10 * time.Millisecond
	// maxOwner is the maximum length of the name of an owner, in bytes.
	maxOwner = 200
)

// LockedError reports that another owner has locked a file.
type LockedError struct{ Owner string }

func (e *LockedError) Error() string { return "it is used by " + e.Owner }

// Lock locks file for owner, against other owners in this process and in others, until the result is closed or the
// process ends. It locks a second file, file.lock, because file itself is replaced at each write. The error is a
// *LockedError if another owner holds the lock for longer than wait.
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
		// The owner is only for messages, so an error, for example because the disk is full, does not matter.
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

// openLock opens or creates the lock file. Because Lock writes to it, and other users may be able to write to its
// directory, it must not be a link to another file.
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
