package listen

import (
	"net"
	"net/http"
	"net/netip"
	"time"
)

// A conn is a connection of a Listener.
type conn struct {
	net.Conn
	listener *Listener
	client   netip.Addr
	state    http.ConnState // guarded by listener.mu
	since    time.Time      // guarded by listener.mu
}

// isActive reports whether the connection serves a request, which it does from the moment net/http has read the header.
// The caller holds listener.mu.
func (c *conn) isActive() bool { return c.state != http.StateNew && c.state != http.StateIdle }

// CloseWrite closes the sending side. net/http calls it after it answered a request that it has not read completely,
// because closing the connection at once could destroy the answer.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// Close closes the connection and removes it from those that the limits count.
func (c *conn) Close() error {
	c.listener.mu.Lock()
	c.listener.remove(c)
	c.listener.mu.Unlock()
	return c.Conn.Close()
}
