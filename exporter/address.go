package exporter

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"syscall"
)

// An address is where a server listens, with its host resolved. Two addresses are equal when they are the same
// socket to the kernel: ":8989" equals "[::]:8989", and "localhost:8989" equals "127.0.0.1:8989", but
// "0.0.0.0:8989" is a different one, because it leaves out IPv6. The zero host means all interfaces.
type address struct {
	host netip.Addr
	port uint16
}

// resolve reads text, which is "host:port". A host name becomes its first IPv4 address, or else its first address.
func resolve(ctx context.Context, text string) (address, error) {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return address{}, badAddress(text, "is not host:port")
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return address{}, badAddress(text, fmt.Sprintf("port %q is not a number from 0 to 65535", port))
	}
	a := address{port: uint16(number)}
	if host == "" {
		return a, nil
	}
	a.host, err = lookUp(ctx, host)
	if err != nil {
		return address{}, badAddress(text, err.Error())
	}
	return a, nil
}

func badAddress(text, wrong string) error {
	return fmt.Errorf("listen_address %q: %s; write host:port, such as \":8989\" or \"127.0.0.1:8989\"", text, wrong)
}

func lookUp(ctx context.Context, host string) (netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return allInterfaces(a), nil
	}
	ctx, cancel := context.WithTimeout(ctx, resolveTimeout)
	defer cancel()
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return netip.Addr{}, err
	}
	for _, a := range found {
		if a.Unmap().Is4() {
			return a.Unmap(), nil
		}
	}
	if len(found) == 0 {
		return netip.Addr{}, fmt.Errorf("host %q has no address", host)
	}
	return found[0], nil
}

// allInterfaces gives "::" as the zero host: Go listens on IPv4 and IPv6 for both.
func allInterfaces(a netip.Addr) netip.Addr {
	if a = a.Unmap(); a == netip.IPv6Unspecified() {
		return netip.Addr{}
	}
	return a
}

// bound is a with the port that l got.
func (a address) bound(l net.Listener) address {
	if tcp, ok := l.Addr().(*net.TCPAddr); ok {
		a.port = tcp.AddrPort().Port()
	}
	return a
}

// String is a as a listen address: the form that net.Listen takes.
func (a address) String() string {
	host := ""
	if a.host.IsValid() {
		host = a.host.String()
	}
	return net.JoinHostPort(host, strconv.Itoa(int(a.port)))
}

// listen takes a. It does not wait: the host is resolved already.
func (a address) listen() (net.Listener, error) {
	return net.Listen("tcp", a.String())
}

// listenError says what is wrong with listening on a, and what would be right. neighbour, if not empty, names an
// endpoint of this process that uses the same port.
func listenError(a address, cause error, neighbour string) error {
	reason := error(cause)
	var errno syscall.Errno
	if errors.As(cause, &errno) {
		reason = errno
	}
	return fmt.Errorf("listen on %s (listen_address): %w; %s", a, reason, listenAdvice(errno, neighbour))
}

func listenAdvice(errno syscall.Errno, neighbour string) string {
	switch {
	case errno == syscall.EADDRINUSE && neighbour != "":
		return neighbour + " in this process has the port; write the same listen_address in both to share it"
	case errno == syscall.EADDRINUSE:
		return "another process has the port; stop it, or choose a free port"
	case errno == syscall.EACCES:
		return "ports below 1024 need a privilege; choose a higher one"
	case errno == syscall.EADDRNOTAVAIL:
		return "this machine has no such address; leave out the host to listen on all interfaces"
	}
	return "choose an address of this machine and a free port"
}
