package scenario

import (
	"context"
	"fmt"

	"switchboard/handler/call"
	"switchboard/handler/filing"
)

// verifyRecordings checks that each recording of an ended call is filed, or lost with
// a reason, or never started. verifyFiles checks those that are filed.
func (e Env) verifyRecordings(ctx context.Context, c call.Call) error {
	for _, recording := range c.Recordings {
		switch recording.State {
		case call.RecordingFailed:
		case call.RecordingLost:
			if recording.Reason == "" {
				return fmt.Errorf("has lost recording %d without a reason", recording.Op)
			}
		case call.RecordingFiled:
			if err := e.verifyFiles(ctx, c, recording); err != nil {
				return fmt.Errorf("recording %d: %w", recording.Op, err)
			}
		default:
			return fmt.Errorf("has recording %d outstanding, which is %s", recording.Op, recording.State)
		}
	}
	return nil
}

// verifyFiles checks that a recording has files with their sizes, hashes and sidecars,
// and that its row names the call and the operation.
func (e Env) verifyFiles(ctx context.Context, c call.Call, recording call.Recording) error {
	row, err := e.Recordings.Load(ctx, filing.Key(recording.ID))
	if err != nil {
		return err
	}
	r := row.Value
	if r.State != filing.StateFiled || r.Call != string(c.ID) || r.Op != recording.Op || len(r.Chunks) == 0 {
		return fmt.Errorf("is %s with %d files, of call %q and operation %d", r.State, len(r.Chunks), r.Call, r.Op)
	}
	for _, chunk := range r.Chunks {
		info, err := e.Files.Stat(ctx, chunk.File)
		if err != nil {
			return err
		}
		if info.Size != chunk.Size || info.Size == 0 || info.SHA256 != chunk.SHA256 {
			return fmt.Errorf("file of %d bytes, hash %s; the row has %d and %s", info.Size, info.SHA256, chunk.Size, chunk.SHA256)
		}
		if _, err := e.Files.Stat(ctx, chunk.File+".json"); err != nil {
			return fmt.Errorf("sidecar: %w", err)
		}
	}
	return nil
}
