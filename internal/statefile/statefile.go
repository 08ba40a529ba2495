// Package statefile replaces a file atomically, sets it aside if it cannot be used, and locks it for one owner. It does
// not know the content of the file.
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

// Writer is an open file.
type Writer interface {
	io.WriteCloser
	Sync() error
}

// Create creates a file, which must not exist. Only its owner may read it, because the content may be confidential.
func Create(name string) (Writer, error) {
	return os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
}

// TempName returns the name of the temporary file that replaces file.
func TempName(file string) string { return file + ".tmp" }

// Replace replaces the content of file by what from writes, and returns its size. It writes to a temporary file, which
// create creates, and renames it. At any time, even after a crash, file has either the complete old content or the
// complete new one.
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
		os.Remove(next) // frees the space, because the disk may be full
		return 0, err
	}
	return size, syncFolder(filepath.Dir(file))
}

// syncFolder makes a rename durable, if the file system supports that.
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

// checkRegular returns an error if file exists and is not a regular file. A rename would replace a device, for example.
func checkRegular(file string) error {
	if is, err := os.Lstat(file); err == nil && !is.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file", file)
	}
	return nil
}

// maxSetAside is the maximum number of files that are kept after they were set aside.
const maxSetAside = 3

// SetAside renames a file that cannot be used to file.bad- and the time now, so that Replace does not overwrite it, and
// returns the new name. It removes the oldest such files if there are more than maxSetAside.
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

// Resolve returns the absolute path of a file, without symbolic links, so that Replace replaces the file and not a
// link, and so that two names of a file get the same lock. The file may not exist yet. It is an error if it exists and
// is not a regular file.
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
