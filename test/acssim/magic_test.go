package acssim

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestMagicNumbers(t *testing.T) {
	tests := []struct {
		digits, does string
		want         []string
	}{
		{"80", "answers and listens", []string{"CallConnected create", "ParticipantsUpdated", "RecognizeFailed 400/8510 menu"}},
		{"81", "confirms with 1", []string{"CallConnected create", "ParticipantsUpdated", "RecognizeCompleted 200/8531 menu one", "CallDisconnected create"}},
		{"82", "opts out with 9", []string{"CallConnected create", "ParticipantsUpdated", "RecognizeCompleted 200/8531 menu nine", "CallDisconnected create"}},
		{"83", "is busy", []string{"CreateCallFailed 486/560486 create", "CallDisconnected 486/560486 create"}},
		{"84", "does not answer", []string{"CreateCallFailed 480/560480 create", "CallDisconnected 480/560480 create"}},
		{"85", "declines", []string{"CreateCallFailed 603/560603 create", "CallDisconnected 603/560603 create"}},
		{"86", "is not in service", []string{"CreateCallFailed 404/560404 create", "CallDisconnected 404/560404 create"}},
		{"87", "is a machine", []string{"CallConnected create", "ParticipantsUpdated", "RecognizeFailed 400/8510 menu", "CallDisconnected create"}},
		{"88", "hangs up at once", []string{"CallConnected create", "ParticipantsUpdated", "CallDisconnected create"}},
		{"89", "is throttled", nil},
		{"90", "is one call too many", []string{"CreateCallFailed 603/560603 create", "CallDisconnected 603/560603 create"}},
		{"91", "is never reported again", nil},
	}
	for _, tt := range tests {
		t.Run(tt.digits+" "+tt.does, func(t *testing.T) {
			inBubble(t, &Server{}, func(t *testing.T, app *application) {
				number := "4:+120655501" + tt.digits
				if tt.digits == "89" {
					answer := app.send("POST", "/calling/callConnections", fmt.Sprintf(
						`{"targets":[{"rawId":%q}],"callbackUri":"https://x.example","teamsAppSource":{"appId":"a"}}`, number))
					if answer.status != 429 || answer.header.Get("Retry-After") == "" {
						t.Errorf("answer = %s, %v, want 429 with Retry-After", answer.code(), answer.header)
					}
					return
				}
				app.on = func(e callbackEvent) {
					if e.Type == "CallConnected" && tt.digits != "88" {
						path := "/calling/callConnections/" + e.Data.CallConnectionID
						app.must(202, "POST", path+":recognize", fmt.Sprintf(`{"recognizeInputType":"dtmf","operationContext":"menu",
							"recognizeOptions":{"targetParticipant":{"rawId":%q},"dtmfOptions":{"maxTonesToCollect":1}}}`, number))
					}
				}
				app.create(number)
				app.wait(3 * time.Minute)
				var got []string
				for i, text := range app.received() {
					if d := app.events[i].Data.DTMFResult; d != nil {
						text += " " + strings.Join(d.Tones, " ")
					}
					got = append(got, text)
				}
				if !slices.Equal(got, tt.want) {
					t.Errorf("events = %q, want %q", got, tt.want)
				}
				readme, err := os.ReadFile("README.md")
				if err != nil || !strings.Contains(string(readme), "| `"+tt.digits+"` |") {
					t.Errorf("the README has no row of %s, %v, want one", tt.digits, err)
				}
			})
		})
	}
	t.Run("a script takes the place of the magic", func(t *testing.T) {
		inBubble(t, &Server{}, func(t *testing.T, app *application) {
			if err := app.sim.SetPhone("+12065550189", "answer"); err != nil {
				t.Fatal(err)
			}
			app.create("4:+12065550189")
			app.wait(time.Second)
			if got := app.received(); len(got) != 2 {
				t.Errorf("events = %q, want 2", got)
			}
		})
	})
}

func TestLineLimit(t *testing.T) {
	create := func(app *application, n int) simAnswer {
		return app.send("POST", "/calling/callConnections", fmt.Sprintf(
			`{"targets":[{"rawId":"4:+1206555012%d"}],"callbackUri":%q,"teamsAppSource":{"appId":"a"}}`, n, app.self+"/callbacks"))
	}
	t.Run("refuses a third call to the network, until one has ended", func(t *testing.T) {
		inBubble(t, &Server{}, func(t *testing.T, app *application) {
			path := app.pathOf(create(app, 0))
			create(app, 1)
			if got := create(app, 2); got.code() != "429/TooManyRequests" {
				t.Errorf("third = %s, want 429/TooManyRequests", got.code())
			}
			app.create(agent) // is on the internet, where there is no limit
			app.must(204, "POST", path+":terminate", "")
			if got := create(app, 2); got.status != 201 {
				t.Errorf("after one ended = %s, want 201", got.code())
			}
		})
	})
	t.Run("declines it with LimitDeclines", func(t *testing.T) {
		inBubble(t, &Server{LimitDeclines: true, CallsPerNumber: 1}, func(t *testing.T, app *application) {
			create(app, 0)
			create(app, 1)
			app.wait(5 * time.Second)
			if n := len(app.sim.Rings()); n != 1 || !slices.Contains(app.received(), "CreateCallFailed 603/560603") {
				t.Errorf("%d rang, events = %q, want one, and 603/560603", n, app.received())
			}
		})
	})
	t.Run("is off with a negative CallsPerNumber", func(t *testing.T) {
		inBubble(t, &Server{CallsPerNumber: -1}, func(t *testing.T, app *application) {
			for n := range 10 {
				if got := create(app, n); got.status != 201 {
					t.Errorf("call %d = %s, want 201", n, got.code())
				}
			}
		})
	})
}

func TestTeamsUsersCanBeRefused(t *testing.T) {
	inBubble(t, &Server{RefuseTeamsUsers: true}, func(t *testing.T, app *application) {
		path := app.connectCaller("")
		for _, request := range []struct{ path, body string }{
			{"/calling/callConnections", `{"targets":[{"rawId":"8:orgid:o"}],"callbackUri":"https://x.example","teamsAppSource":{"appId":"a"}}`},
			{path + "/participants:add", `{"participantToAdd":{"rawId":"8:orgid:o"}}`},
			{path + ":transferToParticipant", `{"targetParticipant":{"rawId":"8:orgid:o"}}`},
		} {
			wantCode(t, request.path, app.send("POST", request.path, request.body), "405/8520")
		}
	})
}
