package main

import (
	"io"

	"github.com/rs/zerolog"
)

// streams writes warnings and errors to stderr and the rest to stdout: the host derives the level of a line
// from its stream.
//
// Source: WorkerProcess.cs, Azure/azure-functions-host.
type streams struct{ out, err io.Writer }

func (s streams) Write(line []byte) (int, error) { return s.out.Write(line) }

func (s streams) WriteLevel(level zerolog.Level, line []byte) (int, error) {
	if level >= zerolog.WarnLevel && level < zerolog.NoLevel {
		return s.err.Write(line)
	}
	return s.out.Write(line)
}

// newLogger returns a logger that writes JSON lines.
func newLogger(level zerolog.Level, stdout, stderr io.Writer) zerolog.Logger {
	return zerolog.New(streams{stdout, stderr}).Level(level).With().Timestamp().Str("app", "switchboard").Logger()
}
