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

// Sockets listens on addresses. It keeps the sockets that systemd passed to the process open until the process ends, so
// that it can listen on them again. The zero value is ready to use. It is safe for concurrent use.
type Sockets struct {
	once      sync.Once
	activated []*os.File
}

func (s *Sockets) files() []*os.File {
	s.once.Do(func() { s.activated = activation.Files(true) })
	return s.activated
}

var errNotActivated = errors.New("systemd passed no such socket to this process")

// Expand replaces each systemd address by the addresses of the matching sockets that systemd passed. Each socket has
// one address.
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

// named returns the addresses of the activated sockets with this name, or of all of them if name is empty.
func (s *Sockets) named(name string) (named []Addr) {
	for i, f := range s.files() {
		if name == "" || f.Name() == name {
			named = append(named, Addr{network: address.Systemd, port: uint32(i), path: f.Name()})
		}
	}
	return named
}

// Listen listens on an address that Expand returned. It does not block.
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

// A unixListener removes its socket file when it is closed, unless another file has replaced it.
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

// Close removes the file before it closes l, because as long as l listens, no other process takes the file for a stale
// socket and replaces it.
func (l *unixListener) Close() error {
	l.once.Do(func() {
		if now, err := os.Lstat(l.path); err == nil && os.SameFile(now, l.made) {
			_ = os.Remove(l.path) // otherwise the next listener removes the stale socket
		}
	})
	return l.UnixListener.Close()
}

var errNotSocket = errors.New("a file that is not a socket already exists at this path")

// removeStale removes a stale socket: one that a process left at path when it ended. It removes neither another kind of
// file nor a socket on which a process listens, or may listen.
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
		_ = c.Close() // it only tested whether a process listens
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
