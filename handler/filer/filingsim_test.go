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

// vault is a house in which a call was recorded, ACS's store of the files, a queue,
// and an archive.
type filingSim struct {
	*cluster.Cluster
	stored   map[string]*storedFile // by location
	files    archivetest.Memory
	copyTime time.Duration // how long a run may copy

	startsAs   string               // the id that starting the recording gives; empty: none
	sends      int                  // messages put into the queue
	queueFails func(sends int) bool // nil: never
	turn       int                  // messages that processes have got
	written    int                  // writes to the archive
}

// newVault is a vault with a process, and with a call that is over and whose
// recording is owed. StartsAs is the id that ACS has told of it; empty: none.
func newFilingSim(t *testing.T, startsAs string) *filingSim {
	t.Helper()
	v := &filingSim{stored: map[string]*storedFile{}, copyTime: time.Minute, startsAs: startsAs}
	v.Cluster = cluster.New(t, func(inst *cluster.Instance) cluster.Config {
		return cluster.Config{
			Sender: v, Content: &download{v, inst}, Files: &faultyFiles{v, inst}, Queue: &queue{v, inst}, CopyTimeout: v.copyTime,
		}
	})
	v.Watch = v.checkFiledBeforeReported
	e := v.Start()
	ev := cluster.Offer()
	body := ev.Body.(call.Offered)
	body.Flow = cluster.RecordedRef
	ev.Body = body
	if err := e.Open(t.Context(), cluster.InboundID, ev); err != nil {
		t.Fatal(err)
	}
	for _, ev := range []call.Event{
		{Body: call.Connected{}}, {Body: call.PlayCompleted{}, Ref: outbox.Ref{Op: 3, Send: 1}}, {Body: call.Disconnected{}},
	} {
		ev.Key, ev.ConnectionID = ev.Kind(), "conn-1"
		if err := e.Apply(t.Context(), cluster.InboundID, ev); err != nil {
			t.Fatal(err)
		}
		v.Background.Wait()
	}
	if c, _ := v.Row(cluster.InboundID); c.State != call.StateEnded || c.Active() || !c.HasWork() {
		t.Fatalf("call %+v", c)
	}
	v.Points = cluster.FaultPoints{}
	return v
}

// Do does what the call asks of ACS.
func (v *filingSim) Send(_ context.Context, _ call.Call, a outbox.Action) call.Event {
	answer := call.Replied{Verdict: call.VerdictOK}
	if a.Verb == outbox.VerbStartRecording {
		answer.RecordingID = v.startsAs
	}
	return call.Event{Key: a.ReplyKey(), Ref: a.Ref, ConnectionID: "conn-1", Body: answer}
}

// file makes ACS keep a file.
func (v *filingSim) file(name string, body []byte) *storedFile {
	f := &storedFile{body: body, etag: "etag of " + name}
	v.stored["https://acs/"+name] = f
	return f
}

// loses makes ACS delete a file.
func (v *filingSim) deleteFile(name string) {
	v.Mu.Lock()
	defer v.Mu.Unlock()
	delete(v.stored, "https://acs/"+name)
}

// message is ACS's message that these files wait, each with a description.
func message(key string, names ...string) filing.Message {
	m := filing.Message{
		Key: key, Start: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), Duration: 61 * time.Second, ContentType: "Audio",
		ChannelType: "Mixed", Format: "Wav", EndReason: "CallEnded",
	}
	for i, name := range names {
		m.Chunks = append(m.Chunks, filing.Chunk{
			DocumentID: name, Index: int64(i), ContentLocation: "https://acs/" + name,
			MetadataLocation: "https://acs/" + name + ".meta",
		})
	}
	return m
}

// arrives puts a message of ACS's into the queue.
func (v *filingSim) receive(m filing.Message) {
	v.put(0, func(e *cluster.Instance) error { return e.Receive(v.T.Context(), recordingID, m) })
}

// play sweeps every 5 s and starts a new process where one has died, until nothing is
// listed and no message is under way.
func (v *filingSim) play(most time.Duration) {
	v.T.Helper()
	began := time.Now()
	for v.Tick(); time.Since(began) < most && len(v.WorklistRows.Entities()) > 0; {
		v.Tick()
	}
	done := make(chan struct{})
	go func() {
		v.Background.Wait()
		close(done)
	}()
	for waiting := true; waiting; {
		select {
		case <-done:
			waiting = false
		case <-time.After(5 * time.Second):
			if len(v.Running()) == 0 {
				v.Start()
			}
		}
	}
	if left := v.WorklistRows.Entities(); len(left) > 0 {
		v.T.Errorf("still listed: %s", left[0].Doc)
	}
}

// toldTooSoon checks that no call is told that its recording is filed before it is.
func (v *filingSim) checkFiledBeforeReported(w table.Write) {
	if w.Entity.Key.Row != "call" {
		return
	}
	var c call.Call
	if err := json.Unmarshal(w.Entity.Doc, &c); err != nil {
		v.T.Error(err)
	}
	for _, r := range c.Recordings {
		if r.State == call.RecordingFiled && len(v.files.Files()) == 0 {
			v.T.Error("the call says that its recording is filed, and there is no file")
		}
	}
}

// kept is the row of the recording.
func (v *filingSim) loadRecording() filing.Recording {
	v.T.Helper()
	row, err := store.NewRecordings(v.OtherRows, v.WorklistRows).Load(v.T.Context(), recordingKey)
	if err != nil {
		v.T.Fatal(err)
	}
	return row.Value
}

// debt is the call's word on its recording, which is that of its row too.
func (v *filingSim) callRecording() call.Recording {
	v.T.Helper()
	c, _ := v.Row(cluster.InboundID)
	if len(c.Recordings) != 1 {
		v.T.Fatalf("call %+v", c)
	}
	return c.Recordings[0]
}

// sidecar is the description of the file with the document id.
func (v *filingSim) sidecar(document string) (s filer.Sidecar) {
	v.T.Helper()
	for _, c := range v.loadRecording().Chunks {
		if c.DocumentID != document {
			continue
		}
		doc, err := v.files.Read(v.T.Context(), c.File+".json")
		if err != nil {
			v.T.Fatal(err)
		}
		if err := json.Unmarshal(doc, &s); err != nil {
			v.T.Fatal(err)
		}
	}
	return s
}

func sha(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// filed checks that the files are there, each once, whole, and with a description
// that says so, and that the recording's row knows, and by which call.
func (v *filingSim) wantFiled(by call.ID, files bodies) {
	v.T.Helper()
	r := v.loadRecording()
	if r.State != filing.StateFiled || len(r.Chunks) != len(files) || r.Call != string(by) {
		v.T.Errorf("recording %+v", r)
	}
	there := map[string][]byte{}
	for _, f := range v.files.Files() {
		there[f.Name] = f.Body
	}
	if len(there) != 2*len(files) {
		v.T.Errorf("%d files, want %d", len(there), 2*len(files))
	}
	for _, c := range r.Chunks {
		body := files[c.DocumentID]
		sum := sha(body)
		if !bytes.Equal(there[c.File], body) || c.SHA256 != sum || c.Size != int64(len(body)) || c.Progress != nil {
			v.T.Errorf("chunk %+v, %d bytes of %d", c, len(there[c.File]), len(body))
		}
		got := v.sidecar(c.DocumentID)
		if got.File != c.File || got.SHA256 != sum || got.Size != c.Size || got.DocumentID != c.DocumentID ||
			got.RecordingID != recordingID {
			v.T.Errorf("description %+v", got)
		}
	}
}
