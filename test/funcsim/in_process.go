package funcsim

import (
	"context"
	"log"
	"net"
	"net/http"
	"net/url"
	"sync"
)

// startInProcess serves handler with an HTTP server in memory, so that it sees the
// same protocol as a handler in a process: framing, sniffed types, broken
// connections.
func startInProcess(handler http.Handler, sink *journal) *worker {
	ln := newMemoryListener("127.0.0.1:8080")
	stderr := &lineWriter{line: func(s string) { sink.add(LevelError, FromStderr, s) }}
	ctx, cancel := context.WithCancel(context.Background())
	server := &http.Server{
		Handler:     handler,
		ErrorLog:    log.New(stderr, "", 0), // writes a line at a time
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	w := &worker{
		base:      &url.URL{Scheme: "http", Host: ln.addr.String()},
		transport: &http.Transport{DisableCompression: true, DialContext: ln.dial},
		exited:    make(chan struct{}),
		code:      killedCode,
	}
	w.end = sync.OnceFunc(func() {
		_ = server.Close() // closes ln and every connection; the errors do not matter
		cancel()           // only after Close, so that no answer to it is sent
		w.transport.CloseIdleConnections()
		close(w.exited)
	})
	go func() { _ = server.Serve(ln) }() // ErrServerClosed
	return w
}

// memoryListener accepts connections made by its dial, without a socket. Its
// addresses look like loopback, because handlers may parse them.
type memoryListener struct {
	addr   *net.TCPAddr
	conns  chan net.Conn
	closed chan struct{}
	close  func()
}

func newMemoryListener(addr string) *memoryListener {
	a, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		panic(err) // addr is a constant of this package
	}
	l := &memoryListener{addr: a, conns: make(chan net.Conn), closed: make(chan struct{})}
	l.close = sync.OnceFunc(func() { close(l.closed) })
	return l
}

func (l *memoryListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *memoryListener) Close() error { l.close(); return nil }

func (l *memoryListener) Addr() net.Addr { return l.addr }

// dial returns a connection to l. It implements http.Transport.DialContext.
func (l *memoryListener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l.conns <- memoryConn{server, l.addr}:
		return memoryConn{client, l.addr}, nil
	case <-l.closed:
		return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: l.addr, Err: net.ErrClosed}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

type memoryConn struct {
	net.Conn
	addr net.Addr
}

func (c memoryConn) LocalAddr() net.Addr  { return c.addr }
func (c memoryConn) RemoteAddr() net.Addr { return c.addr }
