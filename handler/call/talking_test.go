package call

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchboard/handler/call/outbox"
	"switchboard/handler/flow"
)

func TestPrompts(t *testing.T) {
	atGreetingSent := func(t tester) *machine {
		m := atAnswered(t)
		m.report(Connected{})
		return m
	}
	runCases(t, []testCase{
		{"PlayCompleted before the reply counts", atGreetingSent, func(m *machine) {
			play := m.pending(outbox.VerbPlay)
			m.reportFor(m.c.Wait.Media, PlayCompleted{})
			m.replyTo(play, replyOK)
		}, "connected at menu, pending recognize"},
		{"PlayStarted confirms the request", atGreetingSent, func(m *machine) {
			m.reportFor(m.c.Wait.Media, PlayStarted{})
		}, "connected at greeting"},
		{"a prompt that is stopped is followed by the next node", atGreeting, func(m *machine) {
			m.reportFor(m.c.Wait.Media, PlayCanceled{})
		}, "connected at menu, pending recognize"},
		{"a prompt that cannot be played leads to the node's failed", atGreeting, func(m *machine) {
			m.reportFor(m.c.Wait.Media, PlayFailed{})
		}, "connected at sorry, pending play"},
		{"a prompt that cannot be played leads to next if the node has no failed", atGoodbye, func(m *machine) {
			m.reportFor(m.c.Wait.Media, PlayFailed{})
		}, "connected ending completed, pending hangUp"},
		{"a prompt that is refused leads to the node's failed", atGreetingSent, func(m *machine) {
			m.reply(outbox.VerbPlay, replyRefused("8535"))
		}, "connected at sorry, pending play"},
		{"a prompt refused because the call is gone makes a check due", atGreetingSent, func(m *machine) {
			m.reply(outbox.VerbPlay, replyRefused(CodeGone))
		}, "connected at greeting, pending checkParticipants"},
		{"if the check finds the call, the prompt's deadline lets the flow go on", atGreetingSent, func(m *machine) {
			m.reply(outbox.VerbPlay, replyRefused(CodeGone))
			m.reply(outbox.VerbCheckParticipants, replyParticipants(caller))
			m.wait(limits.Prompt + spoken)
		}, "connected at sorry, pending cancelMedia play"},
		{"if the check finds no call, the call ends", atGreetingSent, func(m *machine) {
			m.reply(outbox.VerbPlay, replyRefused(CodeGone))
			m.reply(outbox.VerbCheckParticipants, replyRefused(CodeGone))
		}, "ended abandoned"},
		{"a prompt without response becomes a new send", atGreetingSent, func(m *machine) {
			m.reply(outbox.VerbPlay, replyNoResponse)
		}, "connected at greeting, pending play#2?"},
		{"a prompt without response is sent again after a wait", atGreetingSent, func(m *machine) {
			m.reply(outbox.VerbPlay, replyNoResponse)
			m.wait(outbox.NoResponseBackoff(1))
		}, "connected at greeting, pending play#2"},
		{"PlayCompleted of the first send ends the prompt", atGreetingSent, func(m *machine) {
			m.reply(outbox.VerbPlay, replyNoResponse)
			m.reportFor(outbox.Ref{Op: 2, Send: 1}, PlayCompleted{})
		}, "connected at menu, pending cancelMedia recognize"},
		{"PlayCanceled of the first send does not end the prompt", atGreetingSent, func(m *machine) {
			m.reply(outbox.VerbPlay, replyNoResponse)
			m.wait(outbox.NoResponseBackoff(1))
			m.reportFor(outbox.Ref{Op: 2, Send: 1}, PlayCanceled{})
		}, "connected at greeting, pending play#2"},
		{"a prompt is sent three times at most", atGreetingSent, func(m *machine) {
			for send := range outbox.MaxSends {
				m.reply(outbox.VerbPlay, replyNoResponse)
				m.wait(outbox.NoResponseBackoff(send + 1))
			}
		}, "connected at sorry, pending play"},
		{"a prompt whose repeat is refused as a duplicate counts as playing", atGreetingSent, func(m *machine) {
			m.reply(outbox.VerbPlay, replyNoResponse)
			m.reply(outbox.VerbPlay, replyRefused("8583"))
		}, "connected at greeting"},
		{"a prompt that counts as playing is stopped at its deadline", atGreetingSent, func(m *machine) {
			m.reply(outbox.VerbPlay, replyNoResponse)
			m.wait(outbox.NoResponseBackoff(1))
			m.reply(outbox.VerbPlay, replyRefusedStatus(412))
			m.wait(limits.Prompt + spoken)
		}, "connected at sorry, pending cancelMedia play"},
		{"a prompt without an event is stopped at its deadline", atGreeting, func(m *machine) {
			m.wait(limits.Prompt + spoken)
		}, "connected at sorry, pending cancelMedia play"},
		{"a prompt whose lease has ended becomes a new send", atGreetingSent, func(m *machine) {
			m.wait(30 * time.Second)
		}, "connected at greeting, pending play#2"},
		{"a prompt that is throttled until its deadline is given up", atGreetingSent, func(m *machine) {
			m.reply(outbox.VerbPlay, replyThrottled(time.Hour))
			m.wait(limits.Prompt + spoken)
		}, "connected at sorry, pending play"},
		{"a prompt that is being sent at its deadline is waited for", atGreetingSent, func(m *machine) {
			m.reply(outbox.VerbPlay, replyThrottled(limits.Prompt-time.Second))
			m.wait(limits.Prompt - time.Second)
			m.wait(2 * time.Second)
		}, "connected at greeting, pending play#2"},
		{"a prompt that is being sent at its deadline is stopped when its lease has ended", atGreetingSent, func(m *machine) {
			m.reply(outbox.VerbPlay, replyThrottled(limits.Prompt-time.Second))
			m.wait(limits.Prompt - time.Second)
			m.wait(2 * time.Second)
			m.wait(30 * time.Second)
		}, "connected at sorry, pending cancelMedia play"},
	})
}

