package recording

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchboard/handler/event"
	"switchboard/handler/filing"
)

// fakeFiler records the recordings that it receives and resumes, or fails.
type fakeFiler struct {
	err      error
	received []string // ids
	resumed  []string // keys
	message  filing.Message
}

func (f *fakeFiler) Receive(_ context.Context, id string, m filing.Message) error {
	f.received, f.message = append(f.received, id), m
	return f.err
}

func (f *fakeFiler) File(_ context.Context, key string) error {
	f.resumed = append(f.resumed, key)
	return f.err
}

// documented returns testdata/finished.json, an event as Microsoft documents it.
func documented(t testing.TB) string {
	t.Helper()
	doc, err := os.ReadFile("testdata/finished.json")
	if err != nil {
		t.Fatal(err)
	}
	return string(doc)
}

// queued returns a message's text as the host delivers it: in JSON.
func queued(t testing.TB, text string) json.RawMessage {
	t.Helper()
	data, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestEventOfAFinishedRecordingIsReceived(t *testing.T) {
	const at = "https://us-storage.asm.skype.com/v1/objects/0-eus-d12-801b"
	want := filing.Message{
		Details: filing.Details{
			ACSCallID: "4f2d3a10-0000-4000-8000-2b1c",
			Start:     time.Date(2026, 11, 20, 8, 15, 42, 123456700, time.UTC), Duration: 61500 * time.Millisecond,
			ContentType: "Audio", ChannelType: "Unmixed", Format: "Wav", EndReason: "CallEnded",
		},
		Chunks: []filing.Chunk{{
			DocumentID: "0-eus-d12-801b", Index: 3, EndReason: "SessionEnded", ContentLocation: at + "/content/audio",
			MetadataLocation: at + "/content/acsmetadata", DeleteLocation: at,
		}},
	}
	for name, text := range map[string]string{
		"plain": documented(t), "in base64": base64.StdEncoding.EncodeToString([]byte(documented(t))),
	} {
		t.Run(name, func(t *testing.T) {
			var f fakeFiler
			if err := (&Handler{&f}).Handle(t.Context(), queued(t, text)); err != nil {
				t.Fatal(err)
			}
			if len(f.received) != 1 || f.received[0] != "eyJQbGF0Zm9ybSI6IjEifQ==" || len(f.resumed) > 0 {
				t.Errorf("received %v, resumed %v, want the event's recording received", f.received, f.resumed)
			}
			want.Key = f.message.Key
			if d := cmp.Diff(want, f.message); d != "" || want.Key == "" {
				t.Errorf("key %q, message (-want +got):\n%s", want.Key, d)
			}
		})
	}
}

func TestResumeMessageResumesItsRecording(t *testing.T) {
	const message = `{"recording":"re-0123"}`
	for name, text := range map[string]string{
		"plain": message, "in base64": base64.StdEncoding.EncodeToString([]byte(message)),
	} {
		var f fakeFiler
		if err := (&Handler{&f}).Handle(t.Context(), queued(t, text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if len(f.resumed) != 1 || f.resumed[0] != "re-0123" || len(f.received) > 0 {
			t.Errorf("%s: resumed %v, received %v, want re-0123 resumed", name, f.resumed, f.received)
		}
	}
}

// An invalid message fails, so that the host keeps it. The error names the fault.
func TestInvalidMessagesFail(t *testing.T) {
	changed := func(old, new string) string { return strings.Replace(documented(t), old, new, 1) }
	base64of := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	tests := []struct {
		name string
		data string // as the host delivers it
		want string // in the error
	}{
		{"not JSON", string(queued(t, "<recording/>")), "neither JSON nor base64 of JSON"},
		{"base64 of something else", string(queued(t, base64of("<recording/>"))), "neither JSON nor base64 of JSON"},
		{"base64 twice", string(queued(t, base64of(base64of(documented(t))))), "neither JSON nor base64 of JSON"},
		{"an empty text", `""`, "neither JSON nor base64 of JSON"},
		{"a message that is not a text", `{"recording":"re-0123"}`, "queue message"},
		{"no data", ``, "queue message"},
		{"another event", string(queued(t, changed("RecordingFileStatusUpdated", "CallEnded"))), event.ErrNotOurs.Error()},
		{"other JSON", string(queued(t, `{"recording":""}`)), event.ErrNotOurs.Error()},
		{"an event without a recording's id", string(queued(t, changed("recordingId/eyJQbGF0Zm9ybSI6IjEifQ==", ""))), "recordingId"},
		{"an event without files", string(queued(t, changed("recordingChunks", "recordingFiles"))), "recordingChunks"},
		{"a file without its location", string(queued(t, changed("contentLocation", "location"))), "contentLocation"},
		{"an event that is cut off", string(queued(t, documented(t)[:400])), "neither JSON nor base64 of JSON"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var f fakeFiler
			err := (&Handler{&f}).Handle(t.Context(), []byte(tt.data))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one of %q", err, tt.want)
			}
			if len(f.received)+len(f.resumed) > 0 {
				t.Errorf("received %v, resumed %v, want none", f.received, f.resumed)
			}
		})
	}
}

func TestMessageFailsWhenItsRecordingFails(t *testing.T) {
	boom := errors.New("boom")
	for _, text := range []string{documented(t), `{"recording":"re-0123"}`} {
		if err := (&Handler{&fakeFiler{err: boom}}).Handle(t.Context(), queued(t, text)); !errors.Is(err, boom) {
			t.Errorf("error %v, want %v", err, boom)
		}
	}
}

func FuzzHandle(fuzz *testing.F) {
	for _, text := range []string{documented(fuzz), `{"recording":"re-0123"}`, `{"recording":7}`, `[]`, `null`, ``, `e30=`} {
		fuzz.Add(text)
		fuzz.Add(base64.StdEncoding.EncodeToString([]byte(text)))
	}
	fuzz.Fuzz(func(t *testing.T, text string) {
		var f fakeFiler
		err := (&Handler{&f}).Handle(t.Context(), queued(t, text))
		if handled := len(f.received) + len(f.resumed); (err == nil) != (handled == 1) {
			t.Errorf("error %v, received %v, resumed %v, want an error or one recording", err, f.received, f.resumed)
		}
		if len(f.received) == 1 && (f.received[0] == "" || f.message.Key == "" || len(f.message.Chunks) == 0) {
			t.Errorf("received %q: %+v, want an id, a key and files", f.received, f.message)
		}
	})
}
