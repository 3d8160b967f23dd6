package engine

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
	"switchboard/handler/flow"
	"switchboard/handler/store"
)

var recorded = call.FlowRef{Name: "recorded", Version: "v1"}

var recording = must(flow.Parse([]byte(`{"name":"recorded","start":"record","nodes":{
	"record":{"kind":"record","next":"say"},"say":{"kind":"play","prompt":{"text":"Hello."},"next":"end"},
	"end":{"kind":"hangup"}}}`)))

// The recording of the tests: ACS's id, and its key.
const recordingID = "recording/1=="

var recordingKey = store.RecordingKey(recordingID)

// vault is a house in which a call was recorded, ACS's store of the files, a queue,
// and an archive.
type vault struct {
	*house
	stored map[string]*storedFile // by location
	files  archivetest.Memory
	run    time.Duration // how long a run may copy

	startsAs   string               // the id that starting the recording gives; empty: none
	sends      int                  // messages put into the queue
	queueFails func(sends int) bool // nil: never
	turn       int                  // messages that processes have got
	written    int                  // writes to the archive
}

// newVault is a vault with a process, and with a call that is over and whose
// recording is owed. StartsAs is the id that ACS has told of it; empty: none.
func newVault(t *testing.T, startsAs string) *vault {
	t.Helper()
	v := &vault{stored: map[string]*storedFile{}, run: time.Minute, startsAs: startsAs}
	v.house = newHouse(t, func(inst *instance) {
		inst.Line, inst.Content, inst.RecordingRun = v, &download{v, inst}, v.run
		inst.Files, inst.Queue = &cabinet{v, inst}, &queue{v, inst}
	})
	v.watch = v.toldTooSoon
	e := v.start()
	ev := offer()
	body := ev.Body.(call.Offered)
	body.Flow = recorded
	ev.Body = body
	if err := e.Open(t.Context(), id, ev); err != nil {
		t.Fatal(err)
	}
	for _, ev := range []call.Event{
		{Body: call.Connected{}}, {Body: call.PlayCompleted{}, Ref: call.Ref{Op: 3, Send: 1}}, {Body: call.Disconnected{}},
	} {
		ev.Key, ev.ConnectionID = ev.Kind(), "conn-1"
		if err := e.Apply(t.Context(), id, ev); err != nil {
			t.Fatal(err)
		}
		v.background.Wait()
	}
	if c, _ := v.row(id); c.State != call.StateEnded || c.Busy() || !c.Owes() {
		t.Fatalf("call %+v", c)
	}
	v.moments = moments{}
	return v
}

// Do does what the call asks of ACS.
func (v *vault) Do(_ context.Context, _ call.Call, a call.Action) call.Event {
	answer := call.Replied{Verdict: call.Done}
	if a.Verb == call.StartRecord {
		answer.RecordingID = v.startsAs
	}
	return call.Event{Key: replyKey(a), Ref: a.Ref, ConnectionID: "conn-1", Body: answer}
}

// file makes ACS keep a file.
func (v *vault) file(name string, body []byte) *storedFile {
	f := &storedFile{body: body, etag: "etag of " + name}
	v.stored["https://acs/"+name] = f
	return f
}

// loses makes ACS delete a file.
func (v *vault) loses(name string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.stored, "https://acs/"+name)
}

// message is ACS's message that these files wait, each with a description.
func message(key string, names ...string) store.Finished {
	m := store.Finished{
		Key: key, Start: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), Duration: 61 * time.Second, ContentType: "Audio",
		ChannelType: "Mixed", Format: "Wav", EndReason: "CallEnded",
	}
	for i, name := range names {
		m.Chunks = append(m.Chunks, store.Chunk{
			DocumentID: name, Index: int64(i), ContentLocation: "https://acs/" + name,
			MetadataLocation: "https://acs/" + name + ".meta",
		})
	}
	return m
}

