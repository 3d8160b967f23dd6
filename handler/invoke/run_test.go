package invoke

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// TestMain lets a test run this binary again as a handler, to send it signals.
func TestMain(m *testing.M) {
	if os.Getenv("INVOKE_TEST_HANDLER") != "" {
		os.Exit(slowHandler())
	}
	os.Exit(m.Run())
}

// slowHandler runs a handler that prints its address, "begun" when an event arrives, and "finished" when the
// goroutine that the event starts ends. Both take a while.
func slowHandler() int {
	l, err := Listen("0")
	if err != nil {
		panic(err)
	}
	fmt.Println(l.Addr())
	s := New(zerolog.Nop())
	code, err := s.Run(context.Background(), l, func(context.Context) ([]Route, error) {
		return event("sweep", "timer", func(ctx context.Context, _ json.RawMessage) error {
			fmt.Println("begun")
			time.Sleep(200 * time.Millisecond)
			s.Go(ctx, func(ctx context.Context) {
				time.Sleep(200 * time.Millisecond)
				fmt.Println("finished", ctx.Err())
			})
			return nil
		}), nil
	})
	fmt.Println("ended", err)
	return code
}

func TestSignalsDrain(t *testing.T) {
	for signal, code := range map[syscall.Signal]int{syscall.SIGINT: 130, syscall.SIGTERM: 143} {
		t.Run(signal.String(), func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append(os.Environ(), "INVOKE_TEST_HANDLER=1")
			stdout, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			out := bufio.NewReader(stdout)
			address, _ := out.ReadString('\n')
			replied := make(chan error, 1)
			go func() {
				resp, err := http.Post("http://"+strings.TrimSpace(address)+"/sweep", "application/json",
					strings.NewReader(`{"Data":{"timer":{}}}`))
				if err == nil {
					resp.Body.Close()
					if resp.StatusCode != 200 {
						err = errors.New(resp.Status)
					}
				}
				replied <- err
			}()
			if line, _ := out.ReadString('\n'); line != "begun\n" {
				t.Fatalf("printed %q, want begun", line)
			}
			if err := cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			rest, _ := io.ReadAll(out)
			_ = cmd.Wait()
			if got := cmd.ProcessState.ExitCode(); got != code {
				t.Errorf("exit code = %d, want %d", got, code)
			}
			if string(rest) != "finished <nil>\nended <nil>\n" {
				t.Errorf("printed %q, want finished, and then ended", rest)
			}
			if err := <-replied; err != nil {
				t.Errorf("the invocation under way: %v", err)
			}
		})
	}
}

func TestRunFails(t *testing.T) {
	boom := errors.New("no storage")
	tests := []struct {
		name  string
		build func(context.Context, net.Listener, context.CancelCauseFunc) error
		want  error
	}{
		{"when build fails", func(context.Context, net.Listener, context.CancelCauseFunc) error { return boom }, boom},
		{"when the listener fails", func(ctx context.Context, l net.Listener, _ context.CancelCauseFunc) error {
			l.Close()
			<-ctx.Done()
			return ctx.Err()
		}, net.ErrClosed},
		{"when the context ends", func(ctx context.Context, _ net.Listener, end context.CancelCauseFunc) error {
			end(boom)
			<-ctx.Done()
			return ctx.Err()
		}, boom},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l, err := Listen("0")
			if err != nil {
				t.Fatal(err)
			}
			ctx, end := context.WithCancelCause(t.Context())
			defer end(nil)
			code, err := New(zerolog.Nop()).Run(ctx, l, func(ctx context.Context) ([]Route, error) {
				return nil, tt.build(ctx, l, end)
			})
			if code != 1 || !errors.Is(err, tt.want) {
				t.Errorf("Run = %d, %v; want 1, %v", code, err, tt.want)
			}
		})
	}
}

func TestListenIsOnLoopbackOnly(t *testing.T) {
	l, err := Listen("0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	address := l.Addr().(*net.TCPAddr)
	if !address.IP.Equal(net.IPv4(127, 0, 0, 1)) {
		t.Errorf("address = %s, want 127.0.0.1", address)
	}
	if _, err := Listen(fmt.Sprint(address.Port)); err == nil {
		t.Errorf("port %d was opened twice, want an error", address.Port)
	}
}

func TestGoSurvivesAPanic(t *testing.T) {
	s, log := newServer(t, nil)
	logger := zerolog.New(log).With().Str("fn", "sweep").Logger()
	ctx, cancel := context.WithCancel(logger.WithContext(t.Context()))
	cancel()
	s.Go(ctx, func(ctx context.Context) {
		if ctx.Err() != nil {
			t.Errorf("context: %v, want it to outlive its invocation", ctx.Err())
		}
		panic("boom")
	})
	s.running.Wait()
	if lines := log.lines(t); len(lines) != 1 || lines[0]["fn"] != "sweep" || lines[0]["stack"] == "" {
		t.Errorf("logged: %v, want one line of sweep with a stack", lines)
	}
}
