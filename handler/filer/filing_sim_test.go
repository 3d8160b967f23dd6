package filer_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"testing"
	"time"

	"switchboard/handler/archive/archivetest"
	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
	"switchboard/handler/filer"
	"switchboard/handler/filing"
	"switchboard/handler/store"
	"switchboard/handler/table"
	"switchboard/test/cluster"
)

// The recording of the tests: ACS's id, and its key.
const recordingID = "recording/1=="

var recordingKey = filing.Key(recordingID)

// filingSim simulates ACS's recording storage, a queue and an archive around a cluster in which a call was
// recorded. Its storage is not that of acssim, because each file fails, hangs or is slow as a test says, and
// counts its downloads.
type filingSim struct {
	*cluster.Cluster
	stored   map[string]*storedFile // by location
	files    archivetest.Memory
	copyTime time.Duration // how long one run copies

	startsAs   string               // the id in ACS's answer to StartRecording; empty: none
	sends      int                  // messages put into the queue
	queueFails func(sends int) bool // whether the queue refuses a message; nil: none
	picks      int                  // deliveries of messages to instances
	writes     int                  // to the archive
}

// newFilingSim returns a simulation with one instance and an ended call, whose recording is outstanding.
// StartsAs is the recording's id in ACS's answer to StartRecording; empty: there was none.
func newFilingSim(t *testing.T, startsAs string) *filingSim {
	t.Helper()
	s := &filingSim{stored: map[string]*storedFile{}, copyTime: time.Minute, startsAs: startsAs}
	s.Cluster = cluster.New(t, func(inst *cluster.Instance) cluster.Config {
		return cluster.Config{
			Sender: s, Content: &faultyContent{s, inst}, Files: &faultyFiles{s, inst}, Queue: &faultyQueue{s, inst},
			CopyTimeout: s.copyTime,
		}
	})
	s.Watch = s.checkFiledBeforeReported
	inst := s.Start()
	ev := cluster.Offer()
	body := ev.Body.(call.Offered)
	body.Flow = cluster.RecordedRef
	ev.Body = body
	if err := inst.Open(t.Context(), cluster.InboundID, ev); err != nil {
		t.Fatal(err)
	}
	for _, ev := range []call.Event{
		{Body: call.Connected{}},
		{Body: call.PlayCompleted{}, Ref: outbox.Ref{Op: 3, Send: 1}},
		{Body: call.Disconnected{}},
	} {
		ev.Key, ev.ConnectionID = ev.Kind(), "conn-1"
		if err := inst.Apply(t.Context(), cluster.InboundID, ev); err != nil {
			t.Fatal(err)
		}
		s.Background.Wait()
	}
	if c, _ := s.Row(cluster.InboundID); c.State != call.StateEnded || c.Active() || !c.HasWork() {
		t.Fatalf("call %+v, want it ended, with an outstanding recording only", c)
	}
	s.Points = cluster.FaultPoints{}
	return s
}

// Send accepts every request.
func (s *filingSim) Send(_ context.Context, _ call.Call, a outbox.Action) call.Event {
	answer := call.Replied{Verdict: call.VerdictOK}
	if a.Verb == outbox.VerbStartRecording {
		answer.RecordingID = s.startsAs
	}
	return call.Event{Key: a.ReplyKey(), Ref: a.Ref, ConnectionID: "conn-1", Body: answer}
}

// keepFile lets ACS store a file.
func (s *filingSim) keepFile(name string, body []byte) *storedFile {
	f := &storedFile{body: body, etag: "etag of " + name}
	s.stored["https://acs/"+name] = f
	return f
}

// keepFiles lets ACS store files.
func (s *filingSim) keepFiles(files bodies) {
	for name, body := range files {
		s.keepFile(name, body)
	}
}

// downloads returns the number of downloads of a file.
func (s *filingSim) downloads(name string) int { return len(s.stored["https://acs/"+name].opened) }

// deleteFile lets ACS delete a file.
func (s *filingSim) deleteFile(name string) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	delete(s.stored, "https://acs/"+name)
}

// message returns ACS's message that these files wait, each with metadata.
func message(key string, names ...string) filing.Message {
	m := filing.Message{Key: key, Details: filing.Details{
		Start: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), Duration: 61 * time.Second, ContentType: "Audio",
		ChannelType: "Mixed", Format: "Wav", EndReason: "CallEnded",
	}}
	for i, name := range names {
		m.Chunks = append(m.Chunks, filing.Chunk{
			DocumentID: name, Index: int64(i), ContentLocation: "https://acs/" + name,
			MetadataLocation: "https://acs/" + name + ".meta",
		})
	}
	return m
}

// receive puts a message of ACS into the queue.
func (s *filingSim) receive(m filing.Message) {
	s.put(0, func(e *cluster.Instance) error { return e.Receive(s.T.Context(), recordingID, m) })
}

