package funcsim

import (
	"bytes"
	"strings"
	"sync"
)

// Level is the severity that the host gives a line.
type Level string

const (
	LevelInformation Level = "Information"
	LevelWarning     Level = "Warning"
	LevelError       Level = "Error"
)

// The sources of lines.
const (
	FromHost   = "host"
	FromStdout = "stdout" // the handler's standard output
	FromStderr = "stderr" // the handler's standard error
	FromLogs   = "logs"   // Logs of a reply to an invocation
)

// Entry is one line of the log.
type Entry struct {
	Level  Level
	Source string // FromHost, FromStdout, FromStderr or FromLogs
	Text   string
}

// journal passes entries to Host.Log, one at a time.
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

// stderrLevel returns the level that the host gives a line of the handler's
// standard error.
// Source: WebJobs.Script/Workers/ProcessManagement/WorkerProcess.cs.
func stderrLevel(line string, errorsOnly bool) Level {
	line = strings.ToLower(line)
	if strings.Contains(line, "warn") {
		return LevelWarning
	}
	if errorsOnly {
		return LevelError
	}
	for _, word := range []string{"error", "fail", "severe", "unhandled exception"} {
		if strings.Contains(line, word) {
			return LevelError
		}
	}
	return LevelInformation
}

// lineWriter splits what is written to it into lines. It is not safe for
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

// flush passes on the last line if it has no line break.
func (w *lineWriter) flush() {
	if len(w.pending) > 0 {
		w.line(string(w.pending))
		w.pending = nil
	}
}
