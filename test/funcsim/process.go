package funcsim

import (
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"time"
)

// outputWait is how long output is read after the process is gone, should a
// child of its own hold the pipes open.
const outputWait = time.Second

// startProcess starts the app's executable as the host does: a port of its own,
// the host's environment and five variables more, no standard input. Its
// standard output and error go to log, line by line.
func startProcess(a *app, env environment, log *journal) (*worker, error) {
	free, err := FreePort()
	if err != nil {
		return nil, err
	}
	port := strconv.Itoa(free)
	w := &worker{
		base:      &url.URL{Scheme: "http", Host: net.JoinHostPort("127.0.0.1", port)},
		transport: &http.Transport{DisableCompression: true},
		exited:    make(chan struct{}),
	}
	stdout := &lineWriter{line: func(s string) { log.add(Information, FromStdout, s) }}
	stderr := &lineWriter{line: func(s string) { log.add(stderrLevel(s, a.stderrOnly), FromStderr, s) }}
	cmd := exec.Command(a.program(), a.arguments...)
	cmd.Dir = a.workDir
	cmd.Env = handlerEnv(env, a.root, port)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	cmd.WaitDelay = outputWait
	cmd.SysProcAttr = dieWithParent()

	started := make(chan error)
	go func() {
		// The kernel ties the child's life to the thread that made it, so
		// that thread stays until the child is gone.
		runtime.LockOSThread()
		err := cmd.Start()
		if err == nil {
			w.pid = cmd.Process.Pid
		}
		started <- err
		if err != nil {
			return
		}
		_ = cmd.Wait() // its errors are exit codes, and output that was cut off
		stdout.flush()
		stderr.flush()
		w.code = exitCode(cmd.ProcessState)
		w.transport.CloseIdleConnections()
		close(w.exited)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	w.end = func() { _ = cmd.Process.Kill() } // the one error: it is gone already
	return w, nil
}

// program is where the executable is: in the root if there is such a file, else
// on the PATH. So a misspelt name shows only when it is started.
func (a *app) program() string {
	if filepath.IsAbs(a.executable) {
		return a.executable
	}
	inRoot := filepath.Join(a.root, a.executable)
	if _, err := os.Stat(inRoot); err == nil {
		return inRoot
	}
	return a.executable
}

// handlerEnv adds to env the five variables of every custom handler.
// Source: WebJobs.Script/Workers/Http/HttpWorkerProcess.cs.
func handlerEnv(env environment, root, port string) []string {
	id := newUUID()
	env["FUNCTIONS_CUSTOMHANDLER_PORT"] = port
	env["FUNCTIONS_HTTPWORKER_PORT"] = port
	env["FUNCTIONS_CUSTOMHANDLER_WORKER_ID"] = id
	env["FUNCTIONS_HTTPWORKER_ID"] = id
	env["FUNCTIONS_APP_ROOT_PATH"] = root
	return env.list()
}

// exitCode is killedCode for a process that a signal has ended.
func exitCode(state *os.ProcessState) int {
	if code := state.ExitCode(); code >= 0 {
		return code
	}
	return killedCode
}
