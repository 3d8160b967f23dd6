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

// clerk takes recordings, or fails to.
type clerk struct {
	err    error
	taken  []string // ids
	wentOn []string // keys
	told   filing.Message
}

func (c *clerk) Receive(_ context.Context, id string, m filing.Message) error {
	c.taken, c.told = append(c.taken, id), m
	return c.err
}

func (c *clerk) File(_ context.Context, key string) error {
	c.wentOn = append(c.wentOn, key)
	return c.err
}

func documented(t testing.TB) string {
	t.Helper()
	doc, err := os.ReadFile("testdata/finished.json")
	if err != nil {
		t.Fatal(err)
	}
	return string(doc)
}

// queued is a text as the host hands it over: the message's text, in JSON.
func queued(t testing.TB, text string) json.RawMessage {
	t.Helper()
	data, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestAFinishedRecordingIsTaken(t *testing.T) {
	const at = "https://us-storage.asm.skype.com/v1/objects/0-eus-d12-801b"
	want := filing.Message{
		ACSCallID: "4f2d3a10-0000-4000-8000-2b1c",
		Start:     time.Date(2026, 11, 20, 8, 15, 42, 123456700, time.UTC), Duration: 61500 * time.Millisecond,
		ContentType: "Audio", ChannelType: "Unmixed", Format: "Wav", EndReason: "CallEnded",
		Chunks: []filing.Chunk{{
			DocumentID: "0-eus-d12-801b", Index: 3, EndReason: "SessionEnded", ContentLocation: at + "/content/audio",
			MetadataLocation: at + "/content/acsmetadata", DeleteLocation: at,
		}},
	}
	for name, text := range map[string]string{
		"plain": documented(t), "in base64": base64.StdEncoding.EncodeToString([]byte(documented(t))),
	} {
		t.Run(name, func(t *testing.T) {
			var c clerk
			if err := (&Handler{&c}).Handle(t.Context(), queued(t, text)); err != nil {
				t.Fatal(err)
			}
			if len(c.taken) != 1 || c.taken[0] != "eyJQbGF0Zm9ybSI6IjEifQ==" || len(c.wentOn) > 0 {
				t.Errorf("taken %v, went on with %v", c.taken, c.wentOn)
			}
			want.Key = c.told.Key
			if d := cmp.Diff(want, c.told); d != "" || want.Key == "" {
				t.Errorf("key %q, message (-want +got):\n%s", want.Key, d)
			}
		})
	}
}

func TestARecordingGoesOn(t *testing.T) {
	const message = `{"recording":"re-0123"}`
	for name, text := range map[string]string{
		"plain": message, "in base64": base64.StdEncoding.EncodeToString([]byte(message)),
	} {
		var c clerk
		if err := (&Handler{&c}).Handle(t.Context(), queued(t, text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if len(c.wentOn) != 1 || c.wentOn[0] != "re-0123" || len(c.taken) > 0 {
			t.Errorf("%s: went on with %v, taken %v", name, c.wentOn, c.taken)
		}
	}
}

// What cannot be taken fails, so that the host keeps it: an error is all there is to
// say so, and it says what is wrong.
func TestMessagesThatCannotBeTaken(t *testing.T) {
	changed := func(old, new string) string { return strings.Replace(documented(t), old, new, 1) }
	base64of := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	tests := []struct {
		name string
		data string // as the host hands it over
		want string // in the error
	}{
		{"not JSON", string(queued(t, "<recording/>")), "neither JSON nor base64 of JSON"},
		{"base64 of something else", string(queued(t, base64of("<recording/>"))), "neither JSON nor base64 of JSON"},
		{"base64 twice", string(queued(t, base64of(base64of(documented(t))))), "neither JSON nor base64 of JSON"},
		{"nothing", `""`, "neither JSON nor base64 of JSON"},
		{"no text", `{"recording":"re-0123"}`, "queue message"},
		{"no message", ``, "queue message"},
		{"another event", string(queued(t, changed("RecordingFileStatusUpdated", "CallEnded"))), event.ErrNotOurs.Error()},
		{"other JSON", string(queued(t, `{"recording":""}`)), event.ErrNotOurs.Error()},
		{"an event without a recording's id", string(queued(t, changed("recordingId/eyJQbGF0Zm9ybSI6IjEifQ==", ""))), "recordingId"},
		{"an event without files", string(queued(t, changed("recordingChunks", "recordingFiles"))), "recordingChunks"},
		{"a file without its place", string(queued(t, changed("contentLocation", "location"))), "contentLocation"},
		{"an event that is cut off", string(queued(t, documented(t)[:400])), "neither JSON nor base64 of JSON"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var c clerk
			err := (&Handler{&c}).Handle(t.Context(), []byte(tt.data))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one of %q", err, tt.want)
			}
			if len(c.taken)+len(c.wentOn) > 0 {
				t.Errorf("taken %v, went on with %v", c.taken, c.wentOn)
			}
		})
	}
}

func TestAMessageThatIsNotDoneFails(t *testing.T) {
	boom := errors.New("boom")
	for _, text := range []string{documented(t), `{"recording":"re-0123"}`} {
		if err := (&Handler{&clerk{err: boom}}).Handle(t.Context(), queued(t, text)); !errors.Is(err, boom) {
			t.Errorf("error %v, want %v", err, boom)
		}
	}
}

func FuzzHandle(f *testing.F) {
	for _, text := range []string{documented(f), `{"recording":"re-0123"}`, `{"recording":7}`, `[]`, `null`, ``, `e30=`} {
		f.Add(text)
		f.Add(base64.StdEncoding.EncodeToString([]byte(text)))
	}
	f.Fuzz(func(t *testing.T, text string) {
		var c clerk
		err := (&Handler{&c}).Handle(t.Context(), queued(t, text))
		if taken := len(c.taken) + len(c.wentOn); (err == nil) != (taken == 1) {
			t.Errorf("error %v, taken %v, went on with %v", err, c.taken, c.wentOn)
		}
		if len(c.taken) == 1 && (c.taken[0] == "" || c.told.Key == "" || len(c.told.Chunks) == 0) {
			t.Errorf("taken %q: %+v", c.taken, c.told)
		}
	})
}
