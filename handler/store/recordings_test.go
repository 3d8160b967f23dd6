package store_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchboard/handler/faulttest"
	"switchboard/handler/filing"
	"switchboard/handler/store"
	"switchboard/handler/table"
	"switchboard/handler/table/tabletest"
)

// acsRecording is an id as ACS gives it: JSON in base64.
const acsRecording = "eyJQbGF0Zm9ybUVuZHBvaW50SWQiOiI5/+NmE3YTgifQ=="

// finished returns a message about chunks with these document ids.
func finished(key string, documents ...string) filing.Message {
	m := filing.Message{Key: key, Details: filing.Details{
		Start: t0.Add(-time.Hour), Duration: time.Minute, ContentType: "Audio", ChannelType: "Mixed",
		Format: "Wav", EndReason: "CallEnded", ACSCallID: "acs-1",
	}}
	for i, id := range documents {
		c := filing.Chunk{DocumentID: id, Index: int64(i), ContentLocation: "https://acs/" + id}
		m.Chunks = append(m.Chunks, c)
	}
	return m
}

func chunk(document string, state filing.ChunkState, reason string) filing.Chunk {
	return filing.Chunk{DocumentID: document, State: state, Reason: reason}
}

// workItems returns the ids on the worklist, and when they are due.
func workItems(t *testing.T, rows table.Rows) map[string]time.Time {
	t.Helper()
	all, err := store.NewCalls(tabletest.NewMemory(), rows).Worklist(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	due := map[string]time.Time{}
	for _, row := range all {
		if due[row.ID] = row.Due; (row.Kind == store.WorkRecording) != strings.HasPrefix(row.ID, "re-") {
			t.Errorf("%s is of kind %v, want that of its id", row.ID, row.Kind)
		}
	}
	return due
}

func TestKeyOfARecording(t *testing.T) {
	key := filing.Key(acsRecording)
	if !strings.HasPrefix(key, "re-") || len(key) != len("re-")+32 || key != filing.Key(acsRecording) {
		t.Fatalf("key %q, want re- and 32 characters", key)
	}
}

func TestLinkAndMessageOfARecording(t *testing.T) {
	onEveryTable(t, func(t *testing.T, rows, worklist table.Rows) {
		ctx, s := t.Context(), store.NewRecordings(rows, worklist)
		key := filing.Key(acsRecording)
		if _, err := s.Load(ctx, key); !errors.Is(err, table.ErrNotFound) {
			t.Errorf("before: %v, want %v", err, table.ErrNotFound)
		}
		linked, err := s.Link(ctx, acsRecording, "in-1", 2)
		if err != nil || linked.State != filing.StateLinked || len(workItems(t, worklist)) != 0 {
			t.Errorf("linked: %+v, %v, scheduled %v, want it %s and not scheduled",
				linked, err, workItems(t, worklist), filing.StateLinked)
		}
		for range 2 {
			got, err := s.AddMessage(ctx, acsRecording, finished("m1", "a"), t0)
			if err != nil || got.State != filing.StateFiling || got.ID != acsRecording || got.Call != "in-1" {
				t.Errorf("message: %+v, %v, want it %s, of in-1", got, err, filing.StateFiling)
			}
			if d := cmp.Diff(map[string]time.Time{key: t0.Add(time.Minute)}, workItems(t, worklist)); d != "" {
				t.Errorf("worklist (-want +got):\n%s", d)
			}
			row, err := s.Load(ctx, key)
			if d := cmp.Diff(got, row.Value); err != nil || d != "" {
				t.Errorf("loaded: %v (-returned +loaded):\n%s", err, d)
			}
		}
	})
}

func TestARecordingIsUnscheduledOnceItHasNoWork(t *testing.T) {
	onEveryTable(t, func(t *testing.T, rows, worklist table.Rows) {
		ctx, s := t.Context(), store.NewRecordings(rows, worklist)
		key := filing.Key(acsRecording)
		_, err := s.AddMessage(ctx, acsRecording, finished("m1", "a"), t0)
		if err := errors.Join(err, s.Schedule(ctx, key, store.WorkItem{Due: t0.Add(time.Hour), Written: t0})); err != nil {
			t.Fatal(err)
		}
		if err := s.Unschedule(ctx, key); err != nil || len(workItems(t, worklist)) != 1 {
			t.Errorf("unschedule with outstanding work: %v, scheduled %v, want it to stay",
				err, workItems(t, worklist))
		}
		filed := filing.CopyResult{Chunk: chunk("a", filing.ChunkFiled, ""), At: t0}
		if got, err := s.SaveCopy(ctx, key, filed); err != nil || got.State != filing.StateFiled {
			t.Errorf("filed: %+v, %v, want it %s", got, err, filing.StateFiled)
		}
		for range 2 {
			if err := s.Unschedule(ctx, key); err != nil || len(workItems(t, worklist)) != 0 {
				t.Errorf("unschedule without work: %v, scheduled %v, want none", err, workItems(t, worklist))
			}
		}
		if got, err := s.AddMessage(ctx, acsRecording, finished("m2", "a"), t0); err != nil || got.HasWork() {
			t.Errorf("message about the same file: %+v, %v, want no work", got, err)
		}
		if len(workItems(t, worklist)) != 0 {
			t.Errorf("scheduled %v after a message about the same file, want none", workItems(t, worklist))
		}
	})
}

func TestARecordingWithoutARowIsUnscheduled(t *testing.T) {
	onEveryTable(t, func(t *testing.T, rows, worklist table.Rows) {
		ctx, s := t.Context(), store.NewRecordings(rows, worklist)
		key := filing.Key(acsRecording)
		if err := s.Schedule(ctx, key, dueNow); err != nil {
			t.Fatal(err)
		}
		if err := s.Unschedule(ctx, key); err != nil || len(workItems(t, worklist)) != 0 {
			t.Errorf("unschedule: %v, scheduled %v, want none", err, workItems(t, worklist))
		}
		if _, err := s.Load(ctx, key); !errors.Is(err, table.ErrNotFound) {
			t.Errorf("load: %v, want %v", err, table.ErrNotFound)
		}
		got, err := s.AddMessage(ctx, acsRecording, finished("m1", "a"), t0)
		if err != nil || !got.HasWork() || got.ID != acsRecording || len(workItems(t, worklist)) != 1 {
			t.Errorf("message after it: %+v, %v, scheduled %v, want work, scheduled",
				got, err, workItems(t, worklist))
		}
	})
}

func TestARecordingOfALaterVersionIsLeftAlone(t *testing.T) {
	rows, ctx := tabletest.NewMemory(), t.Context()
	s, key := store.NewRecordings(rows, tabletest.NewMemory()), filing.Key(acsRecording)
	later := map[string]any{"schema": filing.Schema + 1, "chunks": "elsewhere"}
	k := table.Key{Partition: key, Row: "recording"}
	if err := table.NewTable[map[string]any](rows).Put(ctx, k, later); err != nil {
		t.Fatal(err)
	}
	_, loaded := s.Load(ctx, key)
	_, added := s.AddMessage(ctx, acsRecording, finished("m1", "a"), t0)
	_, linked := s.Link(ctx, acsRecording, "in-1", 2)
	for name, err := range map[string]error{"load": loaded, "add message": added, "link": linked} {
		if !errors.Is(err, table.ErrNewer) {
			t.Errorf("%s: %v, want %v", name, err, table.ErrNewer)
		}
	}
}

func TestAddMessageUnderFaults(t *testing.T) {
	for name, before := range map[string]func(*store.Recordings) error{
		"a new recording": func(*store.Recordings) error { return nil },
		"a linked one": func(s *store.Recordings) error {
			_, err := s.Link(t.Context(), acsRecording, "in-1", 2)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			eachFault(t, func(t *testing.T, rows *tabletest.Memory, faulty func(func())) {
				s := store.NewRecordings(rows, rows)
				if err := before(s); err != nil {
					t.Fatal(err)
				}
				faulty(func() {
					retry(t, func() error {
						_, err := s.AddMessage(t.Context(), acsRecording, finished("m1", "a"), t0)
						return err
					})
				})
				row, err := s.Load(t.Context(), filing.Key(acsRecording))
				if err != nil || !row.Value.HasWork() || len(row.Value.Chunks) != 1 || len(workItems(t, rows)) != 1 {
					t.Errorf("recording %+v, %v, scheduled %v, want work on one chunk, scheduled",
						row.Value, err, workItems(t, rows))
				}
			})
		})
	}
}

