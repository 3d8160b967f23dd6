package acssim

import (
	"net/http"
	"testing"
	"time"
)

func TestSpeed(t *testing.T) {
	inBubble(t, &Server{Speed: 10}, func(t *testing.T, app *application) {
		if err := app.sim.SetPhone(agent, "ring 10s; answer; talk 20s; hang up"); err != nil {
			t.Fatal(err)
		}
		app.create(agent)
		app.wait(time.Minute)
		c := app.sim.Calls()[0]
		if ring, talk := c.ConnectedAt.Sub(c.StartedAt), c.EndedAt.Sub(c.ConnectedAt); ring != time.Second || talk != 2*time.Second {
			t.Errorf("it rang for %v and lasted for %v, want 1s and 2s", ring, talk)
		}
	})
}

func TestBearerTokens(t *testing.T) {
	for name, tt := range map[string]struct {
		accept func(string) bool
		token  string
		want   string
	}{
		"are not accepted by default": {nil, "good", "401/7509"},
		"are accepted":                {func(token string) bool { return token == "good" }, "good", "404/8522"},
		"are checked":                 {func(token string) bool { return token == "good" }, "bad", "401/7509"},
		"are optional":                {func(string) bool { return false }, "", "404/8522"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, &Server{AcceptBearer: tt.accept}, func(t *testing.T, app *application) {
				r, err := http.NewRequest("GET", app.sim.endpoint()+"/calling/callConnections/x?api-version="+apiVersion, nil)
				if err != nil {
					t.Fatal(err)
				}
				if tt.token == "" {
					wantCode(t, "answer", app.send("GET", "/calling/callConnections/x", ""), tt.want)
					return
				}
				r.Header.Set("Authorization", "Bearer "+tt.token)
				response, err := app.http.Do(r)
				if err != nil {
					t.Fatal(err)
				}
				defer response.Body.Close()
				if got := (map[int]string{401: "401/7509", 404: "404/8522"})[response.StatusCode]; got != tt.want {
					t.Errorf("answer = %d, want %s", response.StatusCode, tt.want)
				}
			})
		})
	}
}
