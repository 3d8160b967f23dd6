package invoke

import (
	"context"
	"errors"
	"fmt"
	stdlog "log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/rs/zerolog"
)

// drainTimeout is the longest time that Run waits for invocations after a signal. The host itself kills
// without a signal; a signal comes from a terminal or a supervisor, which commonly waits 10 s.
const drainTimeout = 8 * time.Second

// Exit codes of Run. It never returns 0: after that the host would keep running with no handler behind it.
const (
	exitFatal     = 1
	exitInterrupt = 128 + int(syscall.SIGINT)
	exitTerminate = 128 + int(syscall.SIGTERM)
)

// Listen opens the port to which the host sends requests, on the IPv4 loopback address only.
func Listen(port string) (net.Listener, error) {
	return net.Listen("tcp4", net.JoinHostPort("127.0.0.1", port))
}

// Build makes the functions and everything they need. It may be slow.
type Build func(ctx context.Context) ([]Route, error)

// Run serves l until the process is to end. It serves at once; meanwhile build makes the functions, which
// Run then installs. It returns the code to exit with: 130 after SIGINT and 143 after SIGTERM, with a nil
// error if all invocations have finished; otherwise 1 and the reason: build failed, l failed, or ctx ended.
// Build's context ends when Run returns.
//
// A second signal ends the process at once.
func (s *Server) Run(ctx context.Context, l net.Listener, build Build) (code int, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)

	server := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       5 * time.Minute, // longer than the host's, so that the host closes connections
		ErrorLog:          stdlog.New(serverLog{s.log}, "", 0),
	}
	fatal := make(chan error, 2)
	go func() { fatal <- fmt.Errorf("serve: %w", server.Serve(l)) }()
	go func() {
		routes, err := build(ctx)
		if err != nil {
			fatal <- err
			return
		}
		s.Handle(routes)
	}()

	code = exitFatal
	select {
	case err = <-fatal:
	case <-ctx.Done():
		err = context.Cause(ctx)
	case sig := <-signals:
		signal.Stop(signals)
		code = exitInterrupt
		if sig == syscall.SIGTERM {
			code = exitTerminate
		}
	}
	if drained := s.drain(server); drained != nil {
		err = errors.Join(err, fmt.Errorf("drain: %w", drained))
	}
	return code, err
}

// Go runs f in a goroutine for which Run waits before it returns. A panic of f is logged. The context of f
// has the values of ctx (its logger), but not its deadline or cancellation. Go is called by a function while
// it handles an invocation, or by such an f.
func (s *Server) Go(ctx context.Context, f func(ctx context.Context)) {
	ctx = context.WithoutCancel(ctx)
	s.running.Go(func() {
		defer func() {
			if v := recover(); v != nil {
				failed(zerolog.Ctx(ctx), newPanic(v)).Msg("background work failed")
			}
		}()
		f(ctx)
	})
}

// drain stops listening and waits for the requests in flight, then for the goroutines that Go started.
func (s *Server) drain(server *http.Server) error {
	close(s.closing)
	ctx, cancel := context.WithTimeout(context.Background(), drainTimeout)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		return err
	}
	done := make(chan struct{})
	go func() {
		s.running.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// serverLog logs the messages of http.Server about bad connections, which would otherwise go to stderr.
type serverLog struct{ log zerolog.Logger }

func (l serverLog) Write(p []byte) (int, error) {
	l.log.Warn().Err(errors.New(strings.TrimSpace(string(p)))).Msg("connection failed")
	return len(p), nil
}
