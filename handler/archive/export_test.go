package archive

import (
	"context"
	"time"
)

// CopyInBlocks calls Copy with blocks of another size.
func CopyInBlocks(
	ctx context.Context, blockSize int64, from Source, to Files, name string, p Progress, until time.Time,
) (Progress, bool, error) {
	return copying{from: from, to: to, name: name, blockSize: blockSize}.run(ctx, p, until)
}
