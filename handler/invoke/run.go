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

// drainTimeout bounds how long Run waits for what is under way after a signal. The host itself gives no
// notice and no time; a signal comes from a terminal or a supervisor, which commonly waits 10 s.
const drainTimeout = 8 * time.Second

// Exit codes of Run. It never returns 0: after that the host would keep running with no handler behind it.
const (
	exitFatal     = 1
	exitInterrupt = 128 + int(syscall.SIGINT)
	exitTerminate = 128 + int(syscall.SIGTERM)
)

// Listen opens the port on which the host expects us. It speaks IPv4 on the loopback address only.
func Listen(port string) (net.Listener, error) {
	return net.Listen("tcp4", net.JoinHostPort("127.0.0.1", port))
}

// Build makes the functions and everything they need. It may take its time.
type Build func(ctx context.Context) ([]Route, error)

// Run is the life of the process: it serves l at once, lets build make the functions meanwhile, and installs
// them. It returns the code to exit with: 130 after SIGINT and 143 after SIGTERM, with a nil error and what
// was under way finished, or else 1 and the reason: build failed, l failed, or ctx ended. Build's context
// ends when Run returns.
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
		IdleTimeout:       5 * time.Minute, // longer than the host's own, so that it is the one to close
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

// Go runs f in a goroutine that Run waits for before it returns, and that survives a panic of f. F's context
// has the values of ctx (its logger), but neither its deadline nor its end. It is called by a function while
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

// drain stops listening and waits for the requests under way, then for the goroutines they left.
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

// serverLog takes what http.Server has to say of bad connections, which would else go to stderr as it is.
type serverLog struct{ log zerolog.Logger }

func (l serverLog) Write(p []byte) (int, error) {
	l.log.Warn().Err(errors.New(strings.TrimSpace(string(p)))).Msg("connection failed")
	return len(p), nil
}