func TestMenus(t *testing.T) {
	ref := func(m *machine) outbox.Ref { return m.c.Wait.Media }
	runCases(t, []testCase{
		{"a key leads where the flow says", atMenu, func(m *machine) {
			m.reportFor(ref(m), Recognized{Tones: []string{"pound"}})
		}, "connected at bye, pending play"},
		{"a key reported with a failed recognition counts", atMenu, func(m *machine) {
			m.reportFor(ref(m), RecognizeFailed{Tones: []string{"pound"}})
		}, "connected at bye, pending play"},
		{"a key pressed in the first send counts after the second was sent", atGreeting, func(m *machine) {
			m.reportFor(ref(m), PlayCompleted{})
			m.reply(outbox.VerbRecognize, replyNoResponse)
			first := outbox.Ref{Op: ref(m).Op, Send: 1}
			m.wait(outbox.NoResponseBackoff(1))
			m.reply(outbox.VerbRecognize, replyOK)
			m.reportFor(first, Recognized{Tones: []string{"pound"}})
		}, "connected at bye, pending cancelMedia play"},
		{"a key that the menu does not have repeats the menu", atMenu, func(m *machine) {
			m.reportFor(ref(m), Recognized{Tones: []string{"nine"}})
		}, "connected at menu, pending recognize"},
		{"silence repeats the menu", atMenu, func(m *machine) {
			m.reportFor(ref(m), RecognizeFailed{})
		}, "connected at menu, pending recognize"},
		{"the menu is repeated as often as the flow says", atMenu, func(m *machine) {
			m.reportFor(ref(m), RecognizeFailed{})
			m.reportFor(ref(m), RecognizeCanceled{})
		}, "connected at bye, pending play"},
		{"a duplicate of a failed recognition repeats the menu once", atMenu, func(m *machine) {
			first := ref(m)
			m.reportFor(first, RecognizeFailed{})
			m.reportFor(first, RecognizeFailed{})
		}, "connected at menu, pending recognize"},
		{"a menu that is refused is a try", atMenu, func(m *machine) {
			m.reportFor(ref(m), RecognizeFailed{})
			m.reply(outbox.VerbRecognize, replyRefused("8583"))
		}, "connected at bye, pending play"},
		{"a menu without an event is repeated at its deadline", atMenu, func(m *machine) {
			m.wait(limits.Prompt + spoken + defaultSilence)
		}, "connected at menu, pending cancelMedia recognize"},
		{"the time for the keys comes on top of the prompt's", atMenu, func(m *machine) {
			m.wait(limits.Prompt + defaultSilence - time.Second)
		}, "connected at menu"},
		{"a menu that is entered again begins anew", func(t tester) *machine {
			m := atMenu(t)
			m.flow = parse(`{"name":"f","start":"menu","nodes":{"menu":{"kind":"menu","prompt":{"text":"?"},
				"keys":{"1":"menu"},"repeats":1,"nothing":"end"},"end":{"kind":"hangup"}}}`)
			m.c, m.history = Call{ID: "in-1"}, nil
			m.report(offered)
			m.report(Connected{})
			return m
		}, func(m *machine) {
			m.reportFor(ref(m), RecognizeFailed{})
			m.reportFor(ref(m), Recognized{Tones: []string{"one"}})
			m.reportFor(ref(m), RecognizeFailed{})
		}, "connected at menu, pending recognize"},
	})
}

func TestMenuWaitsForTheCallersKey(t *testing.T) {
	m := atGreeting(t)
	m.reportFor(m.c.Wait.Media, PlayCompleted{})
	a := m.pending(outbox.VerbRecognize)
	if a.Target != caller || a.Prompt.Text != "Press 1." || a.Silence != defaultSilence {
		t.Errorf("action = %+v", a)
	}
}

