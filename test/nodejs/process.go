package nodejs

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"
)

// Program is a program to start.
type Program struct {
	Script string    // its source, as CommonJS
	Args   []string  // process.argv from index 1 on
	Dir    string    // the working folder; require looks for packages in its node_modules
	Env    []string  // NAME=VALUE, in addition to the environment of this process
	Output io.Writer // gets standard output and standard error
}

// Process is a program that has been started.
type Process struct {
	cmd    *exec.Cmd
	stdin  io.Closer     // open as long as the program is to run
	exited chan struct{} // closed when the process has ended
	close  sync.Once
}

// endWithParent ends a program when its standard input closes: the process that started
// it has closed it, or has ended.
const endWithParent = `process.stdin.on("close", () => process.exit(0)).resume();` + "\n"

const (
	// closeGrace is how long a program may take to end after its standard input is closed.
	closeGrace = 5 * time.Second
	// outputWait is how long output is read after the end of the process, in case one of
	// its children holds the pipes open.
	outputWait = time.Second
)

// Start starts the program. It ends by itself, by Close, or with this process. A Ctrl-C
// in the terminal does not end it, so that it lasts until Close. Start fails with
// ErrNoNode if there is no Node.js.
func (p Program) Start() (*Process, error) {
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, ErrNoNode
	}
	cmd := exec.Command(node, append([]string{"-e", endWithParent + p.Script, "--"}, p.Args...)...)
	cmd.Dir = p.Dir
	cmd.Env = append(os.Environ(), p.Env...)
	cmd.Stdout, cmd.Stderr = p.Output, p.Output
	cmd.WaitDelay = outputWait
	ownGroup(cmd)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start node: %w", err)
	}
	process := &Process{cmd: cmd, stdin: stdin, exited: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // the output says why it ended
		close(process.exited)
	}()
	return process, nil
}

// PID returns the process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Exited returns a channel that is closed when the program has ended.
func (p *Process) Exited() <-chan struct{} { return p.exited }

// Close ends the program and waits for its end. It may be repeated.
func (p *Process) Close() {
	p.close.Do(func() {
		p.stdin.Close()
		select {
		case <-p.exited:
		case <-time.After(closeGrace):
			if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
				return
			}
			<-p.exited
		}
	})
}
