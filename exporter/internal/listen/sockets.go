package listen

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
	"github.com/mdlayher/vsock"

	"github.com/promexporter/promexporter/internal/address"
)

// Sockets listens on addresses. It keeps the sockets that systemd passed to the process open as long as that runs, so
// that they can be listened on again. The zero value is ready; it is safe for concurrent use.
type Sockets struct {
	once      sync.Once
	activated []*os.File
}

func (s *Sockets) files() []*os.File {
	s.once.Do(func() { s.activated = activation.Files(true) })
	return s.activated
}

var errNotActivated = errors.New("systemd passed no such socket to this process")

// Expand replaces addresses of systemd by those of the sockets that it passed. One socket has one address, however it
// was asked for.
func (s *Sockets) Expand(wanted []Addr) ([]Addr, error) {
	var all []Addr
	for _, a := range wanted {
		if a.network != address.Systemd {
			all = append(all, a)
			continue
		}
		named := s.named(a.path)
		if len(named) == 0 {
			return nil, Error(a, errNotActivated, "")
		}
		for _, one := range named {
			if !slices.Contains(all, one) {
				all = append(all, one)
			}
		}
	}
	return all, nil
}

// named returns the addresses of the activated sockets with this name, or of all of them when it is empty.
func (s *Sockets) named(name string) (named []Addr) {
	for i, f := range s.files() {
		if name == "" || f.Name() == name {
			named = append(named, Addr{network: address.Systemd, port: uint32(i), path: f.Name()})
		}
	}
	return named
}

// Listen listens on a, which Expand returned. It does not wait.
func (s *Sockets) Listen(a Addr) (net.Listener, error) {
	switch a.network {
	case address.Unix:
		return listenUnix(a.path)
	case address.Vsock:
		return vsock.Listen(a.port, nil)
	case address.Systemd:
		return net.FileListener(s.files()[a.port])
	}
	return net.Listen("tcp", a.String())
}

// A unixListener removes its socket file when it is closed, unless another file has taken its place.
type unixListener struct {
	*net.UnixListener
	path string
	made fs.FileInfo
	once sync.Once
}

func listenUnix(path string) (net.Listener, error) {
	if err := removeStale(path); err != nil {
		return nil, err
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Net: "unix", Name: path})
	if err != nil {
		return nil, err
	}
	l.SetUnlinkOnClose(false)
	made, err := os.Lstat(path)
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return &unixListener{UnixListener: l, path: path, made: made}, nil
}

// Close removes the file first: as long as l listens, nobody takes it for a stale one and puts another in its place.
func (l *unixListener) Close() error {
	l.once.Do(func() {
		if now, err := os.Lstat(l.path); err == nil && os.SameFile(now, l.made) {
			_ = os.Remove(l.path) // what remains is a stale socket, which the next one removes
		}
	})
	return l.UnixListener.Close()
}

var errNotSocket = errors.New("a file that is not a socket already exists at this path")

// removeStale removes the socket that a process which ended without closing it left at path. It removes nothing else:
// neither another kind of file, nor a socket that somebody listens on, or that may be one.
func removeStale(path string) error {
	before, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case before.Mode().Type() != fs.ModeSocket:
		return errNotSocket
	}
	c, err := net.DialTimeout("unix", path, time.Second)
	switch {
	case err == nil:
		_ = c.Close() // it only asked whether somebody is there
		return syscall.EADDRINUSE
	case errors.Is(err, syscall.EAGAIN): // its queue is full
		return syscall.EADDRINUSE
	case !errors.Is(err, syscall.ECONNREFUSED):
		return err
	}
	if after, err := os.Lstat(path); err != nil || !os.SameFile(before, after) {
		return syscall.EADDRINUSE
	}
	return os.Remove(path)
}
