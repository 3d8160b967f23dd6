package call

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchboard/handler/call/outbox"
	"switchboard/handler/flow"
)

func TestPrompts(t *testing.T) {
	greeting := func(t tester) *life {
		l := answered(t)
		l.happens(Connected{})
		return l
	}
	tell(t, []story{
		{"an end that is heard of before ACS's answer counts", greeting, func(l *life) {
			play := l.owed(outbox.VerbPlay)
			l.happensTo(l.c.Wait.Media, PlayCompleted{})
			l.answers(play, done)
		}, "connected at menu, pending recognize"},
		{"a start proves the request", greeting, func(l *life) {
			l.happensTo(l.c.Wait.Media, PlayStarted{})
		}, "connected at greeting"},
		{"one that was cut short is over", greeted, func(l *life) {
			l.happensTo(l.c.Wait.Media, PlayCanceled{})
		}, "connected at menu, pending recognize"},
		{"one that cannot be played leads where the flow says", greeted, func(l *life) {
			l.happensTo(l.c.Wait.Media, PlayFailed{})
		}, "connected at sorry, pending play"},
		{"or else on", thanked, func(l *life) {
			l.happensTo(l.c.Wait.Media, PlayFailed{})
		}, "connected ending completed, pending hangUp"},
		{"one that ACS refuses cannot be played", greeting, func(l *life) {
			l.replies(outbox.VerbPlay, refuses("8535"))
		}, "connected at sorry, pending play"},
		{"one of a call that ACS does not have makes it look", greeting, func(l *life) {
			l.replies(outbox.VerbPlay, refuses(CodeGone))
		}, "connected at greeting, pending checkParticipants"},
		{"if it is there all the same, the flow goes on in time", greeting, func(l *life) {
			l.replies(outbox.VerbPlay, refuses(CodeGone))
			l.replies(outbox.VerbCheckParticipants, saw(caller))
			l.passes(limits.Prompt + spoken)
		}, "connected at sorry, pending cancelMedia play"},
		{"the call is over if ACS says so again", greeting, func(l *life) {
			l.replies(outbox.VerbPlay, refuses(CodeGone))
			l.replies(outbox.VerbCheckParticipants, refuses(CodeGone))
		}, "ended abandoned"},
		{"one that goes unheard is sent again", greeting, func(l *life) {
			l.replies(outbox.VerbPlay, unheard)
		}, "connected at greeting, pending play#2?"},
		{"after a moment", greeting, func(l *life) {
			l.replies(outbox.VerbPlay, unheard)
			l.passes(outbox.NoResponseBackoff(1))
		}, "connected at greeting, pending play#2"},
		{"it was heard after all if its first send is over", greeting, func(l *life) {
			l.replies(outbox.VerbPlay, unheard)
			l.happensTo(outbox.Ref{Op: 2, Send: 1}, PlayCompleted{})
		}, "connected at menu, pending cancelMedia recognize"},
		{"it was not if its first send was stopped by the second", greeting, func(l *life) {
			l.replies(outbox.VerbPlay, unheard)
			l.passes(outbox.NoResponseBackoff(1))
			l.happensTo(outbox.Ref{Op: 2, Send: 1}, PlayCanceled{})
		}, "connected at greeting, pending play#2"},
		{"but is not sent for ever", greeting, func(l *life) {
			for send := range outbox.MaxSends {
				l.replies(outbox.VerbPlay, unheard)
				l.passes(outbox.NoResponseBackoff(send + 1))
			}
		}, "connected at sorry, pending play"},
		{"the refusal of a repeat is a question: it counts as running", greeting, func(l *life) {
			l.replies(outbox.VerbPlay, unheard)
			l.replies(outbox.VerbPlay, refuses("8583"))
		}, "connected at greeting"},
		{"until its deadline", greeting, func(l *life) {
			l.replies(outbox.VerbPlay, unheard)
			l.passes(outbox.NoResponseBackoff(1))
			l.replies(outbox.VerbPlay, refuses("412"))
			l.passes(limits.Prompt + spoken)
		}, "connected at sorry, pending cancelMedia play"},
		{"one of which nothing is heard is stopped", greeted, func(l *life) {
			l.passes(limits.Prompt + spoken)
		}, "connected at sorry, pending cancelMedia play"},
		{"one whose run has died is sent by another", greeting, func(l *life) {
			l.passes(30 * time.Second)
		}, "connected at greeting, pending play#2"},
		{"one that is throttled to its deadline is given up", greeting, func(l *life) {
			l.replies(outbox.VerbPlay, throttled(time.Hour))
			l.passes(limits.Prompt + spoken)
		}, "connected at sorry, pending play"},
		{"one that is on its way at its deadline is waited for", greeting, func(l *life) {
			l.replies(outbox.VerbPlay, throttled(limits.Prompt-time.Second))
			l.passes(limits.Prompt - time.Second)
			l.passes(2 * time.Second)
		}, "connected at greeting, pending play#2"},
		{"and is stopped if it goes unheard until its owner's time is up", greeting, func(l *life) {
			l.replies(outbox.VerbPlay, throttled(limits.Prompt-time.Second))
			l.passes(limits.Prompt - time.Second)
			l.passes(2 * time.Second)
			l.passes(30 * time.Second)
		}, "connected at sorry, pending cancelMedia play"},
	})
}

