package e2e

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// crowd is a number of clients: some scrape correctly, the others slowly, or send invalid requests.
type crowd struct {
	address                  string
	ctx                      context.Context
	stop                     context.CancelFunc
	all                      sync.WaitGroup
	ok, busy, failed, broken atomic.Int64
	mu                       sync.Mutex
	last                     error // of those that failed or were refused; under mu
}

// newCrowd starts two scrapers for each section, and as many clients that disturb the server.
func newCrowd(address string) *crowd {
	c := &crowd{address: address}
	c.ctx, c.stop = context.WithCancel(context.Background())
	for _, path := range []string{"/one", "/two"} {
		for range 2 {
			c.all.Go(func() { c.scrapeAgain(path) })
		}
	}
	for _, disturb := range []func(net.Conn){
		readSlowly,
		func(n net.Conn) {
			_, _ = io.WriteString(n, "GET /one HTTP/1.1\r\nHost: x\r\nX-Never: ")
			awaitClose(n, 5*time.Second)
		},
		func(n net.Conn) { _, _ = n.Write(noise()) },
		func(n net.Conn) { _, _ = io.WriteString(n, "GET /two HTTP/1.1\r\nHost: x\r\n\r\n") }, // and leaves
		func(n net.Conn) { awaitClose(n, 3*time.Second) },
	} {
		for range 4 {
			c.all.Go(func() { c.disturbAgain(disturb) })
		}
	}
	return c
}

// leave stops all clients.
func (c *crowd) leave() {
	c.stop()
	c.all.Wait()
}

func (c *crowd) report(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = err
}

func (c *crowd) lastError() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last
}

// scrapeAgain scrapes repeatedly, as a Prometheus with a short interval.
func (c *crowd) scrapeAgain(path string) {
	client := http.Client{Timeout: patience, Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for c.ctx.Err() == nil {
		var body []byte
		response, err := client.Get("http://" + c.address + path)
		if err == nil {
			body, err = io.ReadAll(response.Body)
			response.Body.Close()
		}
		switch {
		case err == nil && response.StatusCode == http.StatusOK:
			c.ok.Add(1)
		case err == nil && response.StatusCode == http.StatusServiceUnavailable:
			c.busy.Add(1)
			c.report(fmt.Errorf("%s: %s: %s", path, response.Status, body))
		default:
			c.failed.Add(1)
			c.report(fmt.Errorf("%s: %v, %v", path, response, err))
		}
		time.Sleep(20 * time.Millisecond) // the agent has work to do
	}
}

// disturbAgain connects repeatedly, and sends what a scraper would not send.
func (c *crowd) disturbAgain(disturb func(net.Conn)) {
	// From a different address, because the connections of one client are limited.
	from := &net.Dialer{Timeout: time.Second, LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	for c.ctx.Err() == nil {
		n, err := from.Dial("tcp", c.address)
		if err != nil {
			time.Sleep(10 * time.Millisecond) // it does not have to succeed
			continue
		}
		stay := context.AfterFunc(c.ctx, func() { n.Close() })
		disturb(n)
		stay()
		n.Close()
		c.broken.Add(1)
		time.Sleep(50 * time.Millisecond)
	}
}

// readSlowly reads the page one byte at a time, until the server closes the connection.
func readSlowly(n net.Conn) {
	_ = n.(*net.TCPConn).SetReadBuffer(1)
	_, _ = io.WriteString(n, "GET /one HTTP/1.1\r\nHost: x\r\n\r\n")
	for range 50 {
		if _, err := n.Read(make([]byte, 1)); err != nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// awaitClose waits for the server to close the connection.
func awaitClose(n net.Conn, most time.Duration) {
	_ = n.SetReadDeadline(time.Now().Add(most))
	_, _ = n.Read(make([]byte, 1))
}

func noise() []byte {
	b := make([]byte, 100+rand.IntN(2000))
	for i := range b {
		b[i] = byte(rand.Uint32())
	}
	return b
}
