package exporter

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

type network int

const (
	tcpNetwork network = iota
	unixNetwork
	vsockNetwork
	systemdNetwork
)

// schemes are what addresses other than host:port start with.
var schemes = map[network]string{unixNetwork: "unix://", vsockNetwork: "vsock://", systemdNetwork: "systemd://"}

// An address is where a server listens, with its host resolved. Two addresses are equal when they are the same
// socket to the kernel: ":8989" equals "[::]:8989", and "localhost:8989" equals "127.0.0.1:8989", but
// "0.0.0.0:8989" is a different one, because it leaves out IPv6. The zero host means all interfaces.
type address struct {
	network network
	host    netip.Addr // of TCP
	port    uint32     // of TCP and vsock; which of all activated sockets, from 0, of systemd
	path    string     // the file of a Unix socket; the name of an activated one, or empty while that may be any
}

// resolveAll reads text, which is one address or several with commas in between. Those of systemd are not yet told
// apart.
func resolveAll(ctx context.Context, text string) ([]address, error) {
	var all []address
	for part := range strings.SplitSeq(text, ",") {
		a, err := resolve(ctx, strings.TrimSpace(part))
		if err != nil {
			return nil, err
		}
		if slices.Contains(all, a) && !a.isAny() {
			return nil, fmt.Errorf("listen_address %q: %s stands there twice; write it once", text, a)
		}
		for _, other := range all {
			if a.covers(other) || other.covers(a) {
				return nil, fmt.Errorf("listen_address %q: %s and %s overlap; leave out one of them", text, other, a)
			}
		}
		all = append(all, a)
	}
	return all, nil
}

// covers says whether a is all interfaces, and b one of them with the same port.
func (a address) covers(b address) bool {
	if a.network != tcpNetwork || b.network != tcpNetwork || a.port != b.port || a.port == 0 || a == b {
		return false
	}
	return !a.host.IsValid() || a.host == netip.IPv4Unspecified() && b.host.Is4()
}

// isAny says whether a stands for any free port.
func (a address) isAny() bool { return a.network == tcpNetwork && a.port == 0 }

// resolve reads one address. A host name becomes its first IPv4 address, or else its first address.
func resolve(ctx context.Context, text string) (address, error) {
	for network, scheme := range schemes {
		if rest, ok := strings.CutPrefix(text, scheme); ok {
			return resolveOther(text, network, rest)
		}
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return address{}, badAddress(text, "is not host:port")
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return address{}, badAddress(text, fmt.Sprintf("port %q is not a number from 0 to 65535", port))
	}
	a := address{port: uint32(number)}
	if host == "" {
		return a, nil
	}
	a.host, err = lookUp(ctx, host)
	if err != nil {
		return address{}, badAddress(text, err.Error())
	}
	return a, nil
}

// resolveOther reads what stands behind a scheme.
func resolveOther(text string, n network, rest string) (address, error) {
	a := address{network: n, path: rest}
	wrong := ""
	switch {
	case n == unixNetwork && !strings.HasPrefix(rest, "/"):
		wrong = "write the full path of the socket, such as unix:///run/promexporter.sock"
	case n == unixNetwork && (len(rest) > maxUnixPath || strings.ContainsRune(rest, 0)):
		wrong = fmt.Sprintf("write a path of at most %d bytes", maxUnixPath)
	case n == systemdNetwork && strings.ContainsAny(rest, "/:"):
		wrong = "write systemd://, or systemd://NAME with the FileDescriptorName of the socket unit"
	case n == vsockNetwork:
		host, port, err := net.SplitHostPort(rest)
		number, wrongNumber := strconv.ParseUint(port, 10, 32)
		if err != nil || wrongNumber != nil || host != "" || number == 0 {
			wrong = "write the port alone, such as vsock://:8989"
		}
		a = address{network: n, port: uint32(number)}
	}
	if wrong != "" {
		return address{}, fmt.Errorf("listen_address %q: %s", text, wrong)
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

// withPort is a with the port that l got.
func (a address) withPort(l net.Listener) address {
	if tcp, ok := l.Addr().(*net.TCPAddr); ok && a.network == tcpNetwork {
		a.port = uint32(tcp.AddrPort().Port())
	}
	return a
}

// String is a as a listen address.
func (a address) String() string {
	switch a.network {
	case unixNetwork:
		return schemes[a.network] + a.path
	case vsockNetwork:
		return fmt.Sprintf("%s:%d", schemes[a.network], a.port)
	case systemdNetwork:
		return schemes[a.network] + a.path
	}
	host := ""
	if a.host.IsValid() {
		host = a.host.String()
	}
	return net.JoinHostPort(host, strconv.Itoa(int(a.port)))
}

// isLocal says whether a is reached from this machine only.
func isLocal(a net.Addr) bool {
	if tcp, ok := a.(*net.TCPAddr); ok {
		return tcp.IP.IsLoopback()
	}
	return a.Network() == "unix"
}

// wanted is a as an address that nobody listens on yet.
func (a address) wanted() net.Addr {
	switch a.network {
	case tcpNetwork:
		return net.TCPAddrFromAddrPort(netip.AddrPortFrom(a.host, uint16(a.port)))
	case unixNetwork:
		return &net.UnixAddr{Net: "unix", Name: a.path}
	}
	return otherAddr{a}
}

// otherAddr is an address of a network that package net does not know.
type otherAddr struct{ address }

func (a otherAddr) Network() string { return strings.TrimSuffix(schemes[a.network], "://") }

// listenError says what is wrong with listening on a, and what would be right. neighbour, if not empty, names an
// endpoint of this process that uses the same port.
func listenError(a address, cause error, neighbour string) error {
	reason := error(cause)
	var errno syscall.Errno
	if errors.As(cause, &errno) {
		reason = errno
	}
	return fmt.Errorf("listen on %s (listen_address): %w; %s", a, reason, listenAdvice(a.network, errno, neighbour))
}

func listenAdvice(n network, errno syscall.Errno, neighbour string) string {
	switch {
	case n == systemdNetwork:
		return "write the socket unit that activates Fluent Bit, or listen on host:port"
	case n == vsockNetwork:
		return "choose a free port, in a virtual machine with such a socket"
	case n == unixNetwork && errno == syscall.EADDRINUSE:
		return "another process listens there; stop it, or choose another path"
	case n == unixNetwork:
		return "choose a path in a folder that this process may write to, where nothing but an old socket is in the way"
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
