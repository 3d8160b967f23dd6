package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// logLines is a log that a test reads line by line.
type logLines chan string

func (l logLines) Write(text []byte) (int, error) {
	l <- strings.TrimSpace(string(text)) // one line per write
	return len(text), nil
}

// until reads up to a line that contains text, and returns the line.
func (l logLines) until(t *testing.T, text string) string {
	t.Helper()
	for {
		select {
		case line := <-l:
			if strings.Contains(line, text) {
				return line
			}
		case <-t.Context().Done():
			t.Fatalf("the log has no line with %q, want one", text)
		}
	}
}

// start runs the simulator on a free port until the test ends.
func start(t *testing.T, args ...string) (addr string, log logLines) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	log = make(logLines, 1000)
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, append([]string{"-addr", "127.0.0.1:0", "-strict"}, args...), log, io.Discard)
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("run = %v", err)
		}
	})
	_, addr, _ = strings.Cut(log.until(t, "serving"), "http://")
	return addr, log
}

// webhook returns the URL of a webhook that consents to its subscription and accepts
// all events.
func webhook(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var events []struct {
			Data struct{ ValidationCode string }
		}
		if json.NewDecoder(r.Body).Decode(&events) == nil && len(events) == 1 {
			fmt.Fprintf(w, `{"validationResponse":%q}`, events[0].Data.ValidationCode)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestCallByCommands(t *testing.T) {
	addr, log := start(t, "-eventgrid", webhook(t))
	command := func(args ...string) string {
		t.Helper()
		var out bytes.Buffer
		args = append([]string{args[0], "-addr", addr}, args[1:]...)
		if err := run(t.Context(), args, &out, io.Discard); err != nil {
			t.Fatalf("%v = %v", args, err)
		}
		return out.String()
	}
	log.until(t, "subscribed")
	if got := command("call", "+12065550100", "28:orgid:line"); got != "call-1\n" {
		t.Errorf("call = %q, want call-1", got)
	}
	log.until(t, "IncomingCall")
	if got := command("calls"); !strings.Contains(got, "ringing") {
		t.Errorf("calls = %q, want one that is ringing", got)
	}
	command("phone", "+12065550101", "busy")
	if got := command("talk", "-group", "g", "8:orgid:a", "8:orgid:b"); got != "call-2\n" {
		t.Errorf("talk = %q, want call-2", got)
	}
	command("faults", `{"delay":0.5}`)
	if got := command("faults"); !strings.Contains(got, `"delay":0.5`) {
		t.Errorf("faults = %q, want a delay of 0.5", got)
	}
	command("faults", `{}`)
	command("hangup", "call-1")
	log.until(t, "ended")
	if got := command("rings"); !strings.HasPrefix(got, "RINGS") {
		t.Errorf("rings = %q, want a table", got)
	}
}

func TestRefusedCommands(t *testing.T) {
	addr, _ := start(t, "-eventgrid", "")
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"an address that others can reach", []string{"-addr", "0.0.0.0:0"}, "not an address of loopback"},
		{"an unknown command", []string{"dance"}, "unknown command"},
		{"a missing argument", []string{"call", "+12065550100"}, "usage: acssim call"},
		{"a call that is not there", []string{"hangup", "-addr", addr, "call-9"}, "no such call"},
		{"a script that is wrong", []string{"phone", "-addr", addr, "+12065550100", "jump"}, "unknown step"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := run(t.Context(), tt.args, io.Discard, io.Discard)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("err = %v, want %q in it", err, tt.want)
			}
		})
	}
}
