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

// idleConnections is how many idle connections to the handler are kept. The host's .NET
// client keeps all of them for a minute.
const idleConnections = 1000

// outputWait is how long output is read after the end of the process, in case one
// of its children holds the pipes open.
const outputWait = time.Second

// startProcess starts the app's executable as the host does: with its own port, with
// the host's environment and five more variables, and without standard input. It
// passes standard output and error on to log, line by line.
func startProcess(a *app, env environment, log *journal) (*worker, error) {
	free, err := FreePort()
	if err != nil {
		return nil, err
	}
	port := strconv.Itoa(free)
	w := &worker{
		base:      &url.URL{Scheme: "http", Host: net.JoinHostPort("127.0.0.1", port)},
		transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: idleConnections},
		exited:    make(chan struct{}),
	}
	stdout := &lineWriter{line: func(s string) { log.add(LevelInformation, FromStdout, s) }}
	stderr := &lineWriter{line: func(s string) { log.add(stderrLevel(s, a.stderrOnly), FromStderr, s) }}
	cmd := exec.Command(a.program(), a.arguments...)
	cmd.Dir = a.workDir
	cmd.Env = handlerEnv(env, a.root, port)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	cmd.WaitDelay = outputWait
	cmd.SysProcAttr = killWithParent()

	started := make(chan error)
	go func() {
		// The kernel kills the child when the thread that started it ends,
		// so that thread must last until the child has ended.
		runtime.LockOSThread()
		err := cmd.Start()
		if err == nil {
			w.pid = cmd.Process.Pid
		}
		started <- err
		if err != nil {
			return
		}
		_ = cmd.Wait() // an error is an exit code, or output that was cut off
		stdout.flush()
		stderr.flush()
		w.code = exitCode(cmd.ProcessState)
		w.transport.CloseIdleConnections()
		close(w.exited)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	w.end = func() { _ = cmd.Process.Kill() } // fails only if the process has ended
	return w, nil
}

// program returns the path of the executable: the file in the root if there is one,
// else the name, to be found on the PATH. So a misspelt name fails only at start.
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

// exitCode returns the exit code of a process, or killedCode if a signal ended it.
func exitCode(state *os.ProcessState) int {
	if code := state.ExitCode(); code >= 0 {
		return code
	}
	return killedCode
}
