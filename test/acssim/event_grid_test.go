package acssim

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestIncomingCallsAreAnnouncedByEventGridsRules(t *testing.T) {
	tests := []struct {
		name   string
		answer int
		want   int // deliveries
	}{
		{"accepted at once", 202, 1},
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
					t.Errorf("call = %+v, want the caller to give up after %v", c, ringTime)
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

// queue is a Queue that keeps messages.
type queue struct {
	mu       sync.Mutex
	messages []string
	broken   int // number of messages to refuse first
}

func (q *queue) Enqueue(_ context.Context, text string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.broken > 0 {
		q.broken--
		return errors.New("the queue is away")
	}
	q.messages = append(q.messages, text)
	return nil
}

func TestEventsOntoAQueue(t *testing.T) {
	encoded, plain, cloud := &queue{broken: 2}, &queue{}, &queue{}
	sim := &Server{Subscriptions: []Subscription{
		{Queue: encoded}, {Queue: plain, PlainText: true}, {Queue: cloud, PlainText: true, CloudEvents: true},
		{Types: []string{"RecordingFileStatusUpdated"}, Queue: &queue{}},
	}}
	inBubble(t, sim, func(t *testing.T, app *application) {
		path := app.connectCaller("wait answer; hang up after 5s")
		app.record(path, "")
		app.wait(time.Minute)
	})
	if len(encoded.messages) != 2 || len(plain.messages) != 2 || len(cloud.messages) != 2 {
		t.Fatalf("%d, %d and %d messages, want 2 each",
			len(encoded.messages), len(plain.messages), len(cloud.messages))
	}
	decoded, err := base64.StdEncoding.DecodeString(encoded.messages[1])
	if err != nil || string(decoded) != plain.messages[1] {
		t.Errorf("base64 = %s, %v, want %s", decoded, err, plain.messages[1])
	}
	var event gridEvent
	if err := json.Unmarshal([]byte(plain.messages[1]), &event); err != nil || event.EventType != "Microsoft.Communication.RecordingFileStatusUpdated" {
		t.Errorf("plain = %s, want a RecordingFileStatusUpdated", plain.messages[1])
	}
	if !strings.HasPrefix(event.Subject, "/recording/call/") || !strings.Contains(event.Subject, "/recordingId/") {
		t.Errorf("subject = %s, want the call and the recording in it", event.Subject)
	}
	var ce cloudGridEvent
	if err := json.Unmarshal([]byte(cloud.messages[1]), &ce); err != nil || ce.SpecVersion != "1.0" || ce.Type != event.EventType || ce.ID != event.ID {
		t.Errorf("cloud = %s, want a CloudEvent of the type and id of %+v", cloud.messages[1], event)
	}
}

func TestEventsInTheSchemaOfCloudEvents(t *testing.T) {
	var mu sync.Mutex
	var got []string
	hook := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodOptions {
			w.Header().Set("WebHook-Allowed-Origin", r.Header.Get("WebHook-Request-Origin"))
			return
		}
		var e cloudGridEvent
		if err := json.NewDecoder(r.Body).Decode(&e); err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		got = append(got, r.Header.Get("Content-Type")+" "+e.Type)
	})
	synctest.Test(t, func(t *testing.T) {
		sim := &Server{Strict: true, Transport: InProcess(hook), Subscriptions: []Subscription{{URL: "https://hook.example", CloudEvents: true}}}
		defer sim.Close()
		if _, err := sim.Ring(Caller{From: caller, To: line}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		synctest.Wait()
	})
	if d := cmp.Diff([]string{"application/cloudevents+json; charset=utf-8 Microsoft.Communication.IncomingCall"}, got); d != "" {
		t.Errorf("deliveries (-want +got):\n%s", d)
	}
}

// Without limits of its own a subscription follows Event Grid's retry schedule.
func TestEventGridRetrySchedule(t *testing.T) {
	tests := []struct {
		status int
		want   []time.Duration // between the attempts
	}{
		{500, []time.Duration{10 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour, time.Hour}},
		{404, []time.Duration{5 * time.Minute, 5 * time.Minute, 5 * time.Minute, 5 * time.Minute, 10 * time.Minute}},
		{408, []time.Duration{2 * time.Minute, 2 * time.Minute, 2 * time.Minute, 5 * time.Minute}},
		{503, []time.Duration{30 * time.Second, 30 * time.Second, time.Minute}},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			var mu sync.Mutex
			var at []time.Time
			var sim *Server
			hook := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("aeg-event-type") == "SubscriptionValidation" { // consents with the validationUrl
					var events []struct {
						Data struct{ ValidationURL string }
					}
					_ = json.NewDecoder(r.Body).Decode(&events)
					v := httptest.NewRecorder()
					sim.ServeHTTP(v, httptest.NewRequest("GET", strings.TrimPrefix(events[0].Data.ValidationURL, sim.endpoint()), nil))
					if v.Code != 200 {
						t.Errorf("validation = %d, want 200", v.Code)
					}
					return
				}
				mu.Lock()
				defer mu.Unlock()
				at = append(at, time.Now())
				w.WriteHeader(tt.status)
			})
			sim = &Server{Strict: true, Transport: InProcess(hook), Subscriptions: []Subscription{{URL: "https://hook.example"}}}
			defer sim.Close()
			if _, err := sim.Ring(Caller{From: caller, To: line}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(48 * time.Hour)
			synctest.Wait()
			for i, want := range tt.want {
				if i+1 >= len(at) || at[i+1].Sub(at[i]) != want {
					t.Fatalf("%d: attempts at %v, want %v", tt.status, at, tt.want)
				}
			}
			if last := at[len(at)-1].Sub(at[0]); last > 24*time.Hour {
				t.Errorf("%d: tried for %v, want 24 h at most", tt.status, last)
			}
		})
	}
}