// A message is added before each operation of Unschedule in turn, and the reverse. Afterwards the recording
// is on the worklist.
func TestUnscheduleKeepsARecordingThatGetsAMessage(t *testing.T) {
	key := filing.Key(acsRecording)
	for name, before := range map[string]func(*store.Recordings) error{
		"a filed recording": func(s *store.Recordings) error {
			_, added := s.AddMessage(t.Context(), acsRecording, finished("m1", "a"), t0)
			_, filed := s.SaveCopy(t.Context(), key, filing.CopyResult{Chunk: chunk("a", filing.ChunkFiled, ""), At: t0})
			return errors.Join(added, filed)
		},
		"one without a row": func(s *store.Recordings) error { return s.Schedule(t.Context(), key, dueNow) },
	} {
		addMessage := func(s *store.Recordings) error {
			_, err := s.AddMessage(t.Context(), acsRecording, finished("m2", "b"), t0)
			return err
		}
		unschedule := func(s *store.Recordings) error { return s.Unschedule(t.Context(), key) }
		for order, operations := range map[string][2]func(*store.Recordings) error{
			"a message during unschedule": {unschedule, addMessage}, "unschedule during a message": {addMessage, unschedule},
		} {
			for faultPoint, reached := 1, true; reached; faultPoint++ {
				rows := tabletest.NewMemory()
				s, n := store.NewRecordings(rows, rows), 0
				if err := before(s); err != nil {
					t.Fatal(err)
				}
				reached = false
				rows.Fail = func(tabletest.Op) faulttest.Fault {
					if n++; n == faultPoint {
						reached = true
						if err := operations[1](s); err != nil {
							t.Error(err)
						}
					}
					return faulttest.FaultNone
				}
				err := operations[0](s)
				rows.Fail = nil
				if !reached {
					break // every fault point was tried
				}
				row, loadErr := s.Load(t.Context(), key)
				if err := errors.Join(err, loadErr); err != nil || !row.Value.HasWork() || len(workItems(t, rows)) != 1 {
					t.Errorf("%s, %s, operation %d: %v, %+v, scheduled %v, want work, scheduled",
						name, order, faultPoint, err, row.Value, workItems(t, rows))
				}
			}
		}
	}
}
