package acssim

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestUnacknowledgedCallbacksAreRepeated(t *testing.T) {
	tests := []struct {
		name   string
		refuse int // number of refusals
		want   []string
	}{
		{"until they are accepted", 2, []string{"CallConnected create", "CallConnected create", "CallConnected create"}},
		{"up to CallbackAttempts", 100, []string{"CallConnected create", "CallConnected create", "CallConnected create", "CallConnected create"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, &Server{}, func(t *testing.T, app *application) {
				refused := 0
				app.status = func(e callbackEvent) int {
					if e.Type == "CallConnected" && refused < tt.refuse {
						refused++
						return 503
					}
					return 0
				}
				app.create("8:orgid:o")
				app.wait(time.Minute)
				var got []string
				for _, e := range app.received() {
					if e != "ParticipantsUpdated" {
						got = append(got, e)
					}
				}
				if d := cmp.Diff(tt.want, got); d != "" {
					t.Errorf("events (-want +got):\n%s", d)
				}
				if n := app.last("ParticipantsUpdated").Data.SequenceNumber; n != 1 {
					t.Errorf("sequence number = %d, want 1", n)
				}
			})
		})
	}
}
