package acssim

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// reception is an application that greets the caller, offers a menu, and adds an agent with a recording. When the
// agent has hung up, it says goodbye.
type reception struct {
	app  *application
	path string
}

// onOffer answers a call.
func (r *reception) onOffer(context string) {
	r.path = r.app.pathOf(r.app.must(200, "POST", "/calling/callConnections:answer", r.app.answerBody(context)))
}

// on reacts to an event of the call.
func (r *reception) on(e callbackEvent) {
	switch e.Type + " " + e.Data.OperationContext {
	case "CallConnected answer":
		r.app.must(202, "POST", r.path+":play",
			`{"playSources":[{"kind":"text","text":{"text":"Welcome to Contoso."}}],"operationContext":"greeting"}`)
	case "PlayCompleted greeting":
		r.app.must(202, "POST", r.path+":recognize", fmt.Sprintf(`{"recognizeInputType":"dtmf","operationContext":"menu",
			"playPrompt":{"kind":"text","text":{"text":"Press 1 for sales."}},
			"recognizeOptions":{"targetParticipant":{"rawId":%q},"dtmfOptions":{"maxTonesToCollect":1}}}`, caller))
	case "RecognizeCompleted menu":
		r.app.must(202, "POST", r.path+":play", `{"playSources":[{"kind":"file","file":{"uri":"https://music.example/a.wav"}}],
			"playOptions":{"loop":true},"operationContext":"music"}`)
		r.app.add(r.path, agent, "agent", 30)
	case "AddParticipantSucceeded agent":
		r.app.must(202, "POST", r.path+":cancelAllMediaOperations", "")
		r.app.must(202, "POST", "/calling/recordings", fmt.Sprintf(`{"callConnectionId":%q,"recordingContentType":"audio",
			"recordingFormatType":"wav","recordingChannelType":"mixed","recordingStateCallbackUri":%q}`,
			e.Data.CallConnectionID, r.app.self+"/callbacks"))
	case "ParticipantsUpdated ":
		if e.Data.SequenceNumber == 3 {
			r.app.must(202, "POST", r.path+":play",
				`{"playSources":[{"kind":"text","text":{"text":"Thank you, goodbye."}}],"operationContext":"thanks"}`)
		}
	case "PlayCompleted thanks":
		r.app.must(204, "POST", r.path+":terminate", "")
	}
}

// A caller hears a greeting and a menu, presses 1, waits with music and talks to an
// agent, which is recorded. The agent hangs up, and the caller hears a goodbye.
func TestInboundCallFromGreetingToGoodbye(t *testing.T) {
	inBubble(t, &Server{}, func(t *testing.T, app *application) {
		if err := app.sim.SetPhone(agent, "ring 2s; answer; wait silence; talk 3s; hang up"); err != nil {
			t.Fatal(err)
		}
		r := &reception{app: app}
		app.onOffer, app.on = r.onOffer, r.on
		if _, err := app.sim.Ring(Caller{From: "+12065550100", To: line, Script: "wait prompt; press 1"}); err != nil {
			t.Fatal(err)
		}
		app.wait(time.Minute)

		want := []string{
			"CallConnected answer", "ParticipantsUpdated",
			"PlayStarted greeting", "PlayCompleted greeting",
			"RecognizeCompleted 200/8531 menu",
			"PlayStarted music",
			"AddParticipantSucceeded agent", "ParticipantsUpdated", "PlayCanceled 400/8508 music",
			"RecordingStateChanged",
			"ParticipantsUpdated",
			"PlayStarted thanks", "PlayCompleted thanks",
			"RecordingStateChanged", "CallDisconnected 200/7000 answer",
		}
		if d := cmp.Diff(want, app.received()); d != "" {
			t.Errorf("events (-want +got):\n%s", d)
		}
		if tones := app.last("RecognizeCompleted").Data.DTMFResult.Tones; !cmp.Equal(tones, []string{"one"}) {
			t.Errorf("tones = %v, want one", tones)
		}
		if d := cmp.Diff([]Rings{{agent, "agent", 1}}, app.sim.Rings()); d != "" {
			t.Errorf("rings (-want +got):\n%s", d)
		}
		c := app.sim.Calls()[0]
		if c.State != "disconnected" || !c.Group || c.SubCode != 7000 {
			t.Errorf("call = %+v, want a group that is disconnected, 7000", c)
		}
		var stayed []string
		for _, p := range c.Participants {
			stayed = append(stayed, fmt.Sprint(p.RawID, " ", p.LeftAt.Sub(p.JoinedAt).Round(time.Second)))
		}
		if d := cmp.Diff([]string{caller + " 9s", agent + " 3s"}, stayed); d != "" {
			t.Errorf("participants (-want +got):\n%s", d)
		}
		if app.offers[0].To.Kind != "unknown" || app.offers[0].From.PhoneNumber.Value != "+12065550100" {
			t.Errorf("offer = %+v, want it from +12065550100 to an unknown kind", app.offers[0])
		}
	})
}

