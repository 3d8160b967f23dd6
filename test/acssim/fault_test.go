package acssim

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"
)

func TestEventFaults(t *testing.T) {
	tests := []struct {
		name   string
		sim    *Server
		script string
		want   []string
	}{
		{"everything twice", &Server{DuplicateAll: true}, "wait answer; hang up after 1s", []string{
			"CallConnected answer", "CallConnected answer", "ParticipantsUpdated", "ParticipantsUpdated",
			"CallDisconnected answer", "CallDisconnected answer"}},
		{"neighbours swapped", &Server{SwapNeighbours: true}, "wait answer; hang up after 1s", []string{
			"ParticipantsUpdated", "CallConnected answer", "CallDisconnected answer"}},
		{"twice and swapped", &Server{DuplicateAll: true, SwapNeighbours: true}, "wait answer; hang up after 1s", []string{
			"ParticipantsUpdated", "ParticipantsUpdated", "CallConnected answer", "CallConnected answer",
			"CallDisconnected answer", "CallDisconnected answer"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, tt.sim, func(t *testing.T, app *application) {
				app.connectCaller(tt.script)
				app.wait(10 * time.Second)
				if d := cmp.Diff(tt.want, app.received()); d != "" {
					t.Errorf("events (-want +got):\n%s", d)
				}
				offers := map[bool]int{false: 1, true: 2}[tt.sim.DuplicateAll]
				if len(app.offers) != offers {
					t.Errorf("%d offers, want %d", len(app.offers), offers)
				}
			})
		})
	}

	t.Run("a duplicate has the id of the first", func(t *testing.T) {
		inBubble(t, &Server{Faults: &Faults{Duplicate: 1}}, func(t *testing.T, app *application) {
			app.create("8:orgid:o")
			app.wait(10 * time.Second)
			seen := map[string]int{}
			for _, e := range app.events {
				seen[e.ID]++
			}
			for id, n := range seen {
				if n != 2 {
					t.Errorf("event %s came %d times, want twice", id, n)
				}
			}
			if len(seen) != 2 {
				t.Errorf("%d events, want 2", len(seen))
			}
		})
	})
	t.Run("events are late", func(t *testing.T) {
		inBubble(t, &Server{Faults: &Faults{Delay: 1}}, func(t *testing.T, app *application) {
			created := time.Now()
			app.create("8:orgid:o")
			app.wait(10 * time.Second)
			if len(app.events) != 2 {
				t.Fatalf("events = %q, want 2", app.received())
			}
			if late := app.last("CallConnected").At.Sub(created) - time.Second - eventTime; late <= 0 || late > maxDelay {
				t.Errorf("CallConnected was %v late, want up to %v", late, maxDelay)
			}
		})
	})
}

func TestEventsComeBeforeTheAnswer(t *testing.T) {
	t.Run("the answer comes after the events", func(t *testing.T) {
		inBubble(t, &Server{Faults: &Faults{Early: 1}}, func(t *testing.T, app *application) {
			before := 0
			app.onOffer = func(context string) {
				app.must(200, "POST", "/calling/callConnections:answer", app.answerBody(context))
				before = len(app.received())
			}
			if _, err := app.sim.Ring(Caller{From: caller, To: line}); err != nil {
				t.Fatal(err)
			}
			app.wait(5 * time.Second)
			if before != 2 {
				t.Errorf("%d events came before the answer, want 2", before)
			}
		})
	})
}

