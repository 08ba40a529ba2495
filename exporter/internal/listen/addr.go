// Package listen opens listeners for listen addresses, and limits their connections.
package listen

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"syscall"
	"time"

	"github.com/promexporter/promexporter/internal/address"
)

// resolveTimeout bounds the lookup of a host name.
const resolveTimeout = 2 * time.Second

// An Addr is an address to listen on, with its host resolved. Two are equal if they mean the same socket to the kernel:
// ":8989" equals "[::]:8989", and "localhost:8989" equals "127.0.0.1:8989". "0.0.0.0:8989" is different, because it
// excludes IPv6.
type Addr struct {
	network address.Network
	host    netip.Addr // of TCP; zero means all interfaces
	port    uint32     // of TCP and vsock; of systemd, the index of the socket
	path    string     // the file of a Unix socket; the name of a systemd socket, or empty for all of them
}

// Resolve looks up the hosts of addresses. A name resolves to its first IPv4 address, or else to its first address.
func Resolve(ctx context.Context, all []address.Address) ([]Addr, error) {
	var resolved []Addr
	for _, one := range all {
		a, err := resolve(ctx, one)
		if err != nil {
			return nil, err
		}
		for _, other := range resolved {
			switch {
			case a == other && !a.IsAny():
				return nil, fmt.Errorf("listen_address: %s is listed twice; write it once", a)
			case a.covers(other) || other.covers(a):
				return nil, fmt.Errorf("listen_address: %s and %s overlap; leave out one of them", other, a)
			}
		}
		resolved = append(resolved, a)
	}
	return resolved, nil
}

func resolve(ctx context.Context, a address.Address) (Addr, error) {
	resolved := Addr{network: a.Network, port: a.Port, path: a.Path}
	if a.Network != address.TCP || a.Host == "" {
		return resolved, nil
	}
	var err error
	if resolved.host, err = lookUp(ctx, a.Host); err != nil {
		return Addr{}, fmt.Errorf("listen_address %s: %w; write an address of this machine, such as 127.0.0.1:8989", a, err)
	}
	return resolved, nil
}

// lookUp returns the first IPv4 address of host, or else its first address. For "::" it returns the zero Addr, because Go
// listens on IPv4 and IPv6 for both.
func lookUp(ctx context.Context, host string) (netip.Addr, error) {
	a, err := netip.ParseAddr(host)
	if err != nil {
		ctx, cancel := context.WithTimeout(ctx, resolveTimeout)
		defer cancel()
		found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host) // at least one address
		if err != nil {
			return netip.Addr{}, err
		}
		isIPv4 := func(a netip.Addr) bool { return a.Unmap().Is4() }
		a = found[max(0, slices.IndexFunc(found, isIPv4))]
	}
	if a = a.Unmap(); a == netip.IPv6Unspecified() {
		return netip.Addr{}, nil
	}
	return a, nil
}

// covers reports whether a means all interfaces, and b one of them with the same port.
func (a Addr) covers(b Addr) bool {
	isAll := !a.host.IsValid() || a.host == netip.IPv4Unspecified() && b.host.Is4()
	return isAll && a.SamePort(b) && a.port != 0
}

// IsAny reports whether a means any free port.
func (a Addr) IsAny() bool { return a.network == address.TCP && a.port == 0 }

// IsTCP reports whether a is a TCP address.
func (a Addr) IsTCP() bool { return a.network == address.TCP }

// SamePort reports whether a and b have the same TCP port, so that one may prevent listening on the other.
func (a Addr) SamePort(b Addr) bool { return a.IsTCP() && b.IsTCP() && a.port == b.port }

// WithPort returns a with the port of l.
func (a Addr) WithPort(l net.Listener) Addr {
	if tcp, ok := l.Addr().(*net.TCPAddr); ok && a.IsTCP() {
		a.port = uint32(tcp.AddrPort().Port())
	}
	return a
}

// String returns a in the syntax of listen_address.
func (a Addr) String() string {
	host := ""
	if a.host.IsValid() {
		host = a.host.String()
	}
	return address.Address{Network: a.network, Host: host, Port: a.port, Path: a.path}.String()
}

// IsLocal reports whether a can be reached only from this machine.
func IsLocal(a net.Addr) bool {
	if tcp, ok := a.(*net.TCPAddr); ok {
		return tcp.IP.IsLoopback()
	}
	return a.Network() == "unix"
}

// NetAddr returns a as a net.Addr, for an address on which there is no listener yet.
func (a Addr) NetAddr() net.Addr {
	switch a.network {
	case address.TCP:
		return net.TCPAddrFromAddrPort(netip.AddrPortFrom(a.host, uint16(a.port)))
	case address.Unix:
		return &net.UnixAddr{Net: "unix", Name: a.path}
	}
	return a
}

// Network returns the name of the network, so that an Addr is a net.Addr.
func (a Addr) Network() string {
	return [...]string{address.TCP: "tcp", address.Unix: "unix", address.Vsock: "vsock", address.Systemd: "systemd"}[a.network]
}

// Error describes a failure to listen on a, and what would be right. neighbor, if not empty, names an instance of this
// process that uses the same port.
func Error(a Addr, cause error, neighbor string) error {
	reason := cause
	var errno syscall.Errno
	if errors.As(cause, &errno) {
		reason = errno
	}
	return fmt.Errorf("listen on %s (listen_address): %w; %s", a, reason, advice(a.network, errno, neighbor))
}

func advice(n address.Network, errno syscall.Errno, neighbor string) string {
	switch {
	case n == address.Systemd:
		return "write the socket unit that activates Fluent Bit, or listen on host:port"
	case n == address.Vsock:
		return "choose a free port, in a virtual machine with such a socket"
	case n == address.Unix && errno == syscall.EADDRINUSE:
		return "another process listens there; stop it, or choose another path"
	case n == address.Unix:
		return "choose a path in a directory that this process may write to, where nothing but an old socket is in the way"
	case errno == syscall.EADDRINUSE && neighbor != "":
		return neighbor + " in this process uses the port; write the same listen_address in both to share it"
	case errno == syscall.EADDRINUSE:
		return "another process uses the port; stop it, or choose a free port"
	case errno == syscall.EACCES:
		return "ports below 1024 need a privilege; choose a higher one"
	case errno == syscall.EADDRNOTAVAIL:
		return "this machine has no such address; leave out the host to listen on all interfaces"
	}
	return "choose an address of this machine and a free port"
}
