package deadline

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fakeEngine records the shards that it attends to.
type fakeEngine struct{ shards []string }

func (f *fakeEngine) AttendShard(_ context.Context, shard string) { f.shards = append(f.shards, shard) }

// queued returns a message's text as the host delivers it: in JSON.
func queued(t testing.TB, text string) json.RawMessage {
	t.Helper()
	data, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestMessageLeadsToItsShard(t *testing.T) {
	const message = `{"shard":"0a","slot":473342411}`
	var f fakeEngine
	for _, text := range []string{message, base64.StdEncoding.EncodeToString([]byte(message))} {
		if err := (&Handler{&f}).Handle(t.Context(), queued(t, text)); err != nil {
			t.Errorf("Handle(%s): %v", text, err)
		}
	}
	if d := cmp.Diff([]string{"0a", "0a"}, f.shards); d != "" {
		t.Errorf("shards attended to (-want +got):\n%s", d)
	}
}

func TestInvalidMessagesAreGivenUp(t *testing.T) {
	for _, data := range []string{
		``, `7`, `"x"`, `""`, string(queued(t, `[]`)), string(queued(t, `{}`)), string(queued(t, `{"shard":"10"}`)),
		string(queued(t, `{"shard":7}`)), string(queued(t, `{"shard":"../0a"}`)), string(queued(t, `{"shard":"0a","slot":"x"}`)),
	} {
		var f fakeEngine
		if err := (&Handler{&f}).Handle(t.Context(), json.RawMessage(data)); err == nil || len(f.shards) > 0 {
			t.Errorf("Handle(%s): error %v, shards %v, want an error and no shard", data, err, f.shards)
		}
	}
}

func FuzzHandle(fuzz *testing.F) {
	for _, text := range []string{`{"shard":"0a","slot":1}`, `{"shard":"ff"}`, `{}`, `null`, `eyJzaGFyZCI6IjBhIn0=`} {
		fuzz.Add(text)
	}
	fuzz.Fuzz(func(t *testing.T, text string) {
		var f fakeEngine
		err := (&Handler{&f}).Handle(t.Context(), queued(t, text))
		if (err == nil) != (len(f.shards) == 1) {
			t.Errorf("Handle(%q): error %v, shards %v, want an error or one shard", text, err, f.shards)
		}
	})
}
