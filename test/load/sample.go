package main

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"sync"
	"time"

	"switchboard/test/acssim"
	"switchboard/test/funcsim"
	"switchboard/test/nodejs"
)

//go:embed sample
var sampleFolder embed.FS

// sampleFiles are the sample's program and the files that pin its packages.
var sampleFiles = func() fs.FS {
	files, err := fs.Sub(sampleFolder, "sample")
	if err != nil {
		panic(err) // not with a constant
	}
	return files
}()

// sample is the stateless sample, running with a network of its own.
type sample struct {
	process *nodejs.Process
	output  output
	network *network
	server  *http.Server
}

// output keeps what a program prints.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

// last returns the last lines that the program has printed.
func (o *output) last() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return nodejs.LastLines(o.text.Bytes(), 10)
}

// startTime is how long the sample may take to listen.
const startTime = time.Minute

// startSample installs the sample's packages if necessary, starts the sample, and connects the network to it.
func startSample(ctx context.Context, n *network, agent string, notify func(string)) (s *sample, err error) {
	packages, err := nodejs.Install(ctx, sampleFiles, notify)
	if err != nil {
		return nil, err
	}
	script, err := fs.ReadFile(sampleFiles, "app.js")
	if err != nil {
		return nil, err
	}
	port, err := funcsim.FreePort()
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s = &sample{network: n, server: &http.Server{Handler: n.sim}}
	defer func() {
		if err != nil {
			l.Close()
			s.close()
		}
	}()
	address := fmt.Sprintf("127.0.0.1:%d", port)
	n.sim.Endpoint = "http://" + l.Addr().String()
	n.sim.EventGridURL = "http://" + address + "/api/incomingCall"
	s.process, err = nodejs.Program{
		Script: string(script), Dir: packages, Output: &s.output,
		Env: []string{
			"ACS_CONNECTION_STRING=endpoint=" + n.sim.Endpoint + "/;accesskey=" + acssim.DevelopmentKey,
			fmt.Sprintf("PORT=%d", port), "AGENT=" + agent, "NODE_ENV=production",
		},
	}.Start()
	if err != nil {
		return nil, fmt.Errorf("start the sample: %w", err)
	}
	if err := s.listening(ctx, address); err != nil {
		return nil, fmt.Errorf("start the sample: %w:\n%s", err, s.output.last())
	}
	go s.server.Serve(l)
	n.sim.Start()
	return s, nil
}

// listening waits until the sample accepts connections.
func (s *sample) listening(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	for {
		connection, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err == nil {
			return connection.Close()
		}
		select {
		case <-s.process.Exited():
			return errors.New("it ended")
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (s *sample) telephones() *network { return s.network }

func (s *sample) usage() (usage, error) { return readUsage(s.process.PID()) }

// work returns nothing: the sample uses no storage, and no host.
func (s *sample) work() (handler, host operations, runs map[string]executions) {
	return operations{}, operations{}, map[string]executions{}
}

// settle returns at once: the sample has no work left when the network is at rest.
func (s *sample) settle(context.Context) error { return nil }

// verify returns nil: the sample keeps nothing of a call that has ended.
func (s *sample) verify(context.Context, acssim.CallInfo) error { return nil }

// lastWords returns what the sample has printed last, which is about errors only.
func (s *sample) lastWords() string {
	if text := s.output.last(); text != "" {
		return "\nthe sample has printed:\n" + text
	}
	return ""
}

// close ends the sample and its network.
func (s *sample) close() {
	if s.process != nil {
		s.process.Close()
	}
	s.network.sim.Close()
	s.server.Close()
}
