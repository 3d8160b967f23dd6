// Command handler is the custom handler of Switchboard: the Functions host starts it and sends it all
// invocations.
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/rs/zerolog"

	"switchboard/handler/app"
	"switchboard/handler/config"
	"switchboard/handler/invoke"
)

func main() {
	os.Exit(run(context.Background(), os.Getenv, os.Stdout, os.Stderr))
}

// run serves until a signal or a fatal error ends it, and returns the exit code, which is never 0: after 0
// the host would go on without a handler.
func run(ctx context.Context, getenv func(string) string, stdout, stderr io.Writer) int {
	settings, err := config.Load(getenv)
	if err != nil {
		fmt.Fprintf(stderr, "settings:\n%v\n", err)
		return 1
	}
	limitMemory(getenv)
	log := newLogger(settings.LogLevel, stdout, stderr)
	zerolog.ErrorFieldName = "err"
	listener, err := invoke.Listen(settings.Port)
	if err != nil {
		log.Error().Err(err).Msg("port not opened")
		return 1
	}
	server := invoke.New(log)
	code, err := server.Run(ctx, listener, func(ctx context.Context) ([]invoke.Route, error) {
		parts, err := open(ctx, settings, server)
		if err != nil {
			return nil, err
		}
		return app.New(parts), nil
	})
	if err != nil {
		log.Error().Err(err).Msg("handler stopped")
	}
	return code
}