func TestEveryToneIsAKey(t *testing.T) {
	for tone, key := range keyOf {
		m := atMenu(t)
		m.flow = parse(`{"name":"f","start":"menu","nodes":{"menu":{"kind":"menu","prompt":{"text":"?"},
			"keys":{"` + key + `":"end"},"nothing":"menu2"},
			"menu2":{"kind":"menu","prompt":{"text":"?"},"keys":{"0":"end"},"nothing":"end"},"end":{"kind":"hangup"}}}`)
		m.reportFor(m.c.Wait.Media, Recognized{Tones: []string{tone, "one"}})
		if m.c.EndingAs != OutcomeCompleted {
			t.Errorf("tone %s is not key %s: the call is %s", tone, key, summary(m.c))
		}
	}
}

func TestNodeThatTheFlowDoesNotHaveEndsTheCall(t *testing.T) {
	m := atGreeting(t)
	m.flow = &flow.Flow{Nodes: map[string]flow.Node{"greeting": &flow.Play{Next: "gone"}}}
	m.reportFor(m.c.Wait.Media, PlayCompleted{})
	if got := summary(m.c); got != "connected ending failed, pending hangUp" {
		t.Errorf("the call is %s", got)
	}
}

func TestValuesSetByTheFlow(t *testing.T) {
	m := atNotice(t)
	m.reportFor(m.c.Wait.Media, Recognized{Tones: []string{"one"}})
	if got := summary(m.c); got != "connected at thanks, pending play" || m.c.Values["answer"] != "yes" {
		t.Errorf("the call is %s with %v", got, m.c.Values)
	}
	m.checkReplay()

	t.Run("the value that was set last counts", func(t *testing.T) {
		m := atRinging(t)
		m.flow = parse(`{"name":"f","start":"a","nodes":{"a":{"kind":"set","values":{"x":"1","y":"1"},"next":"b"},
			"b":{"kind":"play","prompt":{"text":"!"},"next":"c"},"c":{"kind":"set","values":{"x":"2"},"next":"end"},
			"end":{"kind":"hangup"}}}`)
		m.report(Connected{})
		m.reportFor(m.c.Wait.Media, PlayCompleted{})
		if d := cmp.Diff(map[string]string{"x": "2", "y": "1"}, m.c.Values); d != "" {
			t.Errorf("values (-want +got):\n%s", d)
		}
		if got := m.flow.Nodes["a"].(*flow.Set).Values["x"]; got != "1" {
			t.Errorf("x in the flow = %s, want 1", got)
		}
	})
}

func TestOptOut(t *testing.T) {
	atOptOut := func(t tester) *machine {
		m := atNotice(t)
		m.reportFor(m.c.Wait.Media, Recognized{Tones: []string{"nine"}})
		return m
	}
	runCases(t, []testCase{
		{"does not hold up the flow", atOptOut, nil, "connected at thanks, pending optOut play"},
		{"is pending after the end of the call, and comes first", atOptOut, func(m *machine) { m.reportDisconnected(Result{Code: 200}) },
			"ended abandoned, pending optOut settle? release?"},
		{"is pending after the hang-up", atOptOut, func(m *machine) {
			m.reportFor(m.c.Wait.Media, PlayCompleted{})
		}, "connected ending completed, pending optOut hangUp"},
		{"is repeated until it succeeds", atOptOut, func(m *machine) {
			m.reply(outbox.VerbOptOut, replyNoResponse)
			m.reportDisconnected(Result{Code: 200})
			m.wait(time.Second)
			m.reply(outbox.VerbOptOut, replyOK)
		}, "ended abandoned, pending settle release"},
	})
	m := atOptOut(t)
	if a := m.pending(outbox.VerbOptOut); a.Target != callee || !a.At.Equal(m.now) {
		t.Errorf("%q has opted out at %v, want %q at %v", a.Target, a.At, callee, m.now)
	}

	t.Run("of a withheld number is confirmed as any other", func(t *testing.T) {
		const withheld = "4:anonymous"
		m := &machine{t: t, c: Call{ID: "in-1"}, flow: notice, now: t0}
		o := offered
		o.Caller = withheld
		m.apply(Event{Key: "offer", At: t0, Body: o})
		m.report(Connected{})
		m.reportFor(m.c.Wait.Media, Recognized{Tones: []string{"nine"}})
		if a := m.pending(outbox.VerbOptOut); a.Target != withheld {
			t.Errorf("%q has opted out, want %q", a.Target, withheld)
		}
		m.reply(outbox.VerbOptOut, replyOK) // there is no row to write
		if got := summary(m.c); got != "connected at thanks, pending play" {
			t.Errorf("the call is %s", got)
		}
	})
}