func TestMenus(t *testing.T) {
	ref := func(l *life) outbox.Ref { return l.c.Wait.Media }
	tell(t, []story{
		{"a key leads where the flow says", asked, func(l *life) {
			l.happensTo(ref(l), Recognized{Tones: []string{"pound"}})
		}, "connected at bye, pending play"},
		{"a key collected before the time was over counts", asked, func(l *life) {
			l.happensTo(ref(l), RecognizeFailed{Tones: []string{"pound"}})
		}, "connected at bye, pending play"},
		{"a key pressed in the first send counts, though the second is being made", greeted, func(l *life) {
			l.happensTo(ref(l), PlayCompleted{})
			l.replies(outbox.VerbRecognize, unheard)
			first := outbox.Ref{Op: ref(l).Op, Send: 1}
			l.passes(outbox.NoResponseBackoff(1))
			l.replies(outbox.VerbRecognize, done)
			l.happensTo(first, Recognized{Tones: []string{"pound"}})
		}, "connected at bye, pending cancelMedia play"},
		{"a key that leads nowhere is asked for again", asked, func(l *life) {
			l.happensTo(ref(l), Recognized{Tones: []string{"nine"}})
		}, "connected at menu, pending recognize"},
		{"silence is asked again", asked, func(l *life) {
			l.happensTo(ref(l), RecognizeFailed{})
		}, "connected at menu, pending recognize"},
		{"as often as the flow says", asked, func(l *life) {
			l.happensTo(ref(l), RecognizeFailed{})
			l.happensTo(ref(l), RecognizeCanceled{})
		}, "connected at bye, pending play"},
		{"a duplicate of the silence is not asked again", asked, func(l *life) {
			first := ref(l)
			l.happensTo(first, RecognizeFailed{})
			l.happensTo(first, RecognizeFailed{})
		}, "connected at menu, pending recognize"},
		{"what ACS refuses to ask is asked again", asked, func(l *life) {
			l.happensTo(ref(l), RecognizeFailed{})
			l.replies(outbox.VerbRecognize, refuses("8583"))
		}, "connected at bye, pending play"},
		{"what is never answered is asked again", asked, func(l *life) {
			l.passes(limits.Prompt + spoken + defaultSilence)
		}, "connected at menu, pending cancelMedia recognize"},
		{"the time for the keys does not count as the prompt's", asked, func(l *life) {
			l.passes(limits.Prompt + defaultSilence - time.Second)
		}, "connected at menu"},
		{"a menu begins anew when it is come to again", func(t tester) *life {
			l := asked(t)
			l.flow = parse(`{"name":"f","start":"menu","nodes":{"menu":{"kind":"menu","prompt":{"text":"?"},
				"keys":{"1":"menu"},"repeats":1,"nothing":"end"},"end":{"kind":"hangup"}}}`)
			l.c, l.history = Call{ID: "in-1"}, nil
			l.happens(offered)
			l.happens(Connected{})
			return l
		}, func(l *life) {
			l.happensTo(ref(l), RecognizeFailed{})
			l.happensTo(ref(l), Recognized{Tones: []string{"one"}})
			l.happensTo(ref(l), RecognizeFailed{})
		}, "connected at menu, pending recognize"},
	})
}

func TestMenuAsksTheCaller(t *testing.T) {
	l := greeted(t)
	l.happensTo(l.c.Wait.Media, PlayCompleted{})
	a := l.owed(outbox.VerbRecognize)
	if a.Target != caller || a.Prompt.Text != "Press 1." || a.Silence != defaultSilence {
		t.Errorf("action = %+v", a)
	}
}

