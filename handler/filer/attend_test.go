package filer_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"switchboard/handler/call"
	"switchboard/handler/filing"
	"switchboard/handler/store"
	"switchboard/handler/table"
)

func TestSweepOfRecordings(t *testing.T) {
	// recordings are those of a vault, as nothing goes wrong with them.
	recordings := func(v *filingSim) *store.Recordings { return store.NewRecordings(v.OtherRows, v.WorklistRows) }
	listed := func(t *testing.T, v *filingSim) bool {
		t.Helper()
		all, err := store.NewCalls(v.CallRows, v.WorklistRows).Worklist(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(all, func(l store.WorkItem) bool { return l.ID == recordingKey })
	}
	// sweeps waits, and then sweeps.
	sweeps := func(t *testing.T, v *filingSim, after time.Duration) {
		t.Helper()
		time.Sleep(after)
		if err := v.Instances[0].Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		v.Background.Wait()
	}
	// list puts the recording on the list, and makes something of its row.
	list := func(t *testing.T, v *filingSim, m *filing.Message, a *filing.CopyResult) {
		t.Helper()
		if m != nil {
			if _, err := recordings(v).AddMessage(t.Context(), recordingID, *m, time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		if a != nil {
			if _, err := recordings(v).SaveCopy(t.Context(), recordingKey, *a); err != nil {
				t.Fatal(err)
			}
		}
		if err := recordings(v).Schedule(t.Context(), recordingKey, time.Now(), time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	one := message("m1", "one")

	runFilingSim(t, "leaves one that was never written to the queue after a minute", "", func(t *testing.T, v *filingSim) {
		list(t, v, nil, nil)
		sweeps(t, v, 59*time.Second)
		if !listed(t, v) {
			t.Error("taken off the list, though its message may be being written down")
		}
		sweeps(t, v, time.Second)
		if listed(t, v) || v.sends > 0 {
			t.Errorf("listed: %t, %d messages", listed(t, v), v.sends)
		}
	})
	runFilingSim(t, "tells no call of one that has no file yet", recordingID, func(t *testing.T, v *filingSim) {
		list(t, v, nil, nil)
		sweeps(t, v, time.Minute)
		if got := v.callRecording(); got.State != call.RecordingFinished && got.State != call.RecordingWanted || listed(t, v) {
			t.Errorf("the call says %+v", got)
		}
	})
	runFilingSim(t, "lets another run go on with one that nobody is at", recordingID, func(t *testing.T, v *filingSim) {
		v.wantFiles(twoFiles)
		list(t, v, &one, nil)
		sweeps(t, v, 0)
		if v.sends != 1 || v.callRecording().State != call.RecordingFiled || listed(t, v) {
			t.Errorf("%d messages, the call says %+v", v.sends, v.callRecording())
		}
	})
	runFilingSim(t, "lets none begin before it is time", recordingID, func(t *testing.T, v *filingSim) {
		v.wantFiles(twoFiles)
		failed := filing.CopyResult{
			Chunk: one.Chunks[0], Failed: errors.New("boom"), GiveUpAfter: time.Hour, At: time.Now(),
			NotBefore: time.Now().Add(time.Hour),
		}
		failed.Chunk.State = filing.ChunkWaiting
		list(t, v, &one, &failed)
		began := time.Now()
		sweeps(t, v, 0) // and waits for the message
		if took := time.Since(began).Truncate(time.Second); took != time.Hour || v.callRecording().State != call.RecordingFiled {
			t.Errorf("it took %v, the call says %+v", took, v.callRecording())
		}
	})
	runFilingSim(t, "tells the call of one whose last run died before that", recordingID, func(t *testing.T, v *filingSim) {
		lost := filing.CopyResult{Chunk: one.Chunks[0], Failed: errors.New("boom"), GiveUpAfter: -1, At: time.Now()}
		list(t, v, &one, &lost)
		sweeps(t, v, 0)
		if got := v.callRecording(); got.State != call.RecordingLost || got.Reason != "boom" || listed(t, v) {
			t.Errorf("the call says %+v", got)
		}
	})
	runFilingSim(t, "leaves one of a later version alone", "", func(t *testing.T, v *filingSim) {
		list(t, v, nil, nil)
		row := table.Key{Partition: recordingKey, Row: "recording"}
		later := map[string]int{"schema": filing.Schema + 1}
		if err := table.NewTable[map[string]int](v.OtherRows).Put(t.Context(), row, later); err != nil {
			t.Fatal(err)
		}
		sweeps(t, v, 2*time.Minute)
		if !listed(t, v) || v.sends > 0 {
			t.Errorf("listed: %t, %d messages", listed(t, v), v.sends)
		}
	})
}