func TestAnswersAreLost(t *testing.T) {
	t.Run("the answer is lost after the request was carried out", func(t *testing.T) {
		cut, lost := 0, 0
		inBubble(t, &Server{Faults: &Faults{LoseAnswer: 1}}, func(t *testing.T, app *application) {
			const n = 20
			for i := range n {
				answer, err := app.try("POST", "/calling/callConnections", fmt.Sprintf(
					`{"targets":[{"rawId":"8:orgid:%d"}],"callbackUri":"http://127.0.0.1:7071/callbacks"}`, i), nil)
				switch {
				case errors.Is(err, io.ErrUnexpectedEOF):
					cut++
				case err == nil && answer.status == 500:
					lost++
				default:
					t.Errorf("answer = %s, %v, want none", answer.code(), err)
				}
			}
			app.wait(5 * time.Second)
			if len(app.sim.Rings()) != n {
				t.Errorf("%d telephones rang, want %d", len(app.sim.Rings()), n)
			}
		})
		if cut == 0 || lost == 0 {
			t.Errorf("%d connections were cut, %d answers replaced; want some of both", cut, lost)
		}
	})
	t.Run("an answer that was cut off is there for the repeat", func(t *testing.T) {
		inBubble(t, &Server{Faults: &Faults{LoseAnswer: 1}}, func(t *testing.T, app *application) {
			const body = `{"targets":[{"rawId":"8:orgid:o"}],"callbackUri":"http://127.0.0.1:7071/callbacks"}`
			h := pairHeader()
			for {
				if _, err := app.try("POST", "/calling/callConnections", body, h); err != nil {
					break // cut
				}
				h = pairHeader()
			}
			rang := app.sim.RingsOf("8:orgid:o")
			if again, err := app.try("POST", "/calling/callConnections", body, h); err != nil || again.status != 201 {
				t.Errorf("again = %s, %v, want 201", again.code(), err)
			}
			if n := app.sim.RingsOf("8:orgid:o"); n != rang {
				t.Errorf("%d rings after the repeat, want %d", n, rang)
			}
		})
	})
}

func TestRatesOfFaults(t *testing.T) {
	t.Run("rates are between 0 and 1", func(t *testing.T) {
		inBubble(t, &Server{}, func(t *testing.T, app *application) {
			if app.sim.SetFaults(Faults{Delay: 1.1}) == nil || app.sim.SetFaults(Faults{Delay: -1}) == nil {
				t.Error("an impossible rate was accepted, want an error")
			}
		})
	})
}

// Runs with the same seed have the same entries for each call, in the same order.
// Entries of one call at the same time may be in any order.
func TestASeedReplaysARun(t *testing.T) {
	run := func(seed uint64) []string {
		var mu sync.Mutex
		var entries []string
		sim := &Server{Seed: seed, Faults: &Faults{Duplicate: 0.3, Swap: 0.3, Delay: 0.3, Throttle: 0.2, LoseAnswer: 0.2, ServerError: 0.2}}
		sim.OnEvent = func(e Entry) {
			mu.Lock()
			defer mu.Unlock()
			entries = append(entries, fmt.Sprint(e.Call, e.Time.UnixNano(), e.Kind, e.Text))
		}
		inBubble(t, sim, func(t *testing.T, app *application) {
			for i := range 20 {
				answer, err := app.try("POST", "/calling/callConnections", fmt.Sprintf(
					`{"targets":[{"rawId":"8:orgid:%d"}],"callbackUri":"http://127.0.0.1:7071/callbacks"}`, i), nil)
				if err == nil && answer.status == 201 {
					app.wait(2 * time.Second)
					_, _ = app.try("POST", app.pathOf(answer)+":terminate", "", nil)
				}
			}
			app.wait(time.Minute)
		})
		slices.Sort(entries)
		return entries
	}
	first := run(7)
	if d := cmp.Diff(first, run(7)); d != "" {
		t.Errorf("the same seed (-first +second):\n%s", d)
	}
	if cmp.Equal(first, run(8)) {
		t.Errorf("two seeds give the run %q, want two runs", first)
	}
	if !slices.ContainsFunc(first, func(e string) bool { return strings.Contains(e, "fault") }) {
		t.Errorf("run = %q, want a fault in it", first)
	}
}

