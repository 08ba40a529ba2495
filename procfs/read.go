package procfs

import (
	"sort"
	"unsafe"

	"golang.org/x/sys/unix"
)

// read returns what a file holds, as far as the buffer does. It is valid until the next call.
func (t *tree) read(dir int, name string) ([]byte, error) {
	t.file = name
	t.turn.leave()
	n, err := readFile(dir, name, t.buf)
	t.turn.resume()
	return t.buf[:n], err
}

// readEnds returns what a file holds, up to size bytes, which the buffer must hold. Of a longer one these are the first
// and the last half, and cut is true. They are valid until the next call.
func (t *tree) readEnds(dir int, name string, size int) (b []byte, cut bool, err error) {
	t.file = name
	t.turn.leave()
	n, cut, err := readEnds(dir, name, t.buf[:size])
	t.turn.resume()
	return t.buf[:n], cut, err
}

func readFile(dir int, name string, into []byte) (int, error) {
	file, err := openat(dir, name, unix.O_RDONLY)
	if err != nil {
		return 0, err
	}
	defer unix.Close(file)
	return read(file, into)
}

func readEnds(dir int, name string, into []byte) (n int, cut bool, err error) {
	file, err := openat(dir, name, unix.O_RDONLY)
	if err != nil {
		return 0, false, err
	}
	defer unix.Close(file)
	if n, err = read(file, into); err != nil || n < len(into) {
		return n, false, err
	}
	// No call gives the length of such a file. The search takes 23 reads of one byte, however long the file is.
	var last [1]byte
	length := n + sort.Search(maxCmdline-n, func(i int) bool {
		got, err := unix.Pread(file, last[:], int64(n+i))
		return err != nil || got == 0
	})
	if length == n {
		return n, false, nil
	}
	tail := into[(n+1)/2:]
	got, err := unix.Pread(file, tail, int64(length-len(tail)))
	if err != nil { // it became shorter: another program, or another title
		return (n + 1) / 2, true, nil
	}
	return (n+1)/2 + got, true, nil
}

// read reads once. That is enough: the kernel writes such a file again for each read, and whole if there is room.
func read(file int, into []byte) (int, error) {
	for {
		if n, err := unix.Read(file, into); err != unix.EINTR {
			return max(n, 0), err
		}
	}
}

// link returns where a symbolic link leads. It is valid until the next call.
func (t *tree) link(dir int, name string) ([]byte, error) {
	t.file = name
	t.turn.leave()
	n, _, e := unix.Syscall6(unix.SYS_READLINKAT, uintptr(dir), uintptr(unsafe.Pointer(unsafe.StringData(name))),
		uintptr(unsafe.Pointer(&t.buf[0])), uintptr(len(t.buf)), 0, 0)
	t.turn.resume()
	if e != 0 {
		return nil, e
	}
	return t.buf[:n], nil
}

// length returns how many names a directory holds.
func (t *tree) length(dir int, name string) (n int, err error) {
	t.file = name
	t.turn.leave()
	if t.counts {
		var size uint64
		size, err = t.size(dir, name)
		n = int(size)
	} else {
		n, err = t.count(dir, name)
	}
	t.turn.resume()
	return n, err
}

func (t *tree) count(dir int, name string) (n int, err error) {
	file, err := openat(dir, name, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return 0, err
	}
	defer unix.Close(file)
	err = t.each(file, func(name []byte) {
		if name[0] != '.' {
			n++
		}
	})
	return n, err
}
