package acssim

import (
	"testing"
	"time"
)

func TestIncomingCallsAreAnnouncedByEventGridsRules(t *testing.T) {
	tests := []struct {
		name   string
		answer int
		want   int // deliveries
	}{
		{"taken at once", 202, 1},
		{"tried twice after a failure", 500, 2},
		{"not tried again after a 400", 400, 1},
		{"not tried again after a 403", 403, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, &Server{}, func(t *testing.T, app *application) {
				app.offerStatus = tt.answer
				if _, err := app.sim.Ring(Caller{From: caller, To: line}); err != nil {
					t.Fatal(err)
				}
				app.wait(2 * time.Minute)
				if len(app.offers) != tt.want {
					t.Errorf("%d deliveries, want %d", len(app.offers), tt.want)
				}
				if c := app.sim.Calls()[0]; c.State != "disconnected" || c.EndedAt.Sub(c.StartedAt) != ringTime {
					t.Errorf("the caller did not give up after 30 s: %+v", c)
				}
			})
		})
	}
	t.Run("a webhook that comes up late is subscribed then", func(t *testing.T) {
		inBubble(t, &Server{}, func(t *testing.T, app *application) {
			app.down.Store(true)
			if _, err := app.sim.Ring(Caller{From: caller, To: line}); err != nil {
				t.Fatal(err)
			}
			app.wait(10 * time.Second)
			app.down.Store(false)
			app.wait(5 * time.Second)
			if len(app.offers) != 1 {
				t.Errorf("%d deliveries, want 1", len(app.offers))
			}
		})
	})
}