func TestOutboundCallsEndAsTheTelephoneDoes(t *testing.T) {
	tests := []struct {
		name, target, script string
		want                 []string
	}{
		{"the callee answers and hangs up", "4:+12065550101", "ring 1s; answer; hang up after 2s",
			[]string{"CallConnected create", "ParticipantsUpdated", "CallDisconnected create"}},
		{"the number is busy", "4:+12065550101", "busy",
			[]string{"CreateCallFailed 486/560486 create", "CallDisconnected 486/560486 create"}},
		{"the callee declines", "4:+12065550101", "ring 1s; decline",
			[]string{"CreateCallFailed 603/560603 create", "CallDisconnected 603/560603 create"}},
		{"the callee does not answer", "4:+12065550101", "no answer",
			[]string{"CreateCallFailed 480/560480 create", "CallDisconnected 480/560480 create"}},
		{"the number is not in service", "4:+12065550101", "invalid number",
			[]string{"CreateCallFailed 404/560404 create", "CallDisconnected 404/560404 create"}},
		{"an agent does not answer", agent, "no answer",
			[]string{"CreateCallFailed 408/10057 create", "CallDisconnected 408/10057 create"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, &Server{}, func(t *testing.T, app *application) {
				if err := app.sim.SetPhone(tt.target, tt.script); err != nil {
					t.Fatal(err)
				}
				path := app.create(tt.target)
				app.wait(3 * time.Minute)
				if d := cmp.Diff(tt.want, app.received()); d != "" {
					t.Errorf("events (-want +got):\n%s", d)
				}
				if got := app.send("GET", path, "").code(); got != "404/8522" {
					t.Errorf("the call that has ended = %s, want 404/8522", got)
				}
			})
		})
	}
}

func TestHangUpAddAndRemove(t *testing.T) {
	tests := []struct {
		name   string
		script string // of the caller
		do     func(app *application, path string)
		want   []string // after CallConnected and ParticipantsUpdated
	}{
		{"hanging up ends a 1:1 call", "", func(app *application, path string) {
			app.must(204, "DELETE", path, "")
		}, []string{"CallDisconnected 200/7000 answer"}},
		{"removing the only person ends a 1:1 call", "", func(app *application, path string) {
			app.must(202, "POST", path+"/participants:remove",
				fmt.Sprintf(`{"participantToRemove":{"rawId":%q},"operationContext":"remove"}`, caller))
		}, []string{"RemoveParticipantSucceeded remove", "CallDisconnected answer"}},
		{"a group goes on when its caller leaves, and ends when only the application is left", "wait answer; hang up after 5s",
			func(app *application, path string) {
				app.add(path, agent, "agent", 0)
				app.wait(10 * time.Second)
				if c := app.sim.Calls()[0]; c.State != "connected" {
					app.fault("the call is %s while the agent is in it", c.State)
				}
				if err := app.sim.HangUp("call-1", agent); err != nil {
					app.fault("%v", err)
				}
				app.wait(3 * time.Minute)
			}, []string{"AddParticipantSucceeded agent", "ParticipantsUpdated", "ParticipantsUpdated", "ParticipantsUpdated",
				"CallDisconnected 200/7000 answer"}},
		{"hanging up leaves a group alone", "wait answer; hang up after 20s", func(app *application, path string) {
			app.add(path, agent, "agent", 0)
			app.wait(5 * time.Second)
			app.must(204, "DELETE", path, "")
			app.wait(time.Second)
			if got := app.send("GET", path, "").code(); got != "404/8522" {
				app.fault("the call that was left = %s", got)
			}
			if c := app.sim.Calls()[0]; c.State != "connected" {
				app.fault("the call is %s while two people talk", c.State)
			}
			app.wait(time.Minute)
			if c := app.sim.Calls()[0]; c.State != "disconnected" {
				app.fault("the call is %s with one person left", c.State)
			}
		}, []string{"AddParticipantSucceeded agent", "ParticipantsUpdated", "CallDisconnected 200/7000 answer"}},
		{"an invitation is not answered", "", func(app *application, path string) {
			_ = app.sim.SetPhone(agent, "no answer")
			app.add(path, agent, "agent", 10)
			app.wait(15 * time.Second)
		}, []string{"AddParticipantFailed 408/10057 agent"}},
		{"an invitation is cancelled", "", func(app *application, path string) {
			_ = app.sim.SetPhone(agent, "ring 20s; answer")
			app.add(path, agent, "agent", 30)
			app.wait(time.Second)
			for _, id := range []string{"unknown", app.invitation(0)} {
				app.must(202, "POST", path+"/participants:cancelAddParticipant",
					fmt.Sprintf(`{"invitationId":%q,"operationContext":"cancel"}`, id))
			}
			app.wait(time.Minute)
		}, []string{"CancelAddParticipantFailed 404/8522 cancel", "CancelAddParticipantSucceeded cancel"}},
		{"a participant is removed from a group", "", func(app *application, path string) {
			app.add(path, agent, "agent", 0)
			app.wait(5 * time.Second)
			app.must(202, "POST", path+"/participants:remove",
				fmt.Sprintf(`{"participantToRemove":{"rawId":%q},"operationContext":"remove"}`, agent))
		}, []string{"AddParticipantSucceeded agent", "ParticipantsUpdated", "RemoveParticipantSucceeded remove", "ParticipantsUpdated"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, &Server{}, func(t *testing.T, app *application) {
				path := app.connectCaller(tt.script)
				tt.do(app, path)
				app.wait(time.Second)
				if d := cmp.Diff(append([]string{"CallConnected answer", "ParticipantsUpdated"}, tt.want...), app.received()); d != "" {
					t.Errorf("events (-want +got):\n%s", d)
				}
			})
		})
	}
}

