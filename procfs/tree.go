package procfs

import (
	"encoding/binary"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// tree is an open procfs. It is read by bare system calls into buffers of its own, since the os package allocates for
// every file. It is for one goroutine, which ends in a call of read, readEnds, link or length if its turn was taken.
type tree struct {
	root   int
	counts bool // stat of a directory fd returns its length without a read, as the kernel's own does since 6.2
	buf    []byte
	name   []byte
	turn   turn
	file   string // the last one that was read, for the log
}

// The files of a process. System calls want the NUL.
const (
	fileStat    = "stat\x00"
	fileStatm   = "statm\x00"
	fileIO      = "io\x00"
	fileFD      = "fd\x00"
	fileCmdline = "cmdline\x00"
	fileExe     = "exe\x00"
	fileCgroup  = "cgroup\x00"
	fileStatus  = "status\x00"
	fileRollup  = "smaps_rollup\x00"
)

const (
	// bufferSize holds a stat or io file several times over and 100 directory entries or so.
	bufferSize = 4096
	// longBufferSize also holds the status file of a process in 8,000 groups.
	longBufferSize = 64 << 10
	direntName     = 19 // offset of a name in struct linux_dirent64
	direntSize     = 16 // offset of its size, 16 bits
)

// openTree opens a procfs for reads of up to size bytes.
func openTree(path string, size int) (*tree, error) {
	root, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	t := newTree(root, size)
	var fs unix.Statfs_t
	if unix.Fstatfs(root, &fs) == nil && fs.Type == unix.PROC_SUPER_MAGIC { // and not a copy on some disk
		n, err := t.size(root, "self/fd\x00")
		t.counts = err == nil && n > 0 // this process has files open
	}
	return t, nil
}

func newTree(root, size int) *tree {
	return &tree{root: root, buf: make([]byte, size), name: make([]byte, 0, 32)}
}

// fork returns the same procfs for another goroutine.
func (t *tree) fork() *tree {
	f := newTree(t.root, len(t.buf))
	f.counts = t.counts
	return f
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
	return openat(t.root, unsafe.String(&t.name[0], len(t.name)), unix.O_PATH|unix.O_DIRECTORY)
}

// owner returns the effective user of the process. On this directory alone it is that also when the process may not be
// looked into.
func (t *tree) owner(dir int) (uint32, error) {
	var s unix.Stat_t
	err := unix.Fstat(dir, &s)
	return s.Uid, err
}

// exists reports whether the process that dir was opened for is still there.
func (t *tree) exists(dir int) bool {
	_, err := t.size(dir, fileStat)
	return err == nil
}

func (t *tree) size(dir int, name string) (uint64, error) {
	var s unix.Statx_t
	_, _, e := unix.Syscall6(unix.SYS_STATX, uintptr(dir), uintptr(unsafe.Pointer(unsafe.StringData(name))), 0, unix.STATX_SIZE,
		uintptr(unsafe.Pointer(&s)), 0)
	if e != 0 {
		return 0, e
	}
	return s.Size, nil
}

// openat is unix.Openat without the copy of the name, which ends with a NUL.
func openat(dir int, name string, flags int) (int, error) {
	for {
		file, _, e := unix.Syscall6(unix.SYS_OPENAT, uintptr(dir), uintptr(unsafe.Pointer(unsafe.StringData(name))),
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

// parsePID reads the name of a process's directory. Everything else in a procfs has another form.
func parsePID(name []byte) (int32, bool) {
	n, rest := cutUint(name)
	if len(rest) > 0 || len(name) == 0 || name[0] == '0' || n > 1<<31-1 {
		return 0, false
	}
	return int32(n), true
}
