package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchboard/handler/filing"
	"switchboard/handler/table"
)

// acsID is an id in ACS's format, which needs escapes in a path.
const acsID = "eyJQbGF0Zm9ybUVuZHBvaW50SWQi/iJhIn0+Ow=="

// fakeRecordings are recordings by their keys.
type fakeRecordings map[string]filing.Recording

func (r fakeRecordings) Load(_ context.Context, key string) (table.Row[filing.Recording], error) {
	rec, ok := r[key]
	if !ok {
		return table.Row[filing.Recording]{}, table.ErrNotFound
	}
	return table.Row[filing.Recording]{Value: rec}, nil
}

// failingRecordings does not answer.
type failingRecordings struct{}

func (failingRecordings) Load(context.Context, string) (table.Row[filing.Recording], error) {
	return table.Row[filing.Recording]{}, errors.New("boom")
}

const secret = "https://media.example/content?token=secret"

var recorded = fakeRecordings{
	filing.Key(acsID): {
		ID: acsID, State: filing.StateFiling, Call: "in-1", Op: 4, Messages: []string{"secret"},
		Details: filing.Details{
			Start: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC), Duration: 63200 * time.Millisecond,
			ContentType: "audio/wav", ChannelType: "mixed", Format: "wav", EndReason: "CallEnded",
		},
		Chunks: []filing.Chunk{
			{
				DocumentID: "d0", ContentLocation: secret, MetadataLocation: secret, DeleteLocation: secret,
				EndReason: "SessionEnded", State: filing.ChunkFiled, File: "2026/03/04/d0.wav", Size: 1 << 20, SHA256: "abc",
				Progress: json.RawMessage(`{"etag":"secret"}`),
			},
			{DocumentID: "d1", Index: 1, ContentLocation: secret, State: filing.ChunkWaiting},
		},
	},
	filing.Key("linked"): {ID: "linked", State: filing.StateLinked, Call: "in-1", Op: 4},
}

func TestRecordingIsShownByItsKeyAndByItsID(t *testing.T) {
	key := filing.Key(acsID)
	want := `{"key":"` + key + `","id":"` + acsID + `","state":"filing","call":"in-1","op":4,` +
		`"start":"2026-03-04T05:06:07Z","duration":"1m3.2s","contentType":"audio/wav","channelType":"mixed",` +
		`"format":"wav","endReason":"CallEnded","chunks":[{"index":0,"state":"filed","file":"2026/03/04/d0.wav",` +
		`"size":1048576,"sha256":"abc","endReason":"SessionEnded"},{"index":1,"state":"waiting"}]}`
	h := &Handler{Recordings: recorded}
	for _, name := range []string{key, url.PathEscape(acsID), url.QueryEscape(acsID)} {
		got := ask(t, h, http.MethodGet, "/api/v1/recordings/"+name, "", "")
		if d := cmp.Diff(want, got.Body.String()); d != "" || got.Code != http.StatusOK {
			t.Errorf("%s: %d, body (-want +got):\n%s", name, got.Code, d)
		}
	}
}

func TestRecordingWithoutFilesHasAnEmptyList(t *testing.T) {
	got := ask(t, &Handler{Recordings: recorded}, http.MethodGet, "/api/v1/recordings/linked", "", "")
	want := `{"key":"` + filing.Key("linked") + `","id":"linked","state":"linked","call":"in-1","op":4,"chunks":[]}`
	if d := cmp.Diff(want, got.Body.String()); d != "" {
		t.Errorf("%d, body (-want +got):\n%s", got.Code, d)
	}
}

func TestRecordingsThatCannotBeShown(t *testing.T) {
	tests := []struct {
		name   string
		from   Recordings
		id     string
		status int
		want   string // in the reply
	}{
		{"an unknown id", recorded, "unknown", 404, "There is no such recording."},
		{"an unknown key", recorded, "re-unknown", 404, "There is no such recording."},
		{"storage that does not answer", failingRecordings{}, "unknown", 503, "Service Unavailable"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := ask(t, &Handler{Recordings: tt.from}, http.MethodGet, "/api/v1/recordings/"+tt.id, "", "")
			if got.Code != tt.status || !strings.Contains(got.Body.String(), tt.want) {
				t.Errorf("%d %s, want %d with %s", got.Code, got.Body, tt.status, tt.want)
			}
		})
	}
}
