//go:build unix

package rig

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// funcHost is a real Functions host, started by Core Tools.
type funcHost struct {
	path, app string
	port      int
	env       map[string]string
	log       func(string)

	mu      sync.Mutex
	cmd     *exec.Cmd     // the latest start; nil before the first
	stopped chan struct{} // closed when it has ended
}

func newFunc(path, app string, port int, env map[string]string, log func(string)) *funcHost {
	return &funcHost{path: path, app: app, port: port, env: env, log: log}
}

func (h *funcHost) Name() string { return "func" }
func (h *funcHost) URL() string  { return fmt.Sprintf("http://127.0.0.1:%d", h.port) }

func (h *funcHost) Stopped() <-chan struct{} {
	_, stopped := h.current()
	return stopped
}

// current returns the process of the latest start, and the channel that is closed when it
// has ended.
func (h *funcHost) current() (*exec.Cmd, <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.cmd, h.stopped
}

func (h *funcHost) Start(ctx context.Context) error { return startUntilServing(ctx, h, h.launch) }

// launch runs `func start` in a process group of its own, so that Stop can end all
// processes that the host has started.
func (h *funcHost) launch() error {
	cmd := exec.Command(h.path, "start", "--port", strconv.Itoa(h.port))
	cmd.Dir = h.app
	cmd.Env = os.Environ()
	for name, value := range h.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	read, write, err := os.Pipe()
	if err != nil {
		return err
	}
	cmd.Stdout, cmd.Stderr = write, write
	if err := cmd.Start(); err != nil {
		read.Close()
		write.Close()
		return err
	}
	write.Close() // the processes have their own
	stopped := make(chan struct{})
	h.mu.Lock()
	h.cmd, h.stopped = cmd, stopped
	h.mu.Unlock()
	go h.copyLines(read)
	go func() {
		cmd.Wait() // its lines say why it ended
		close(stopped)
	}()
	return nil
}

// copyLines logs the host's lines until its last process has closed the pipe.
func (h *funcHost) copyLines(r io.ReadCloser) {
	defer r.Close()
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if h.log != nil {
			h.log(lines.Text())
		}
	}
}

// stopGrace is how long the host may take to end before its group is killed.
const stopGrace = 10 * time.Second

// Stop ends the host as a platform does, with SIGTERM, and then kills the rest of its
// process group.
func (h *funcHost) Stop() {
	cmd, stopped := h.current()
	if cmd == nil {
		return
	}
	_ = cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-stopped:
	case <-time.After(stopGrace):
	}
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	<-stopped
}

// Kill ends the handler. It finds the process by its path, because the host does not
// publish the process id.
func (h *funcHost) Kill() {
	for _, pid := range h.handlers() {
		_ = syscall.Kill(pid, syscall.SIGKILL)
		for syscall.Kill(pid, 0) == nil && !zombie(pid) {
			time.Sleep(time.Millisecond)
		}
	}
}

// PID returns the process id of the handler.
func (h *funcHost) PID() int {
	if pids := h.handlers(); len(pids) > 0 {
		return pids[0]
	}
	return 0
}

// handlers returns the ids of the processes that run the staged handler.
func (h *funcHost) handlers() []int {
	out, err := exec.Command("ps", "-axo", "pid=,stat=,command=").Output()
	if err != nil {
		return nil
	}
	var pids []int
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		if len(fields) < 3 || strings.HasPrefix(fields[1], "Z") || fields[2] != filepath.Join(h.app, "handler", "handler") {
			continue
		}
		if pid, err := strconv.Atoi(fields[0]); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// zombie reports whether a process has ended without being waited for by its parent.
func zombie(pid int) bool {
	out, err := exec.Command("ps", "-o", "stat=", "-p", strconv.Itoa(pid)).Output()
	return err != nil || strings.HasPrefix(strings.TrimSpace(string(out)), "Z")
}
