package exporter

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
)

// listen takes a. It does not wait: the host is resolved already.
func (s *Servers) listen(a address) (net.Listener, error) {
	switch a.network {
	case unixNetwork:
		return listenUnix(a.path)
	case vsockNetwork:
		return vsock.Listen(a.port, nil)
	case systemdNetwork:
		return net.FileListener(s.activated.all()[a.port])
	}
	return net.Listen("tcp", a.String())
}

// activatedSockets are those that systemd passed to the process. They stay open as long as it runs, so that they can
// be listened on again.
type activatedSockets struct {
	once  sync.Once
	files []*os.File
}

func (s *activatedSockets) all() []*os.File {
	s.once.Do(func() { s.files = activation.Files(true) })
	return s.files
}

// named are the addresses of those with this name, or of all of them for none. One socket has one address, whichever
// way it was asked for.
func (s *activatedSockets) named(name string) (named []address) {
	for i, f := range s.all() {
		if name == "" || f.Name() == name {
			named = append(named, address{network: systemdNetwork, port: uint32(i), path: f.Name()})
		}
	}
	return named
}

var errNotActivated = errors.New("systemd passed no such socket to this process")

// expand gives each of the sockets that an address of systemd stands for an address of its own.
func (s *Servers) expand(wanted []address) ([]address, error) {
	var all []address
	for _, a := range wanted {
		if a.network != systemdNetwork {
			all = append(all, a)
			continue
		}
		named := s.activated.named(a.path)
		if len(named) == 0 {
			return nil, listenError(a, errNotActivated, "")
		}
		for _, one := range named {
			if !slices.Contains(all, one) {
				all = append(all, one)
			}
		}
	}
	return all, nil
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
			_ = os.Remove(l.path) // what stays is a stale socket, which the next one removes
		}
	})
	return l.UnixListener.Close()
}

var errNotSocket = errors.New("there is a file that is no socket")

// removeStale removes the socket that a process which ended without closing it left at path. Nothing else is removed:
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
