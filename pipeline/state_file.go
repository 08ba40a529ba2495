package pipeline

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// syncer is a file that is being written.
type syncer interface {
	io.WriteCloser
	Sync() error
}

// createFile makes a file that there is not yet. Label values may be confidential,
// so nobody else reads it.
func createFile(name string) (syncer, error) {
	return os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
}

// draft is the file in which the next state of file is written.
func draft(file string) string { return file + ".tmp" }

// replace writes file anew. At any time, also after a crash, it holds all of
// what it held before or all of what from wrote.
func replace(file string, from io.WriterTo, create func(name string) (syncer, error)) (size int64, err error) {
	if err := checkRegular(file); err != nil {
		return 0, err
	}
	next := draft(file)
	if err := os.Remove(next); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	f, err := create(next)
	if err != nil {
		return 0, err
	}
	size, err = from.WriteTo(f)
	if err == nil {
		err = f.Sync()
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(next, file)
	}
	if err != nil {
		os.Remove(next) // gives a full disk its room back
		return 0, err
	}
	return size, syncFolder(filepath.Dir(file))
}

// syncFolder makes a rename last, where the file system can.
func syncFolder(name string) error {
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, syscall.EINVAL) {
		return err
	}
	return nil
}

// checkRegular keeps a state from taking the place of what is no file: a rename
// replaces a device as well.
func checkRegular(file string) error {
	if is, err := os.Lstat(file); err == nil && !is.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file", file)
	}
	return nil
}

// maxSetAside is how many files that were set aside are kept.
const maxSetAside = 3

// setAside renames a file that cannot be used, so that neither it nor the state is
// lost, and returns its new name. Of earlier ones the newest are kept.
func setAside(file string, now time.Time) (string, error) {
	prefix := file + ".bad-"
	to := prefix + now.UTC().Format("20060102T150405.000Z")
	if err := os.Rename(file, to); err != nil {
		return "", err
	}
	others, err := os.ReadDir(filepath.Dir(file))
	if err != nil {
		return to, nil
	}
	var bad []string
	for _, o := range others {
		if strings.HasPrefix(o.Name(), filepath.Base(prefix)) && o.Type().IsRegular() {
			bad = append(bad, filepath.Join(filepath.Dir(file), o.Name()))
		}
	}
	slices.Sort(bad) // by time
	for len(bad) > maxSetAside {
		os.Remove(bad[0])
		bad = bad[1:]
	}
	return to, nil
}

// resolve returns the path of a file that may not exist yet, without links, so that
// a link is not replaced by what it points to, and two names of a file are one.
func resolve(name string) (string, error) {
	path, err := filepath.Abs(name)
	if err != nil {
		return "", err
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real, nil
	}
	if folder, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		return filepath.Join(folder, filepath.Base(path)), nil
	}
	return path, nil
}
