package deadline

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"switchboard/handler/campaign"
)

// recorder records what is attended to and dialled.
type recorder struct{ shards, campaigns []string }

func (r *recorder) AttendShard(_ context.Context, shard string) { r.shards = append(r.shards, shard) }

func (r *recorder) DialCampaign(_ context.Context, id campaign.ID) {
	r.campaigns = append(r.campaigns, string(id))
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

func TestMessageLeadsToItsShardOrCampaign(t *testing.T) {
	const shard, round = `{"shard":"0a","slot":473342411}`, `{"campaign":"appointments","slot":473342411}`
	var r recorder
	for _, text := range []string{shard, base64.StdEncoding.EncodeToString([]byte(shard)), round} {
		if err := (&Handler{&r, &r}).Handle(t.Context(), queued(t, text)); err != nil {
			t.Errorf("Handle(%s): %v", text, err)
		}
	}
	want := recorder{shards: []string{"0a", "0a"}, campaigns: []string{"appointments"}}
	if d := cmp.Diff(want, r, cmp.AllowUnexported(recorder{})); d != "" {
		t.Errorf("attended to (-want +got):\n%s", d)
	}
}

func TestInvalidMessagesAreGivenUp(t *testing.T) {
	for _, data := range []string{
		``, `7`, `"x"`, `""`, string(queued(t, `[]`)), string(queued(t, `{}`)), string(queued(t, `{"shard":"10"}`)),
		string(queued(t, `{"shard":7}`)), string(queued(t, `{"shard":"../0a"}`)), string(queued(t, `{"shard":"0a","slot":"x"}`)),
		string(queued(t, `{"shard":"0a","campaign":"a"}`)), string(queued(t, `{"campaign":7}`)),
	} {
		var r recorder
		if err := (&Handler{&r, &r}).Handle(t.Context(), json.RawMessage(data)); err == nil || len(r.shards)+len(r.campaigns) > 0 {
			t.Errorf("Handle(%s): error %v, attended to %+v, want an error and nothing", data, err, r)
		}
	}
}

func FuzzHandle(fuzz *testing.F) {
	for _, text := range []string{`{"shard":"0a","slot":1}`, `{"shard":"ff"}`, `{"campaign":"a"}`, `{}`, `null`, `eyJzaGFyZCI6IjBhIn0=`} {
		fuzz.Add(text)
	}
	fuzz.Fuzz(func(t *testing.T, text string) {
		var r recorder
		err := (&Handler{&r, &r}).Handle(t.Context(), queued(t, text))
		if (err == nil) != (len(r.shards)+len(r.campaigns) == 1) {
			t.Errorf("Handle(%q): error %v, attended to %+v, want an error or one of them", text, err, r)
		}
	})
}
