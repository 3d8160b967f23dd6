package table

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/rs/zerolog"
)

// UnreadableError is the error of a row in a list whose document cannot be read. The list goes on behind it.
type UnreadableError struct {
	Entity Entity // as it is stored
	Err    error
}

// Error returns the row's key and why it cannot be read.
func (e *UnreadableError) Error() string {
	return fmt.Sprintf("row %s/%s: %v", e.Entity.Key.Partition, e.Entity.Key.Row, e.Err)
}

// Unwrap returns why the row cannot be read.
func (e *UnreadableError) Unwrap() error { return e.Err }

// UnreadableLog logs the rows that cannot be read, each version of a row once. The zero value is ready for
// use; it may be used concurrently.
type UnreadableLog struct {
	mu     sync.Mutex
	logged map[Key]string // ETags
}

// maxLogged is the number of rows that are remembered as logged.
const maxLogged = 1000

// Skip reports whether err is that of a row that cannot be read, and logs the row then.
func (l *UnreadableLog) Skip(ctx context.Context, err error) bool {
	row, ok := errors.AsType[*UnreadableError](err)
	if ok {
		l.Log(ctx, row)
	}
	return ok
}

// Log logs the row, unless this version of it was logged before.
func (l *UnreadableLog) Log(ctx context.Context, row *UnreadableError) {
	l.mu.Lock()
	key, etag := row.Entity.Key, row.Entity.ETag
	known := l.logged[key] == etag
	if l.logged == nil || len(l.logged) >= maxLogged {
		l.logged = map[Key]string{}
	}
	l.logged[key] = etag
	count := len(l.logged)
	l.mu.Unlock()
	if !known {
		zerolog.Ctx(ctx).Error().Err(row.Err).Str("partition", key.Partition).Str("row", key.Row).Int("unreadable", count).
			Msg("row cannot be read: it is left alone")
	}
}