func TestEveryToneIsAKey(t *testing.T) {
	for tone, key := range keyOf {
		l := asked(t)
		l.flow = parse(`{"name":"f","start":"menu","nodes":{"menu":{"kind":"menu","prompt":{"text":"?"},
			"keys":{"` + key + `":"end"},"nothing":"menu2"},
			"menu2":{"kind":"menu","prompt":{"text":"?"},"keys":{"0":"end"},"nothing":"end"},"end":{"kind":"hangup"}}}`)
		l.happensTo(l.c.Wait.Media, Recognized{Tones: []string{tone, "one"}})
		if l.c.EndingAs != OutcomeCompleted {
			t.Errorf("tone %s is not key %s: the call is %s", tone, key, summary(l.c))
		}
	}
}

func TestNodeThatTheFlowDoesNotHaveEndsTheCall(t *testing.T) {
	l := greeted(t)
	l.flow = &flow.Flow{Nodes: map[string]flow.Node{"greeting": &flow.Play{Next: "gone"}}}
	l.happensTo(l.c.Wait.Media, PlayCompleted{})
	if got := summary(l.c); got != "connected ending failed, pending hangUp" {
		t.Errorf("the call is %s", got)
	}
}

func TestValues(t *testing.T) {
	l := noticed(t)
	l.happensTo(l.c.Wait.Media, Recognized{Tones: []string{"one"}})
	if got := summary(l.c); got != "connected at thanks, pending play" || l.c.Values["answer"] != "yes" {
		t.Errorf("the call is %s with %v", got, l.c.Values)
	}
	l.replays()

	t.Run("are those that were set last", func(t *testing.T) {
		l := placed(t)
		l.flow = parse(`{"name":"f","start":"a","nodes":{"a":{"kind":"set","values":{"x":"1","y":"1"},"next":"b"},
			"b":{"kind":"play","prompt":{"text":"!"},"next":"c"},"c":{"kind":"set","values":{"x":"2"},"next":"end"},
			"end":{"kind":"hangup"}}}`)
		l.happens(Connected{})
		l.happensTo(l.c.Wait.Media, PlayCompleted{})
		if d := cmp.Diff(map[string]string{"x": "2", "y": "1"}, l.c.Values); d != "" {
			t.Errorf("values (-want +got):\n%s", d)
		}
		if got := l.flow.Nodes["a"].(*flow.Set).Values["x"]; got != "1" {
			t.Errorf("the flow was changed: x is %s", got)
		}
	})
}

func TestOptOut(t *testing.T) {
	optedOut := func(t tester) *life {
		l := noticed(t)
		l.happensTo(l.c.Wait.Media, Recognized{Tones: []string{"nine"}})
		return l
	}
	tell(t, []story{
		{"does not hold up the call", optedOut, nil, "connected at thanks, pending optOut play"},
		{"is owed though the call ends at once, and comes first", optedOut, func(l *life) { l.ends(Result{Code: 200}) },
			"ended abandoned, pending optOut settle? release?"},
		{"is owed though the call is hung up", optedOut, func(l *life) {
			l.happensTo(l.c.Wait.Media, PlayCompleted{})
		}, "connected ending completed, pending optOut hangUp"},
		{"is tried until it is written down", optedOut, func(l *life) {
			l.replies(outbox.VerbOptOut, unheard)
			l.ends(Result{Code: 200})
			l.passes(time.Second)
			l.replies(outbox.VerbOptOut, done)
		}, "ended abandoned, pending settle release"},
	})
	l := optedOut(t)
	if a := l.owed(outbox.VerbOptOut); a.Target != callee || !a.At.Equal(l.now) {
		t.Errorf("%q has opted out at %v", a.Target, a.At)
	}

	t.Run("of a caller who withheld the number is of nobody who can be dialled", func(t *testing.T) {
		const withheld = "4:anonymous"
		l := &life{t: t, c: Call{ID: "in-1"}, flow: notice, now: t0}
		o := offered
		o.Caller = withheld
		l.move(Event{Key: "offer", At: t0, Body: o})
		l.happens(Connected{})
		l.happensTo(l.c.Wait.Media, Recognized{Tones: []string{"nine"}})
		if a := l.owed(outbox.VerbOptOut); a.Target != withheld {
			t.Errorf("%q has opted out", a.Target)
		}
		l.replies(outbox.VerbOptOut, done) // there is no row to write
		if got := summary(l.c); got != "connected at thanks, pending play" {
			t.Errorf("the call is %s", got)
		}
	})
}
