package acssim

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// connect connects the application to a call and returns the path of the connection.
func (a *application) connect(locator string) string {
	return a.pathOf(a.must(http.StatusOK, "POST", "/calling/callConnections:connect", fmt.Sprintf(
		`{"callLocator":%s,"callbackUri":%q,"operationContext":"connect"}`, locator, a.self+"/callbacks")))
}

func TestConnect(t *testing.T) {
	t.Run("to an ongoing call", func(t *testing.T) {
		tests := []struct {
			name         string
			conversation Conversation
			locator      func(CallInfo) string
		}{
			{"by the id of the call", Conversation{}, func(c CallInfo) string {
				return fmt.Sprintf(`{"kind":"serverCallLocator","serverCallId":%q}`, c.ServerCallID)
			}},
			{"by the id of a group", Conversation{GroupID: "29228d3e-040e-4656-a70e-890ab4e173e4"}, func(CallInfo) string {
				return `{"kind":"groupCallLocator","groupCallId":"29228d3e-040e-4656-a70e-890ab4e173e4"}`
			}},
			{"by the roomId", Conversation{RoomID: "99123"}, func(CallInfo) string {
				return `{"kind":"roomCallLocator","roomId":"99123"}`
			}},
		}
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				inBubble(t, &Server{}, func(t *testing.T, app *application) {
					tt.conversation.People = []Person{{RawID: agent}, {RawID: expert, Script: "wait 20s; hang up"}}
					if _, err := app.sim.StartConversation(tt.conversation); err != nil {
						t.Fatal(err)
					}
					path := app.connect(tt.locator(app.sim.Calls()[0]))
					app.wait(time.Second)
					if got := app.received(); len(got) != 2 || got[0] != "CallConnected connect" {
						t.Fatalf("events = %q, want 2, CallConnected first", got)
					}
					if n := len(app.last("ParticipantsUpdated").Data.Participants); n != 2 {
						t.Errorf("%d people, want 2", n)
					}
					again := app.send("POST", "/calling/callConnections:connect", fmt.Sprintf(
						`{"callLocator":%s,"callbackUri":"https://x.example"}`, tt.locator(app.sim.Calls()[0])))
					if again.code() != "400/8585" {
						t.Errorf("connected twice = %s, want 400/8585", again.code())
					}
					app.must(204, "DELETE", path, "")
					app.wait(time.Second)
					if c := app.sim.Calls()[0]; c.State != "connected" {
						t.Errorf("the people's call = %+v, want it connected", c)
					}
					app.connect(tt.locator(app.sim.Calls()[0])) // and once more
					app.wait(time.Minute)
				})
			})
		}
	})
}

func TestConnectWithoutACall(t *testing.T) {
	t.Run("to an empty group", func(t *testing.T) {
		inBubble(t, &Server{}, func(t *testing.T, app *application) {
			path := app.connect(`{"kind":"groupCallLocator","groupCallId":"g"}`)
			app.wait(time.Second)
			app.must(202, "POST", path+"/participants:add", fmt.Sprintf(`{"participantToAdd":{"rawId":%q}}`, agent))
			app.wait(5 * time.Second)
			app.wanted(t, "AddParticipantSucceeded", "ParticipantsUpdated")
		})
	})
	t.Run("to nothing", func(t *testing.T) {
		inBubble(t, &Server{}, func(t *testing.T, app *application) {
			app.connect(`{"kind":"serverCallLocator","serverCallId":"nothing"}`)
			app.connect(`{"kind":"roomCallLocator","roomId":"nowhere"}`)
			app.wait(5 * time.Second)
			if got := app.received(); !slices.Equal(got, []string{"ConnectFailed 404/8522 connect", "ConnectFailed 404/8522 connect"}) {
				t.Errorf("events = %q, want ConnectFailed 404/8522 twice", got)
			}
			for _, locator := range []string{`{}`, `{"kind":"groupCallLocator"}`, `{"kind":"groupCallLocator","roomId":"r"}`,
				`{"kind":"groupCallLocator","groupCallId":"g","roomId":"r"}`, `{"kind":"other","roomId":"r"}`} {
				got := app.send("POST", "/calling/callConnections:connect", `{"callLocator":`+locator+`,"callbackUri":"https://x.example"}`)
				if got.code() != "400/8523" {
					t.Errorf("%s = %s, want 400/8523", locator, got.code())
				}
			}
		})
	})
}

// redirect returns a handler of offers that redirects the first and answers the others.
func redirect(app *application, to string) func(string) {
	first := true
	return func(context string) {
		if !first {
			app.must(200, "POST", "/calling/callConnections:answer", app.answerBody(context))
			return
		}
		first = false
		app.must(204, "POST", "/calling/callConnections:redirect", fmt.Sprintf(`{"incomingCallContext":%q,"target":{"rawId":%q}}`, context, to))
		if got := app.send("POST", "/calling/callConnections:answer", app.answerBody(context)).status; got != 400 {
			app.fault("answered after the redirect = %d", got)
		}
	}
}

