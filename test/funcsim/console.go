package funcsim

import (
	"bytes"
	"strings"
	"sync"
)

// Level is the severity that the host files a line under.
type Level string

const (
	Information Level = "Information"
	Warning     Level = "Warning"
	Error       Level = "Error"
)

// Where a line came from.
const (
	FromHost   = "host"
	FromStdout = "stdout" // of the handler
	FromStderr = "stderr" // of the handler
	FromLogs   = "logs"   // of a reply to an invocation
)

// Entry is one line of the log.
type Entry struct {
	Level  Level
	Source string // FromHost, FromStdout, FromStderr or FromLogs
	Text   string
}

// journal hands entries to Host.Log, one at a time.
type journal struct {
	mu   sync.Mutex
	sink func(Entry)
}

func (j *journal) add(level Level, source, text string) {
	if j.sink == nil {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.sink(Entry{level, source, text})
}

// stderrLevel is how the host files a line of the handler's standard error.
// Source: WebJobs.Script/Workers/ProcessManagement/WorkerProcess.cs.
func stderrLevel(line string, errorsOnly bool) Level {
	line = strings.ToLower(line)
	if strings.Contains(line, "warn") {
		return Warning
	}
	if errorsOnly {
		return Error
	}
	for _, word := range []string{"error", "fail", "severe", "unhandled exception"} {
		if strings.Contains(line, word) {
			return Error
		}
	}
	return Information
}

// lineWriter passes on what is written to it line by line. It is not safe for
// concurrent use.
type lineWriter struct {
	line    func(string)
	pending []byte
}

func (w *lineWriter) Write(p []byte) (int, error) {
	w.pending = append(w.pending, p...)
	for {
		i := bytes.IndexByte(w.pending, '\n')
		if i < 0 {
			return len(p), nil
		}
		w.line(strings.TrimSuffix(string(w.pending[:i]), "\r"))
		w.pending = w.pending[i+1:]
	}
}

// flush passes on a last line without its end.
func (w *lineWriter) flush() {
	if len(w.pending) > 0 {
		w.line(string(w.pending))
		w.pending = nil
	}
}
