package scenario

import (
	"context"
	"fmt"

	"switchboard/handler/call"
	"switchboard/handler/filing"
)

// verifyRecordings reports what must hold of the recordings of a call that is over,
// and does not: each is filed, whole and hashed, with its sidecar, and knows its
// call; or it is lost with a reason, or never started.
func (w World) verifyRecordings(ctx context.Context, c call.Call) error {
	for _, asked := range c.Recordings {
		switch asked.State {
		case call.RecordingFailed:
		case call.RecordingLost:
			if asked.Reason == "" {
				return fmt.Errorf("has lost recording %d without a reason", asked.Op)
			}
		case call.RecordingFiled:
			if err := w.verifyFiles(ctx, c, asked); err != nil {
				return fmt.Errorf("recording %d: %w", asked.Op, err)
			}
		default:
			return fmt.Errorf("owes recording %d, which is %s", asked.Op, asked.State)
		}
	}
	return nil
}

func (w World) verifyFiles(ctx context.Context, c call.Call, asked call.Recording) error {
	row, err := w.Recordings.Load(ctx, filing.Key(asked.ID))
	if err != nil {
		return err
	}
	r := row.Value
	if r.State != filing.StateFiled || r.Call != string(c.ID) || r.Op != asked.Op || len(r.Chunks) == 0 {
		return fmt.Errorf("is %s with %d files, of call %q and operation %d", r.State, len(r.Chunks), r.Call, r.Op)
	}
	for _, chunk := range r.Chunks {
		info, err := w.Files.Stat(ctx, chunk.File)
		if err != nil {
			return err
		}
		if info.Size != chunk.Size || info.Size == 0 || info.SHA256 != chunk.SHA256 {
			return fmt.Errorf("file of %d bytes, hash %s; the row has %d and %s", info.Size, info.SHA256, chunk.Size, chunk.SHA256)
		}
		if _, err := w.Files.Stat(ctx, chunk.File+".json"); err != nil {
			return fmt.Errorf("sidecar: %w", err)
		}
	}
	return nil
}