func TestRedirect(t *testing.T) {
	t.Run("to a telephone", func(t *testing.T) {
		inBubble(t, &Server{}, func(t *testing.T, app *application) {
			app.onOffer = redirect(app, agent)
			if _, err := app.sim.Ring(Caller{From: caller, To: line, Script: "wait answer; hang up after 10s"}); err != nil {
				t.Fatal(err)
			}
			app.wait(5 * time.Second)
			if c := app.sim.Calls()[0]; c.State != "connected" || len(c.Participants) != 2 {
				t.Errorf("call = %+v, want two people, connected", c)
			}
			app.wait(time.Minute)
			if c := app.sim.Calls()[0]; c.State != "disconnected" || len(app.received()) != 0 {
				t.Errorf("call = %+v, events %q, want it disconnected, without events", c, app.received())
			}
		})
	})
	t.Run("to a busy telephone", func(t *testing.T) {
		inBubble(t, &Server{}, func(t *testing.T, app *application) {
			app.onOffer = redirect(app, agent)
			if err := app.sim.SetPhone(agent, "busy"); err != nil {
				t.Fatal(err)
			}
			if _, err := app.sim.Ring(Caller{From: caller, To: line}); err != nil {
				t.Fatal(err)
			}
			app.wait(5 * time.Second)
			if c := app.sim.Calls()[0]; c.Code != 486 {
				t.Errorf("call = %+v, want code 486", c)
			}
		})
	})
}

func TestRedirectBetweenLines(t *testing.T) {
	t.Run("to another line of the application", func(t *testing.T) {
		inBubble(t, &Server{Lines: []string{"+12065550177"}}, func(t *testing.T, app *application) {
			app.onOffer = redirect(app, "4:+12065550177")
			if _, err := app.sim.Ring(Caller{From: caller, To: line}); err != nil {
				t.Fatal(err)
			}
			app.wait(5 * time.Second)
			if got := app.received(); len(got) != 2 || len(app.offers) != 2 || app.offers[1].To.RawID != "4:+12065550177" {
				t.Errorf("events = %q, offers %+v, want 2 and 2, the second to the other line", got, app.offers)
			}
		})
	})
	t.Run("on behalf of a resource account it is refused", func(t *testing.T) {
		inBubble(t, &Server{}, func(t *testing.T, app *application) {
			app.onOffer = func(context string) {
				got := app.send("POST", "/calling/callConnections:redirect", fmt.Sprintf(`{"incomingCallContext":%q,"target":{"rawId":%q}}`, context, agent))
				if got.code() != "405/8520" {
					app.fault("redirect = %s", got.code())
				}
			}
			if _, err := app.sim.Ring(Caller{From: agent, To: caller, OnBehalfOf: line}); err != nil {
				t.Fatal(err)
			}
			app.wait(time.Second)
		})
	})
}

func TestOffersOnBehalfOfAResourceAccount(t *testing.T) {
	tests := []struct {
		form       OnBehalfForm
		to, behalf string
	}{
		{"", line, caller},
		{LineIsCallee, line, caller},
		{LineIsBehalf, caller, line},
		{LineIsBoth, line, line},
	}
	for _, tt := range tests {
		t.Run(string(tt.form), func(t *testing.T) {
			inBubble(t, &Server{}, func(t *testing.T, app *application) {
				if _, err := app.sim.Ring(Caller{From: agent, To: caller, OnBehalfOf: line, OnBehalfForm: tt.form,
					VoIPHeaders: map[string]string{"a": "b"}}); err != nil {
					t.Fatal(err)
				}
				app.wait(time.Second)
				o := app.offers[0]
				if o.To.RawID != tt.to || o.OnBehalfOfCallee == nil || o.OnBehalfOfCallee.RawID != tt.behalf || o.From.RawID != agent {
					t.Errorf("offer = %+v, want it to %s, on behalf of %s, from %s", o, tt.to, tt.behalf, agent)
				}
				if o.CustomContext.VoIPHeaders["a"] != "b" {
					t.Errorf("context = %+v, want the VoIP header a=b", o.CustomContext)
				}
				app.must(200, "POST", "/calling/callConnections:answer", app.answerBody(o.IncomingCallContext))
				app.wait(time.Second)
				app.wanted(t)
			})
		})
	}
	if _, err := (&Server{}).Ring(Caller{From: agent, To: caller, OnBehalfForm: "sideways"}); err == nil {
		t.Error("an unknown form is accepted, want an error")
	}
}

// A call from the application to one of its own lines raises an IncomingCall.
func TestApplicationCallsItsOwnLine(t *testing.T) {
	const other = "28:orgid:other"
	for _, tt := range []struct{ name, answer, want string }{
		{"answers", "answer", "AddParticipantSucceeded line"},
		{"rejects", "reject", "AddParticipantFailed 603/560603 line"},
		{"lets it ring", "", "AddParticipantFailed 408/10057 line"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, &Server{}, func(t *testing.T, app *application) {
				path := app.connectCaller("")
				var leg string
				app.onOffer = func(context string) {
					switch tt.answer {
					case "answer":
						leg = app.pathOf(app.must(200, "POST", "/calling/callConnections:answer", strings.Replace(app.answerBody(context), `"answer"`, `"leg"`, 1)))
					case "reject":
						app.must(204, "POST", "/calling/callConnections:reject", fmt.Sprintf(`{"incomingCallContext":%q,"callRejectReason":"none"}`, context))
					}
				}
				app.add(path, other, "line", 20)
				app.wait(25 * time.Second)
				if !slices.Contains(app.received(), tt.want) {
					t.Fatalf("events = %q, want %s", app.received(), tt.want)
				}
				if tt.answer != "answer" {
					return
				}
				app.must(204, "POST", leg+":terminate", "")
				app.wait(2 * time.Second)
				if n := len(app.last("ParticipantsUpdated").Data.Participants); n != 1 {
					t.Errorf("%d are in the call after the line has gone, want 1", n)
				}
			})
		})
	}
}
