package procfs

import (
	"encoding/binary"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// tree is an open procfs. It is read by bare system calls into buffers of its own, since the os package allocates for
// every file. It is for one goroutine.
type tree struct {
	root   int
	counts bool // a directory fd tells its length without being read, as the kernel's own does since 6.2
	buf    []byte
	name   []byte
}

// The files of a process, as system calls want them.
var (
	nameStat    = []byte("stat\x00")
	nameStatm   = []byte("statm\x00")
	nameIO      = []byte("io\x00")
	nameFD      = []byte("fd\x00")
	nameCmdline = []byte("cmdline\x00")
)

const (
	// bufferSize holds a stat or io file several times over and 100 directory entries or so; of a command line it is
	// what is read.
	bufferSize = 4096
	direntName = 19 // offset of a name in struct linux_dirent64
	direntSize = 16 // offset of its size, 16 bits
)

func openTree(path string) (*tree, error) {
	root, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	t := &tree{root: root, buf: make([]byte, bufferSize), name: make([]byte, 0, 32)}
	var fs unix.Statfs_t
	if unix.Fstatfs(root, &fs) == nil && fs.Type == unix.PROC_SUPER_MAGIC { // and not a copy on some disk
		n, err := t.size(root, []byte("self/fd\x00"))
		t.counts = err == nil && n > 0 // this process has files open
	}
	return t, nil
}

func (t *tree) close() { _ = unix.Close(t.root) }

// pids appends the processes that there are.
func (t *tree) pids(pids []int32) ([]int32, error) {
	if _, err := unix.Seek(t.root, 0, unix.SEEK_SET); err != nil {
		return pids, err
	}
	err := t.each(t.root, func(name []byte) {
		if pid, ok := parsePID(name); ok {
			pids = append(pids, pid)
		}
	})
	return pids, err
}

// each calls f with the names in a directory. They are valid until f returns.
func (t *tree) each(dir int, f func(name []byte)) error {
	for {
		n, err := unix.Getdents(dir, t.buf)
		if err == unix.EINTR {
			continue
		}
		if err != nil || n == 0 {
			return err
		}
		for b := t.buf[:n]; len(b) > direntName; {
			size := int(binary.NativeEndian.Uint16(b[direntSize:]))
			f(untilNUL(b[direntName:size]))
			b = b[size:]
		}
	}
}

// open opens the directory of a process. Whatever is then read below it is this process's, or an error: never that of
// another one that got its pid meanwhile.
func (t *tree) open(pid int32) (dir int, err error) {
	t.name = append(strconv.AppendInt(t.name[:0], int64(pid), 10), 0)
	return openat(t.root, t.name, unix.O_PATH|unix.O_DIRECTORY)
}

// owner returns the effective user of the process. On this directory alone it is that also when the process may not be
// looked into.
func (t *tree) owner(dir int) (uint32, error) {
	var s unix.Stat_t
	err := unix.Fstat(dir, &s)
	return s.Uid, err
}

// read returns what a file holds, as far as the buffer does. It is valid until the next call.
func (t *tree) read(dir int, name []byte) ([]byte, error) {
	file, err := openat(dir, name, unix.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer unix.Close(file)
	for {
		// One read is enough: the kernel writes such a file anew for each, and whole if there is room.
		if n, err := unix.Read(file, t.buf); err == nil {
			return t.buf[:n], nil
		} else if err != unix.EINTR {
			return nil, err
		}
	}
}

// length returns how many names a directory holds.
func (t *tree) length(dir int, name []byte) (int, error) {
	if t.counts {
		n, err := t.size(dir, name)
		return int(n), err
	}
	file, err := openat(dir, name, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return 0, err
	}
	defer unix.Close(file)
	n := 0
	err = t.each(file, func(name []byte) {
		if name[0] != '.' {
			n++
		}
	})
	return n, err
}

// exists reports whether the process that dir was opened for is still there.
func (t *tree) exists(dir int) bool {
	_, err := t.size(dir, nameStat)
	return err == nil
}

func (t *tree) size(dir int, name []byte) (uint64, error) {
	var s unix.Statx_t
	_, _, e := unix.Syscall6(unix.SYS_STATX, uintptr(dir), uintptr(unsafe.Pointer(&name[0])), 0, unix.STATX_SIZE,
		uintptr(unsafe.Pointer(&s)), 0)
	if e != 0 {
		return 0, e
	}
	return s.Size, nil
}

// openat is unix.Openat without the copy of the name.
func openat(dir int, name []byte, flags int) (int, error) {
	for {
		file, _, e := unix.Syscall6(unix.SYS_OPENAT, uintptr(dir), uintptr(unsafe.Pointer(&name[0])),
			uintptr(flags|unix.O_CLOEXEC), 0, 0, 0)
		if e == 0 {
			return int(file), nil
		}
		if e != unix.EINTR {
			return 0, e
		}
	}
}

func untilNUL(b []byte) []byte {
	for i, c := range b {
		if c == 0 {
			return b[:i]
		}
	}
	return b
}

// parsePID reads the name of a process's directory. Everything else that stands in a procfs has another form.
func parsePID(name []byte) (int32, bool) {
	n, rest := cutUint(name)
	if len(rest) > 0 || len(name) == 0 || name[0] == '0' || n > 1<<31-1 {
		return 0, false
	}
	return int32(n), true
}