func TestEventsAreLostOrComeTogether(t *testing.T) {
	t.Run("events are lost", func(t *testing.T) {
		inBubble(t, &Server{Faults: &Faults{Loss: 1}}, func(t *testing.T, app *application) {
			app.create("8:orgid:o")
			if _, err := app.sim.Ring(Caller{From: caller, To: line}); err != nil {
				t.Fatal(err)
			}
			app.wait(10 * time.Second)
			if len(app.events)+len(app.offers) != 0 {
				t.Errorf("events = %q, offers %d, want none", app.received(), len(app.offers))
			}
		})
	})
	t.Run("events come together", func(t *testing.T) {
		inBubble(t, &Server{Faults: &Faults{Batch: 1}}, func(t *testing.T, app *application) {
			app.create("8:orgid:o")
			for range 3 {
				if _, err := app.sim.Ring(Caller{From: caller, To: line}); err != nil {
					t.Fatal(err)
				}
			}
			app.wait(10 * time.Second)
			if len(app.events) != 2 || app.events[0].Together != 2 || len(app.offers) != 3 {
				t.Errorf("events = %+v, offers %d, want 2 events together, 3 offers", app.events, len(app.offers))
			}
		})
	})
}

func TestTokensAreSkewed(t *testing.T) {
	t.Run("tokens are from a clock that is off", func(t *testing.T) {
		inBubble(t, &Server{Faults: &Faults{Skew: 1}}, func(t *testing.T, app *application) {
			var mu sync.Mutex
			off := map[time.Duration]bool{}
			app.onToken = func(claims jwt.RegisteredClaims) {
				d := time.Until(claims.IssuedAt.Time).Abs()
				mu.Lock()
				defer mu.Unlock()
				off[d] = true
				if d > maxSkewed+time.Second {
					t.Errorf("off by %v, want %v at most", d, maxSkewed)
				}
			}
			for range 5 {
				app.create("8:orgid:o")
			}
			app.wait(10 * time.Second)
			if len(off) < 5 || len(app.events) != 10 {
				t.Errorf("skews = %v, %d events, want 5 skews of 10 events", off, len(app.events))
			}
		})
	})
}

func TestServicesAreSlowOrFail(t *testing.T) {
	t.Run("answers are slow", func(t *testing.T) {
		inBubble(t, &Server{Faults: &Faults{Slow: 1}}, func(t *testing.T, app *application) {
			began := time.Now()
			app.create("8:orgid:o")
			if took := time.Since(began); took != slowHold {
				t.Errorf("it took %v, want %v", took, slowHold)
			}
		})
	})
	t.Run("the media service fails", func(t *testing.T) {
		inBubble(t, &Server{Faults: &Faults{Media: 1}, CallsPerNumber: -1}, func(t *testing.T, app *application) {
			if err := app.sim.SetPhone(caller, "answer; wait 10s; press 1"); err != nil {
				t.Fatal(err)
			}
			path := app.createStreamed("mixed", streamURL, true)
			app.wait(time.Second)
			app.must(202, "POST", path+":play", `{"playSources":[{"kind":"file","file":{"uri":"https://x.example/a.wav"}}]}`)
			app.must(202, "POST", path+":sendDtmfTones", fmt.Sprintf(`{"tones":["one"],"targetParticipant":{"rawId":%q}}`, caller))
			app.must(202, "POST", path+":recognize", fmt.Sprintf(`{"recognizeInputType":"dtmf","recognizeOptions":{"targetParticipant":{"rawId":%q}}}`, caller))
			app.must(200, "POST", path+":hold", fmt.Sprintf(`{"targetParticipant":{"rawId":%q}}`, caller))
			app.must(200, "POST", path+":startContinuousDtmfRecognition", fmt.Sprintf(`{"targetParticipant":{"rawId":%q}}`, caller))
			app.wait(20 * time.Second)
			got := app.received()
			for _, want := range []string{
				"PlayFailed 500/9999", "SendDtmfTonesFailed 500/9999", "RecognizeFailed 500/9999", "HoldFailed 500/9999",
				"ContinuousDtmfRecognitionToneFailed 500/9999", "MediaStreamingFailed 400/8581", "TranscriptionFailed 400/8581",
			} {
				if !slices.Contains(got, want) {
					t.Errorf("events = %q, want %s", got, want)
				}
			}
		})
	})
}