// invitation returns the id of the n-th invitation of the first call.
func (a *application) invitation(n int) string { return a.sim.id("invitation", 1, n+1) }

func TestOfferCanBeAnsweredOnceWithin30Seconds(t *testing.T) {
	tests := []struct {
		name   string
		script string
		before func(app *application, context string)
		want   string
	}{
		{"at once", "", func(*application, string) {}, "200/"},
		{"after 30 s", "", func(app *application, _ string) { app.wait(31 * time.Second) }, "400/8587"},
		{"a second time", "", func(app *application, context string) {
			app.must(200, "POST", "/calling/callConnections:answer", app.answerBody(context))
		}, "400/8585"},
		{"after it was rejected", "", func(app *application, context string) {
			app.must(204, "POST", "/calling/callConnections:reject", fmt.Sprintf(`{"incomingCallContext":%q,"callRejectReason":"busy"}`, context))
		}, "400/8585"},
		{"after the caller gave up", "hang up after 5s", func(app *application, _ string) { app.wait(6 * time.Second) }, "404/8522"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, &Server{}, func(t *testing.T, app *application) {
				if _, err := app.sim.Ring(Caller{From: caller, To: line, Script: tt.script}); err != nil {
					t.Fatal(err)
				}
				app.wait(time.Second)
				context := app.offers[0].IncomingCallContext
				tt.before(app, context)
				if got := app.send("POST", "/calling/callConnections:answer", app.answerBody(context)).code(); got != tt.want {
					t.Errorf("answer = %s, want %s", got, tt.want)
				}
			})
		})
	}
	t.Run("with a context of another resource", func(t *testing.T) {
		inBubble(t, &Server{}, func(t *testing.T, app *application) {
			if got := app.send("POST", "/calling/callConnections:answer", app.answerBody("e30.e30.x")).code(); got != "400/8523" {
				t.Errorf("answer = %s, want 400/8523", got)
			}
		})
	})
}

func TestPagesOfParticipantsAreLinked(t *testing.T) {
	inBubble(t, &Server{PageSize: 1, ListApplication: true}, func(t *testing.T, app *application) {
		path := app.connectCaller("")
		app.add(path, agent, "agent", 0)
		app.wait(5 * time.Second)
		var got []string
		for at := path + "/participants"; at != ""; {
			var page struct {
				Value    []callParticipant
				NextLink string
			}
			app.page(at, &page)
			for _, p := range page.Value {
				got = append(got, p.Identifier.RawID)
			}
			at = page.NextLink
		}
		if d := cmp.Diff([]string{line, caller, agent}, got); d != "" {
			t.Errorf("participants (-want +got):\n%s", d)
		}
		app.must(http.StatusOK, "GET", path+"/participants/4%3A%2B12065550100", "")
		wantCode(t, "a person who is not in the call", app.send("GET", path+"/participants/unknown", ""), "404/8522")
	})
}

func TestCallerHangsUpWhileTheApplicationAnswers(t *testing.T) {
	inBubble(t, &Server{}, func(t *testing.T, app *application) {
		app.onOffer = func(context string) {
			app.must(200, "POST", "/calling/callConnections:answer", app.answerBody(context))
			if err := app.sim.HangUp("call-1", ""); err != nil {
				app.fault("hang up: %v", err)
			}
		}
		if _, err := app.sim.Ring(Caller{From: caller, To: line}); err != nil {
			t.Fatal(err)
		}
		app.wait(5 * time.Second)
		want := []string{"AnswerFailed 487/540487 answer", "CallDisconnected 487/540487 answer"}
		if d := cmp.Diff(want, app.received()); d != "" {
			t.Errorf("events (-want +got):\n%s", d)
		}
	})
}
