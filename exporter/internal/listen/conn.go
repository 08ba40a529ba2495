package listen

import (
	"net"
	"net/http"
	"net/netip"
	"time"
)

// A conn counts until it is closed.
type conn struct {
	net.Conn
	listener *Listener
	client   netip.Addr
	state    http.ConnState // guarded by listener.mu
	since    time.Time      // guarded by listener.mu
}

// isActive reports whether a request is being answered, which net/http says once it has read the header. The caller holds
// listener.mu.
func (c *conn) isActive() bool { return c.state != http.StateNew && c.state != http.StateIdle }

// CloseWrite ends what c sends. net/http calls it after an answer to a request that it has not read to the end: if c
// were closed at once, the client might lose the answer.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// Close closes the connection, which then no longer counts.
func (c *conn) Close() error {
	c.listener.mu.Lock()
	c.listener.remove(c)
	c.listener.mu.Unlock()
	return c.Conn.Close()
}