// arrives puts a message of ACS's into the queue.
func (v *vault) arrives(m store.Finished) {
	v.put(0, func(e *instance) error { return e.TakeRecording(v.t.Context(), recordingID, m) })
}

// play sweeps every 5 s and starts a new process where one has died, until nothing is
// listed and no message is under way.
func (v *vault) play(most time.Duration) {
	v.t.Helper()
	began := time.Now()
	for v.tick(); time.Since(began) < most && len(v.live.Entities()) > 0; {
		v.tick()
	}
	done := make(chan struct{})
	go func() {
		v.background.Wait()
		close(done)
	}()
	for waiting := true; waiting; {
		select {
		case <-done:
			waiting = false
		case <-time.After(5 * time.Second):
			if len(v.processes()) == 0 {
				v.start()
			}
		}
	}
	if left := v.live.Entities(); len(left) > 0 {
		v.t.Errorf("still listed: %s", left[0].Doc)
	}
}

// toldTooSoon checks that no call is told that its recording is filed before it is.
func (v *vault) toldTooSoon(w store.Write) {
	if w.Entity.Key.Row != "call" {
		return
	}
	var c call.Call
	if err := json.Unmarshal(w.Entity.Doc, &c); err != nil {
		v.t.Error(err)
	}
	for _, r := range c.Recordings {
		if r.State == call.RecordingFiled && len(v.files.Files()) == 0 {
			v.t.Error("the call says that its recording is filed, and there is no file")
		}
	}
}

// kept is the row of the recording.
func (v *vault) kept() store.Recording {
	v.t.Helper()
	row, err := store.NewRecordings(v.others, v.live).Load(v.t.Context(), recordingKey)
	if err != nil {
		v.t.Fatal(err)
	}
	return row.Value
}

// debt is the call's word on its recording, which is that of its row too.
func (v *vault) debt() call.Recording {
	v.t.Helper()
	c, _ := v.row(id)
	debts, err := store.NewCalls(v.calls, v.live).Debts(v.t.Context(), id)
	if err != nil || len(debts) != 1 || len(c.Recordings) != 1 {
		v.t.Fatalf("debts %+v, %v; call %+v", debts, err, c)
	}
	r := c.Recordings[0]
	if debts[0].State != r.State || debts[0].RecordingID != r.ID || debts[0].Reason != r.Reason {
		v.t.Errorf("the debt is %+v, the call says %+v", debts[0], r)
	}
	return r
}

// sidecar is the description of the file with the document id.
func (v *vault) sidecar(document string) (s Sidecar) {
	v.t.Helper()
	for _, c := range v.kept().Chunks {
		if c.DocumentID != document {
			continue
		}
		doc, err := v.files.Read(v.t.Context(), c.File+".json")
		if err != nil {
			v.t.Fatal(err)
		}
		if err := json.Unmarshal(doc, &s); err != nil {
			v.t.Fatal(err)
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
func (v *vault) filed(by call.ID, files bodies) {
	v.t.Helper()
	r := v.kept()
	if r.State != store.RecordingFiled || len(r.Chunks) != len(files) || r.Call != by {
		v.t.Errorf("recording %+v", r)
	}
	there := map[string][]byte{}
	for _, f := range v.files.Files() {
		there[f.Name] = f.Body
	}
	if len(there) != 2*len(files) {
		v.t.Errorf("%d files, want %d", len(there), 2*len(files))
	}
	for _, c := range r.Chunks {
		body := files[c.DocumentID]
		sum := sha(body)
		if !bytes.Equal(there[c.File], body) || c.SHA256 != sum || c.Size != int64(len(body)) || c.Progress != nil {
			v.t.Errorf("chunk %+v, %d bytes of %d", c, len(there[c.File]), len(body))
		}
		got := v.sidecar(c.DocumentID)
		if got.File != c.File || got.SHA256 != sum || got.Size != c.Size || got.DocumentID != c.DocumentID ||
			got.RecordingID != recordingID {
			v.t.Errorf("description %+v", got)
		}
	}
}
