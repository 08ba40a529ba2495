package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/promexporter/promexporter/internal/ansi"
	"github.com/promexporter/promexporter/receiver"
)

type listenFlags struct {
	rulesFlags
	tcp, forward string
	output       string
	limit        int
	tag          string
	keyFile      string
	usersFile    string
	cert, key    string
	clientCA     string
}

// The addresses of listen: those of Fluent Bit's documents.
const (
	tcpAddress     = "127.0.0.1:5170"
	forwardAddress = "127.0.0.1:24224"
)

func (a *app) listenCommand() *cobra.Command {
	var f listenFlags
	c := &cobra.Command{
		Use:   "listen",
		Short: "Print what agents send, or try rules on it",
		Long: `listen receives events from agents: from Fluent Bit's output tcp with format msgpack or json_lines, and from the output
forward. It prints them, or what rules make of them.`,
		Example: "  promexporter listen\n  fluent-bit -i cpu -o tcp://127.0.0.1:5170 -p format=msgpack",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if !c.Flags().Changed("output") && !isTerminal(a.out) {
				f.output = "json"
			}
			if err := oneOf("-o", f.output, "pretty", "json", "raw", "explain", "page", "msgpack"); err != nil {
				return err
			}
			if (f.file != "" || f.conf != "") && f.output != "explain" && f.output != "page" {
				return fmt.Errorf("--rules and --config have no effect with -o %s; write -o explain or -o page", f.output)
			}
			if f.tcp == "" && f.forward == "" {
				f.tcp, f.forward = tcpAddress, forwardAddress
			}
			return a.listen(c.Context(), &f)
		},
	}
	f.rulesFlags.define(c.Flags())
	flags := c.Flags()
	flags.StringVar(&f.tcp, "tcp", "", "take the output tcp on this `address`; "+tcpAddress+" if neither is given")
	flags.StringVar(&f.forward, "forward", "", "take the output forward on this `address`; "+forwardAddress+" if neither is given")
	flags.StringVarP(&f.output, "output", "o", "pretty", "pretty, the default on a terminal; json; raw, as Python prints msgpack; "+
		"explain; page; or msgpack, a sample for eval")
	flags.IntVar(&f.limit, "limit", 0, "end after so many events; 0 for no limit")
	flags.StringVarP(&f.tag, "tag", "t", "", "the `tag` of events over tcp, which carries none")
	flags.StringVar(&f.keyFile, "shared-key-file", "", "`file` with the key that clients of forward have to know")
	flags.StringVar(&f.usersFile, "users-file", "", "`file` with name:password in each line, of which clients of forward have to know one")
	flags.StringVar(&f.cert, "tls-cert", "", "`file` with the certificate of the receiver")
	flags.StringVar(&f.key, "tls-key", "", "`file` with its key")
	flags.StringVar(&f.clientCA, "tls-client-ca", "", "`file` with the authorities of clients, which then need a certificate")
	return c
}

func (a *app) listen(ctx context.Context, f *listenFlags) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w, err := a.newListenWriter(f, cancel)
	if err != nil {
		return err
	}
	defer w.close()
	o, err := f.options()
	if err != nil {
		return err
	}
	o.Tag, o.Emit = w.tag, w.emit
	o.Note = func(from string, err error) { a.note("%s %s: %v", a.palette(a.err).Yellow("warning:"), from, err) }
	r := receiver.New(o)
	servers := []struct {
		name, address string
		serve         func(context.Context, net.Listener) error
	}{{"tcp", f.tcp, r.ServeTCP}, {"forward", f.forward, r.ServeForward}}
	var serving sync.WaitGroup
	for _, s := range servers {
		if s.address == "" {
			continue
		}
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", s.address)
		if err != nil {
			return fmt.Errorf("--%s %s: %w; write another address, such as 127.0.0.1:5171", s.name, s.address, listenCause(err))
		}
		a.noteListening(s.name, l.Addr(), &o)
		serving.Go(func() {
			if err := s.serve(ctx, l); err != nil {
				o.Note(s.address, err)
			}
		})
	}
	w.redraw(ctx)
	serving.Wait()
	return w.end()
}

// listenCause returns err without the address, which the caller adds.
func listenCause(err error) error {
	if at, ok := errors.AsType[*net.OpError](err); ok {
		err = at.Err
	}
	if at, ok := errors.AsType[*os.SyscallError](err); ok {
		err = at.Err
	}
	return err
}

func (a *app) noteListening(name string, at net.Addr, o *receiver.Options) {
	a.note("listening for %s on %s", name, at)
	tcp, ok := at.(*net.TCPAddr)
	open := o.SharedKey == "" && len(o.Users) == 0 || name != "forward"
	if ok && !tcp.IP.IsLoopback() && open && (o.TLS == nil || o.TLS.ClientCAs == nil) {
		a.note("%s every client that reaches %s may send events; use --shared-key-file, --users-file or --tls-client-ca",
			a.palette(a.err).Yellow("warning:"), at)
	}
}

// pageInterval is how often a live page is drawn.
const pageInterval = time.Second

// redraw draws the live page until ctx ends.
func (w *listenWriter) redraw(ctx context.Context) {
	for w.flags.output == "page" {
		select {
		case <-ctx.Done():
			return
		case <-time.After(pageInterval):
		}
		w.mu.Lock()
		if w.live {
			w.failed = errors.Join(w.failed, w.draw(ctx))
		}
		w.mu.Unlock()
	}
	<-ctx.Done()
}

// draw replaces what the terminal shows by the page.
func (w *listenWriter) draw(ctx context.Context) error {
	var page bytes.Buffer
	if err := w.trial.WritePage(ctx, &page, false); err != nil {
		return err
	}
	shown := []byte("\x1b[H\x1b[2J")
	for line := range strings.Lines(page.String()) {
		shown = append(append(shown, ansi.Printable(strings.TrimSuffix(line, "\n"))...), '\n')
	}
	_, err := w.out.Write(shown)
	return err
}
