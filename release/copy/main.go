// Command copy is the program of the plugin image: it copies the plugins out of the image, into a volume that it shares
// with Fluent Bit.
//
//	copy [-from /plugin] folder
//
// A file appears in the folder under its name only when it is complete, and replaces an older one without changing it:
// a Fluent Bit that has the older one loaded continues.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

func main() {
	from := flag.String("from", "/plugin", "folder of the plugins")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: copy [-from /plugin] folder")
		os.Exit(2)
	}
	if err := copyAll(*from, flag.Arg(0)); err != nil {
		fmt.Fprintln(os.Stderr, "copy:", err)
		os.Exit(1)
	}
}

// copyAll copies the shared objects of a folder.
func copyAll(from, to string) error {
	files, err := filepath.Glob(filepath.Join(from, "*.so"))
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("%s: has no plugins", from)
	}
	for _, file := range files {
		if err := copyFile(file, to); err != nil {
			return err
		}
	}
	return nil
}

func copyFile(path, folder string) (err error) {
	source, err := os.Open(path)
	if err != nil {
		return err
	}
	defer source.Close()
	file, err := os.CreateTemp(folder, "."+filepath.Base(path)+"-")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(file.Name())
		}
	}()
	_, err = io.Copy(file, source)
	// Everybody may read it: Fluent Bit runs as another user.
	if err = errors.Join(err, file.Chmod(0o644), file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), filepath.Join(folder, filepath.Base(path)))
}
