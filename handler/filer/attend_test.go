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

// recordings returns the recordings of a simulation, without faults.
func recordings(s *filingSim) *store.Recordings {
	return store.NewRecordings(s.OtherRows, s.WorklistRows)
}

// scheduled reports whether the recording is on the worklist.
func scheduled(t *testing.T, s *filingSim) bool {
	t.Helper()
	all, err := store.NewCalls(s.CallRows, s.WorklistRows).Worklist(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(all, func(item store.WorkItem) bool { return item.ID == recordingKey })
}

// attendAfter waits, and then attends to what is due.
func attendAfter(t *testing.T, s *filingSim, after time.Duration) {
	t.Helper()
	time.Sleep(after)
	s.Instances[0].AttendAll(t.Context())
	s.Background.Wait()
}

// schedule puts the recording on the worklist, with a message and the result of a copy in its row.
func schedule(t *testing.T, s *filingSim, m *filing.Message, r *filing.CopyResult) {
	t.Helper()
	if m != nil {
		if _, err := recordings(s).AddMessage(t.Context(), recordingID, *m, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	if r != nil {
		if _, err := recordings(s).SaveCopy(t.Context(), recordingKey, *r); err != nil {
			t.Fatal(err)
		}
	}
	if err := recordings(s).Schedule(t.Context(), recordingKey, store.WorkItem{Due: time.Now(), Written: time.Now()}); err != nil {
		t.Fatal(err)
	}
}

// wantUnscheduled checks that the recording is not on the worklist.
func wantUnscheduled(t *testing.T, s *filingSim) {
	t.Helper()
	if scheduled(t, s) {
		t.Error("the recording is still scheduled")
	}
}

// messageOne is the message that one file waits.
var messageOne = message("m1", "one")

func TestAttendToARecordingWithoutFiles(t *testing.T) {
	runFilingSim(t, "and unschedules it when its row is missing for a minute", "", func(t *testing.T, s *filingSim) {
		schedule(t, s, nil, nil)
		attendAfter(t, s, 59*time.Second)
		if !scheduled(t, s) {
			t.Error("not scheduled any more before a minute, though its row may be about to be written")
		}
		attendAfter(t, s, time.Second)
		if scheduled(t, s) || s.sends > 0 {
			t.Errorf("scheduled: %t, %d messages, want false, 0", scheduled(t, s), s.sends)
		}
	})
	runFilingSim(t, "and reports nothing while it has no file", recordingID, func(t *testing.T, s *filingSim) {
		schedule(t, s, nil, nil)
		attendAfter(t, s, time.Minute)
		s.wantNotReported()
		wantUnscheduled(t, s)
	})
}

func TestAttendToARecordingWithFiles(t *testing.T) {
	runFilingSim(t, "and lets another run resume it when it is not leased", recordingID, func(t *testing.T, s *filingSim) {
		s.keepFiles(twoFiles)
		schedule(t, s, &messageOne, nil)
		attendAfter(t, s, 0)
		s.wantSends(1)
		s.wantCallRecording(call.RecordingFiled)
		wantUnscheduled(t, s)
	})
	runFilingSim(t, "and lets no run resume it during its backoff", recordingID, func(t *testing.T, s *filingSim) {
		s.keepFiles(twoFiles)
		failed := filing.CopyResult{
			Chunk: messageOne.Chunks[0], Failed: errors.New("boom"), GiveUpAfter: time.Hour, At: time.Now(),
			NotBefore: time.Now().Add(time.Hour),
		}
		failed.Chunk.State = filing.ChunkWaiting
		schedule(t, s, &messageOne, &failed)
		began := time.Now()
		attendAfter(t, s, 0) // and waits for the message
		if took := time.Since(began).Truncate(time.Second); took != time.Hour {
			t.Errorf("it took %v, want %v", took, time.Hour)
		}
		s.wantCallRecording(call.RecordingFiled)
	})
	runFilingSim(t, "and reports it when its last run crashed before", recordingID, func(t *testing.T, s *filingSim) {
		lost := filing.CopyResult{Chunk: messageOne.Chunks[0], Failed: errors.New("boom"), GiveUpAfter: -1, At: time.Now()}
		schedule(t, s, &messageOne, &lost)
		attendAfter(t, s, 0)
		if got := s.callRecording(); got.State != call.RecordingLost || got.Reason != "boom" {
			t.Errorf("the call has %+v, want it %s because of boom", got, call.RecordingLost)
		}
		wantUnscheduled(t, s)
	})
	runFilingSim(t, "and does not touch it when a later version has written it", "", func(t *testing.T, s *filingSim) {
		schedule(t, s, nil, nil)
		row := table.Key{Partition: recordingKey, Row: "recording"}
		later := map[string]int{"schema": filing.Schema + 1}
		if err := table.NewTable[map[string]int](s.OtherRows).Put(t.Context(), row, later); err != nil {
			t.Fatal(err)
		}
		attendAfter(t, s, 2*time.Minute)
		if !scheduled(t, s) || s.sends > 0 {
			t.Errorf("scheduled: %t, %d messages, want true, 0", scheduled(t, s), s.sends)
		}
	})
}
