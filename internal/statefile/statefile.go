// Package statefile replaces a file as a whole, sets it aside when it cannot be used,
// and keeps it for one owner. It knows nothing of what the file holds.
package statefile

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

// Writer is a file that is being written.
type Writer interface {
	io.WriteCloser
	Sync() error
}

// Create makes a file that does not exist yet. Its content may be confidential, so
// nobody else may read it.
func Create(name string) (Writer, error) {
	return os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
}

// TempName is the file in which the next content of file is written.
func TempName(file string) string { return file + ".tmp" }

// Replace writes file anew, by way of a draft that create makes, and returns its size.
// At any time, also after a crash, file holds all of what it held before or all of
// what from wrote.
func Replace(file string, from io.WriterTo, create func(name string) (Writer, error)) (size int64, err error) {
	if err := checkRegular(file); err != nil {
		return 0, err
	}
	next := TempName(file)
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

// checkRegular keeps a draft from taking the place of a device: a rename replaces one
// as well.
func checkRegular(file string) error {
	if is, err := os.Lstat(file); err == nil && !is.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file", file)
	}
	return nil
}

// maxSetAside is how many files that were set aside are kept.
const maxSetAside = 3

// SetAside renames a file that cannot be used to file.bad- and the time now, so that
// Replace does not take its place, and returns its new name. Of earlier ones the
// newest are kept.
func SetAside(file string, now time.Time) (string, error) {
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

// Resolve returns the path of a file that may not exist yet, without links, so that a
// link is not replaced by what it points to, and two names of a file are one. What is
// not a regular file is an error.
func Resolve(name string) (string, error) {
	path, err := filepath.Abs(name)
	if err != nil {
		return "", err
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real, checkRegular(real)
	}
	if folder, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		path = filepath.Join(folder, filepath.Base(path))
	}
	return path, checkRegular(path)
}
