package engine

import (
	"context"
	"sync"

	"github.com/rs/zerolog"

	"switchboard/handler/table"
)

// UnreadableLog logs the rows that cannot be read, each version of a row once. The zero value is ready for
// use; it may be used concurrently.
type UnreadableLog struct {
	mu     sync.Mutex
	logged map[table.Key]string // ETags
}

// maxLogged is the number of rows that are remembered as logged.
const maxLogged = 1000

// Log logs the row, unless this version of it was logged before.
func (l *UnreadableLog) Log(ctx context.Context, row *table.UnreadableError) {
	l.mu.Lock()
	key, etag := row.Entity.Key, row.Entity.ETag
	known := l.logged[key] == etag
	if l.logged == nil || len(l.logged) >= maxLogged {
		l.logged = map[table.Key]string{}
	}
	l.logged[key] = etag
	count := len(l.logged)
	l.mu.Unlock()
	if !known {
		zerolog.Ctx(ctx).Error().Err(row.Err).Str("partition", key.Partition).Str("row", key.Row).Int("unreadable", count).
			Msg("row cannot be read: it is left alone")
	}
}
