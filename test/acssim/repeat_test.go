package acssim

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
)

func TestRepeatedRequests(t *testing.T) {
	const body = `{"targets":[{"rawId":"8:orgid:o"}],"callbackUri":"http://127.0.0.1:7071/callbacks"}`
	tests := []struct {
		name   string
		sim    *Server
		second func(app *application, first http.Header) (simAnswer, error)
		same   bool // the second answer is the first
		code   string
	}{
		{"within five minutes get the first answer again", &Server{}, func(app *application, h http.Header) (simAnswer, error) {
			app.wait(4 * time.Minute)
			return app.try("POST", "/calling/callConnections", body, h)
		}, true, "201/"},
		{"after that are refused", &Server{}, func(app *application, h http.Header) (simAnswer, error) {
			app.wait(6 * time.Minute)
			return app.try("POST", "/calling/callConnections", body, h)
		}, false, "412/RepeatabilityExpired"},
		{"with a new pair are executed", &Server{}, func(app *application, _ http.Header) (simAnswer, error) {
			return app.try("POST", "/calling/callConnections", body, pairHeader())
		}, false, "201/"},
		{"are executed where the pair is ignored", &Server{IgnoreRepeatability: true}, func(app *application, h http.Header) (simAnswer, error) {
			return app.try("POST", "/calling/callConnections", body, h)
		}, false, "201/"},
		{"with another body are refused", &Server{}, func(app *application, h http.Header) (simAnswer, error) {
			return app.try("POST", "/calling/callConnections", body+" ", h)
		}, false, "400/8523"},
		{"with half a pair are refused", &Server{}, func(app *application, _ http.Header) (simAnswer, error) {
			return app.try("POST", "/calling/callConnections", body, http.Header{"Repeatability-Request-Id": {uuid.NewString()}})
		}, false, "400/8523"},
		{"with an id that is none are refused", &Server{}, func(app *application, _ http.Header) (simAnswer, error) {
			h := pairHeader()
			h.Set("Repeatability-Request-ID", "once")
			return app.try("POST", "/calling/callConnections", body, h)
		}, false, "400/8523"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, tt.sim, func(t *testing.T, app *application) {
				h := pairHeader()
				first, err := app.try("POST", "/calling/callConnections", body, h)
				if err != nil || first.status != http.StatusCreated {
					t.Fatalf("first = %s, %v, want 201", first.code(), err)
				}
				second, err := tt.second(app, h)
				if err != nil || second.code() != tt.code {
					t.Errorf("second = %s, %v, want %s", second.code(), err, tt.code)
				}
				if same := string(first.body) == string(second.body); same != tt.same {
					t.Errorf("same answer = %t, want %t", same, tt.same)
				}
			})
		})
	}

	t.Run("a refusal is repeated as well", func(t *testing.T) {
		inBubble(t, &Server{Faults: &Faults{Throttle: 1}}, func(t *testing.T, app *application) {
			h := pairHeader()
			first, _ := app.try("POST", "/calling/callConnections", body, h)
			if first.status != http.StatusTooManyRequests || first.header.Get("Retry-After") != "1" {
				t.Errorf("first = %s, Retry-After %q, want 429, 1", first.code(), first.header.Get("Retry-After"))
			}
			_ = app.sim.SetFaults(Faults{})
			if again, _ := app.try("POST", "/calling/callConnections", body, h); again.status != http.StatusTooManyRequests {
				t.Errorf("again = %s, want the 429 once more", again.code())
			}
		})
	})
	t.Run("what failed on our side is executed again", func(t *testing.T) {
		inBubble(t, &Server{Faults: &Faults{ServerError: 1}}, func(t *testing.T, app *application) {
			h := pairHeader()
			if first, _ := app.try("POST", "/calling/callConnections", body, h); first.status != http.StatusServiceUnavailable {
				t.Errorf("first = %s, want 503", first.code())
			}
			_ = app.sim.SetFaults(Faults{})
			if again, _ := app.try("POST", "/calling/callConnections", body, h); again.status != http.StatusCreated {
				t.Errorf("again = %s, want 201", again.code())
			}
			if n := app.sim.RingsOf("8:orgid:o"); n != 1 {
				t.Errorf("the telephone rang %d times, want once", n)
			}
		})
	})
}