// run delivers messages every 5 s and starts an instance when all have crashed, until the worklist is empty, limit at
// most. Then it waits for the messages.
func (s *filingSim) run(limit time.Duration) {
	s.T.Helper()
	began := time.Now()
	for s.Tick(); time.Since(began) < limit && len(s.WorklistRows.Entities()) > 0; {
		s.Tick()
	}
	done := make(chan struct{})
	go func() {
		s.Background.Wait()
		close(done)
	}()
	for waiting := true; waiting; {
		select {
		case <-done:
			waiting = false
		case <-time.After(5 * time.Second):
			if len(s.Running()) == 0 {
				s.Start()
			}
		}
	}
	if left := s.WorklistRows.Entities(); len(left) > 0 {
		s.T.Errorf("%s is on the worklist, want it empty", left[0].Doc)
	}
}

// checkFiledBeforeReported checks that no call's row says that its recording is filed before it is.
func (s *filingSim) checkFiledBeforeReported(w table.Write) {
	if w.Entity.Key.Row != "call" {
		return
	}
	var c call.Call
	if err := json.Unmarshal(w.Entity.Doc, &c); err != nil {
		s.T.Error(err)
	}
	for _, r := range c.Recordings {
		if r.State == call.RecordingFiled && len(s.files.Files()) == 0 {
			s.T.Errorf("the call's row has %+v, and there is no file, want one before", r)
		}
	}
}

// loadRecording returns the recording's row.
func (s *filingSim) loadRecording() filing.Recording {
	s.T.Helper()
	row, err := store.NewRecordings(s.OtherRows, s.WorklistRows).Load(s.T.Context(), recordingKey)
	if err != nil {
		s.T.Fatal(err)
	}
	return row.Value
}

// callRecording returns the recording in the call's row.
func (s *filingSim) callRecording() call.Recording {
	s.T.Helper()
	c, _ := s.Row(cluster.InboundID)
	if len(c.Recordings) != 1 {
		s.T.Fatalf("call %+v, want one recording", c)
	}
	return c.Recordings[0]
}

// wantCallRecording checks the state of the recording in the call's row.
func (s *filingSim) wantCallRecording(want call.RecordingState) {
	s.T.Helper()
	if got := s.callRecording(); got.State != want {
		s.T.Errorf("the call has %+v, want it %s", got, want)
	}
}

// wantSends checks the number of messages that were put into the queue.
func (s *filingSim) wantSends(want int) {
	s.T.Helper()
	if s.sends != want {
		s.T.Errorf("%d messages, want %d", s.sends, want)
	}
}

// wantNotReported checks that nothing was reported to the call about the recording's files.
func (s *filingSim) wantNotReported() {
	s.T.Helper()
	if got := s.callRecording(); got.State != call.RecordingFinished && got.State != call.RecordingWanted {
		s.T.Errorf("the call has %+v, want it %s or %s", got, call.RecordingFinished, call.RecordingWanted)
	}
}

// sidecar returns the sidecar of the file with the document id.
func (s *filingSim) sidecar(documentID string) (sidecar filer.Sidecar) {
	s.T.Helper()
	for _, c := range s.loadRecording().Chunks {
		if c.DocumentID != documentID {
			continue
		}
		doc, err := s.files.Read(s.T.Context(), c.File+".json")
		if err != nil {
			s.T.Fatal(err)
		}
		if err := json.Unmarshal(doc, &sidecar); err != nil {
			s.T.Fatal(err)
		}
	}
	return sidecar
}

// sha256Hex returns the SHA-256 of a body in hexadecimal.
func sha256Hex(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// wantFiled checks that the recording is filed with exactly these files, each with its sidecar, and that its
// row has them and the call that asked for it.
func (s *filingSim) wantFiled(by call.ID, files bodies) {
	s.T.Helper()
	r := s.loadRecording()
	if r.State != filing.StateFiled || len(r.Chunks) != len(files) || r.Call != string(by) {
		s.T.Errorf("recording %+v, want it %s, with %d files, of call %q", r, filing.StateFiled, len(files), by)
	}
	filed := map[string][]byte{}
	for _, f := range s.files.Files() {
		filed[f.Name] = f.Body
	}
	if len(filed) != 2*len(files) {
		s.T.Errorf("%d files in the archive, want %d", len(filed), 2*len(files))
	}
	for _, c := range r.Chunks {
		s.wantChunk(c, filed[c.File], files[c.DocumentID])
	}
}

// wantChunk checks one chunk of a recording that is filed, its file and its sidecar.
func (s *filingSim) wantChunk(c filing.Chunk, filed, body []byte) {
	s.T.Helper()
	sum := sha256Hex(body)
	if !bytes.Equal(filed, body) || c.SHA256 != sum || c.Size != int64(len(body)) || c.Progress != nil {
		s.T.Errorf("chunk %+v with %d bytes, want %d bytes, hash %s, no progress", c, len(filed), len(body), sum)
	}
	got := s.sidecar(c.DocumentID)
	if got.File != c.File || got.SHA256 != sum || got.Size != c.Size || got.DocumentID != c.DocumentID ||
		got.RecordingID != recordingID {
		s.T.Errorf("sidecar %+v, want that of chunk %+v", got, c)
	}
}
