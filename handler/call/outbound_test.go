package call

import (
	"switchboard/handler/call/outbox"
	"testing"
	"time"
)

func TestPlacedCall(t *testing.T) {
	tell(t, []story{
		{"is to be placed", dial, nil, "ringing, pending create"},
		{"rings when ACS has taken the request", placed, nil, "ringing"},
		{"goes into its flow when somebody answers", placed, func(l *life) {
			l.happens(Connected{})
		}, "connected at menu, pending recognize"},
		{"may be answered before ACS's answer is heard", dial, func(l *life) {
			create := l.owed(outbox.VerbCreate)
			l.happensTo(create.Ref, Connected{})
			l.answers(create, done)
		}, "connected at menu, pending recognize"},
		{"is not placed again once it is answered, whatever the answer says", dial, func(l *life) {
			create := l.owed(outbox.VerbCreate)
			l.happens(Connected{}) // without the operation's context
			l.answers(create, throttled(time.Second))
			l.gate = open
			l.passes(time.Second)
		}, "connected at menu, pending recognize"},
		{"is answered once", noticed, func(l *life) {
			l.happens(Connected{})
			l.happensTo(outbox.Ref{Op: CreateOp, Send: 1}, Connected{})
		}, "connected at menu"},
		{"is known to be placed by any event with its context", dial, func(l *life) {
			l.happensTo(outbox.Ref{Op: CreateOp, Send: 1}, Unknown{})
			l.passes(limits.Ring)
		}, "ringing, pending checkParticipants"},
		{"is opened once", placed, func(l *life) {
			l.move(Event{Key: "dialled again", Body: dialled})
		}, "ringing"},
		{"is not buried", placed, func(l *life) {
			l.move(Event{Key: "tombstone", Body: Tombstone{Dial: dialled.Dial}})
		}, "ringing"},
		{"is not opened where the gate is shut", func(t tester) *life {
			l := &life{t: t, c: Call{ID: "out-1"}, flow: notice, now: t0, gate: shut}
			l.move(Event{Key: "dialled", Body: dialled})
			return l
		}, nil, "ended cancelled, pending settle release"},
		{"owes its campaign nothing if it belongs to none", func(t tester) *life {
			l := &life{t: t, c: Call{ID: "out-1"}, flow: notice, now: t0}
			d := dialled
			d.Attempt = AttemptRef{}
			l.move(Event{Key: "dialled", Body: d})
			return l
		}, func(l *life) { l.fails(busy) }, "ended busy, pending release"},
	})
}

func TestCallThatIsNotAnswered(t *testing.T) {
	tests := []struct {
		name   string
		result Result
		want   string
	}{
		{"is busy", busy, "ended busy, pending settle release"},
		{"has an invalid number", Result{Code: 404, SubCode: 560404}, "ended invalidNumber, pending settle release"},
		{"is declined", Result{Code: 603, SubCode: 560603, Q850: 21}, "ended declined, pending settle release"},
		{"is one too many for the line, which is told first", Result{Code: 603, SubCode: 560603, Q850: 34},
			"ended lineLimit, pending backOff settle release"},
		{"is not answered", Result{Code: 480, SubCode: 560480}, "ended noAnswer, pending settle release"},
		{"is not what the line may do", Result{Code: 403, SubCode: 510403}, "ended misconfigured, pending backOff settle release"},
		{"fails for no known reason", Result{}, "ended failed, pending settle release"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tell(t, []story{
				{"by callback", placed, func(l *life) { l.fails(tt.result) }, tt.want},
				{"by a callback before ACS's answer", dial, func(l *life) {
					create := l.owed(outbox.VerbCreate)
					l.fails(tt.result)
					l.answers(create, done)
				}, tt.want},
				{"by a callback after ACS's answer was lost", unheardOf, func(l *life) { l.fails(tt.result) }, tt.want},
				{"by callback twice", placed, func(l *life) {
					l.fails(tt.result)
					l.fails(Result{Code: 408})
				}, tt.want},
				{"by its end and then by what says more", placed, func(l *life) {
					l.ends(Result{Code: 500})
					l.fails(tt.result)
				}, tt.want},
				{"by its end alone, heard twice", placed, func(l *life) {
					l.ends(tt.result)
					l.ends(Result{Code: 500})
					l.passes(disconnectWait)
				}, tt.want},
				{"by ACS's refusal", dial, func(l *life) { l.isRefused(tt.result) }, tt.want},
			})
		})
	}
}

func TestThrottledCall(t *testing.T) {
	tell(t, []story{
		{"tells its line, and waits", dial, func(l *life) {
			l.replies(outbox.VerbCreate, throttled(5*time.Second))
			if at := l.owed(outbox.VerbBackOff).At; !at.Equal(l.now.Add(5 * time.Second)) {
				l.t.Errorf("the line is to wait until %v", at)
			}
		}, "ringing, pending create#2? backOff"},
		{"is not taken for placed when its line has been told twice", dial, func(l *life) {
			l.replies(outbox.VerbCreate, throttled(time.Minute))
			first := l.owed(outbox.VerbBackOff)
			l.passes(limits.lease(outbox.VerbBackOff))
			l.replies(outbox.VerbBackOff, done)
			l.answers(first, done)
			l.passes(limits.Confirm)
		}, "ended throttled, pending backOff settle release"},
		{"is not placed unless the gate is asked again", denied, func(l *life) {
			l.passes(5 * time.Second)
			if !l.c.NeedsGate(l.now) {
				l.t.Errorf("the gate is not to be asked")
			}
		}, "ringing, pending create#2?"},
		{"nor before its time", denied, func(l *life) {
			l.gate = open
			l.passes(4 * time.Second)
			if l.c.NeedsGate(l.now) {
				l.t.Errorf("the gate is to be asked though nothing can be sent")
			}
		}, "ringing, pending create#2?"},
		{"is placed when the gate is open", denied, func(l *life) {
			l.gate = open
			l.passes(5 * time.Second)
			if l.c.NeedsGate(l.now) {
				l.t.Errorf("the gate is to be asked again about what is on its way")
			}
		}, "ringing, pending create#2"},
		{"is given up when the gate is shut", denied, func(l *life) {
			l.gate = shut
			l.passes(5 * time.Second)
		}, "ended cancelled, pending settle release"},
		{"is not given up by a gate that shuts when it is on its way", denied, func(l *life) {
			l.gate = open
			l.passes(5 * time.Second)
			l.gate = shut
			l.passes(time.Second)
		}, "ringing, pending create#2"},
		{"is of unknown fate if its second request goes unheard", denied, func(l *life) {
			l.gate = open
			l.passes(5 * time.Second)
			l.replies(outbox.VerbCreate, unheard)
			l.passes(limits.Confirm)
		}, "ended unknown, pending settle release"},
		{"was never placed if it is throttled until the settle time", denied, func(l *life) {
			l.gate = open
			for !l.now.After(t0.Add(limits.Confirm)) && l.c.State == StateRinging {
				l.passes(time.Minute)
				if l.c.State == StateRinging {
					l.replies(outbox.VerbCreate, throttled(time.Minute))
					l.replies(outbox.VerbBackOff, done)
				}
			}
		}, "ended throttled, pending backOff settle release"},
	})
}

func TestCallOfUnknownFate(t *testing.T) {
	tell(t, []story{
		{"is not placed again after a failure", unheardOf, func(l *life) {
			l.gate = open
			l.passes(limits.Confirm - time.Second)
		}, "ringing"},
		{"is not placed again by another run", dial, func(l *life) {
			l.gate = open
			l.passes(limits.lease(outbox.VerbCreate))
		}, "ringing"},
		{"ends unknown at the settle time", unheardOf, func(l *life) {
			l.passes(limits.Confirm)
		}, "ended unknown, pending settle release"},
		{"and is hung up if there is a connection all the same", unheardOf, func(l *life) {
			l.happens(Unknown{})
			l.passes(limits.Confirm)
		}, "ended unknown, pending settle release hangUp"},
		{"so does one whose run has died", dial, func(l *life) {
			l.passes(limits.lease(outbox.VerbCreate))
			l.passes(limits.Confirm - limits.lease(outbox.VerbCreate))
		}, "ended unknown, pending settle release"},
		{"ends unknown even where calls may be short", func(t tester) *life {
			l := &life{t: t, c: Call{ID: "out-1"}, flow: notice, now: t0}
			d := dialled
			d.Limits.Call = time.Minute
			l.move(Event{Key: "dialled", Body: d})
			l.replies(outbox.VerbCreate, unheard)
			return l
		}, func(l *life) { l.passes(time.Minute) }, "ended unknown, pending settle release"},
		{"goes into its flow if it was answered all the same", unheardOf, func(l *life) {
			l.passes(limits.Confirm - time.Second)
			l.happens(Connected{})
		}, "connected at menu, pending recognize"},
		{"rings, if ACS's answer comes after its run's time", dial, func(l *life) {
			create := l.owed(outbox.VerbCreate)
			l.passes(limits.lease(outbox.VerbCreate))
			l.answers(create, done)
			l.passes(limits.Ring)
		}, "ringing, pending checkParticipants"},
		{"is hung up at once if it is answered after that", silent, func(l *life) {
			l.happens(Connected{})
		}, "ended unknown, pending hangUp"},
		{"is hung up once", silent, func(l *life) {
			l.happens(Connected{})
			l.happensTo(outbox.Ref{Op: CreateOp, Send: 1}, Connected{})
		}, "ended unknown, pending hangUp"},
		{"is hung up if ACS's answer comes after that", silent, func(l *life) {
			l.answers(outbox.Action{Verb: outbox.VerbCreate, Ref: outbox.Ref{Op: CreateOp, Send: 1}, Leases: 1}, done)
		}, "ended unknown, pending hangUp"},
		{"stays unknown, whatever is heard of it", silent, func(l *life) {
			l.fails(busy)
			l.happens(Connected{})
			l.replies(outbox.VerbHangUp, done)
			l.ends(Result{Code: 200})
		}, "ended unknown"},
		{"has nothing to hang up if it ends by itself", silent, func(l *life) {
			l.happens(Connected{})
			l.ends(Result{Code: 200})
		}, "ended unknown"},
	})
}

func TestCallThatRingsTooLong(t *testing.T) {
	saidConnected := saw(callee)
	saidConnected.Connected = true
	// hangingUp: ACS has taken the hang-up, and its end is waited for.
	hangingUp := func(t tester) *life {
		l := givenUp(t)
		l.replies(outbox.VerbHangUp, done)
		return l
	}
	tell(t, []story{
		{"is looked at", rungOut, nil, "ringing, pending checkParticipants"},
		{"is looked at once", rungOut, func(l *life) { l.passes(time.Second) }, "ringing, pending checkParticipants"},
		{"goes into its flow if it is connected: the event that says so was lost", rungOut, func(l *life) {
			l.replies(outbox.VerbCheckParticipants, saidConnected)
		}, "connected at menu, pending recognize"},
		{"is hung up if it is not connected", givenUp, nil, "ringing ending noAnswer, pending hangUp"},
		{"was not answered when its end is heard of", hangingUp, func(l *life) { l.fails(takenBack) },
			"ended noAnswer, pending settle release"},
		{"even if only the end of its connection is", hangingUp, func(l *life) {
			l.ends(takenBack)
			l.passes(disconnectWait)
		}, "ended noAnswer, pending settle release"},
		{"was busy if the network says so", hangingUp, func(l *life) { l.fails(busy) },
			"ended busy, pending settle release"},
		{"is over if ACS does not have it any more", givenUp, func(l *life) { l.replies(outbox.VerbHangUp, refuses(CodeGone)) },
			"ended noAnswer, pending settle release"},
		{"is over if ACS did not have it when it was looked at", rungOut, func(l *life) {
			l.replies(outbox.VerbCheckParticipants, refuses(CodeGone))
		}, "ended noAnswer, pending settle release"},
		{"is given up and hung up if ACS does not say", rungOut, func(l *life) {
			for range outbox.MaxSends {
				l.replies(outbox.VerbCheckParticipants, unheard)
			}
		}, "ended noAnswer, pending settle release hangUp"},
		{"is looked for if its end is not heard of", hangingUp, func(l *life) { l.passes(limits.Hangup) },
			"ringing ending noAnswer, pending checkParticipants"},
		{"is hung up again if it is still there", hangingUp, func(l *life) {
			l.passes(limits.Hangup)
			l.replies(outbox.VerbCheckParticipants, done)
		}, "ringing ending noAnswer, pending hangUp"},
		{"is over if it was gone", hangingUp, func(l *life) {
			l.passes(limits.Hangup)
			l.replies(outbox.VerbCheckParticipants, refuses(CodeGone))
		}, "ended noAnswer, pending settle release"},
		{"may be answered while it is looked at", rungOut, func(l *life) {
			look := l.owed(outbox.VerbCheckParticipants)
			l.happens(Connected{})
			l.answers(look, saw(callee))
		}, "connected at menu, pending recognize"},
		{"and end while it is looked at", rungOut, func(l *life) {
			look := l.owed(outbox.VerbCheckParticipants)
			l.ends(Result{Code: 480})
			l.answers(look, saidConnected)
			l.passes(disconnectWait)
		}, "ended noAnswer, pending settle release"},
		{"answered while it is hung up, is hung up", hangingUp, func(l *life) {
			l.happens(Connected{})
		}, "connected ending noAnswer"},
		{"and is over then", hangingUp, func(l *life) {
			l.happens(Connected{})
			l.ends(Result{Code: 200})
		}, "ended noAnswer, pending settle release"},
		{"also if its end overtakes its beginning", hangingUp, func(l *life) {
			l.ends(Result{Code: 200})
			l.happens(Connected{})
		}, "ended noAnswer, pending settle release"},
		{"its end is not put off by the wait for the hang-up", hangingUp, func(l *life) {
			l.passes(limits.Hangup - disconnectWait + time.Second)
			l.ends(busy)
			l.passes(disconnectWait - time.Second)
		}, "ringing ending noAnswer"},
	})
}

func TestAnsweredCall(t *testing.T) {
	tell(t, []story{
		{"hears the menu", noticed, nil, "connected at menu"},
		{"that ends before it was seen connected was abandoned", placed, func(l *life) {
			l.ends(Result{Code: 200})
			l.happens(Connected{})
		}, "ended abandoned, pending settle release"},
		{"that its person ends is abandoned", noticed, func(l *life) { l.ends(Result{Code: 200}) },
			"ended abandoned, pending settle release"},
		{"that its person has left is hung up", noticed, func(l *life) {
			l.happens(people(1, callee))
			l.happens(people(2))
		}, "connected ending abandoned, pending hangUp"},
		{"that has come through its flow is completed", noticed, func(l *life) {
			l.happensTo(l.c.Wait.Media, Recognized{Tones: []string{"one"}})
			l.replies(outbox.VerbPlay, done)
			l.happensTo(l.c.Wait.Media, PlayCompleted{})
			l.replies(outbox.VerbHangUp, done)
			l.ends(Result{Code: 200})
		}, "ended completed, pending settle release"},
	})
}

func TestMenuAsksThePersonWhoWasCalled(t *testing.T) {
	l := placed(t)
	l.happens(Connected{})
	if a := l.owed(outbox.VerbRecognize); a.Target != callee {
		t.Errorf("asked is %q", a.Target)
	}
}

func TestBurial(t *testing.T) {
	buried := func(d Dial) func(tester) *life {
		return func(t tester) *life {
			l := &life{t: t, c: Call{ID: "x-1"}, flow: notice, now: t0}
			l.move(Event{Key: "tombstone", Body: Tombstone{Dial: d}})
			return l
		}
	}
	tell(t, []story{
		{"of an offer leaves nothing to do", buried(Dial{}), nil, "ended cancelled"},
		{"of a call to be placed gives back what was taken for it", buried(dialled.Dial), nil,
			"ended cancelled, pending settle release"},
		{"keeps the call from being placed by whoever comes late", buried(dialled.Dial), func(l *life) {
			l.move(Event{Key: "dialled", Body: dialled})
		}, "ended cancelled, pending settle release"},
		{"keeps the offer from being answered", buried(Dial{}), func(l *life) {
			l.move(Event{Key: "offer", At: t0, Body: offered})
		}, "ended cancelled"},
		{"happens once", buried(dialled.Dial), func(l *life) {
			l.replies(outbox.VerbSettle, done)
			l.replies(outbox.VerbRelease, done)
			l.move(Event{Key: "tombstone again", Body: Tombstone{Dial: dialled.Dial}})
		}, "ended cancelled"},
	})
	l := buried(dialled.Dial)(t)
	if got := l.c.Dial(); got != dialled.Dial {
		t.Errorf("buried was %+v", got)
	}
	// It was opened by nobody, so it has no limits; its actions have their time all the same.
	if a := l.owed(outbox.VerbSettle); a.LeaseUntil.Sub(l.now) <= l.c.Limits.Timeout(outbox.VerbSettle) || l.c.Limits.Timeout(outbox.VerbSettle) == 0 {
		t.Errorf("it is to be settled until %v, in %v", a.LeaseUntil, l.c.Limits.Timeout(outbox.VerbSettle))
	}
}

func TestDialIsOfPlacedCallsAlone(t *testing.T) {
	if got := dial(t).c.Dial(); got != dialled.Dial {
		t.Errorf("a placed call is for %+v", got)
	}
	if got := offer(t).c.Dial(); got != (Dial{}) {
		t.Errorf("an answered call is for %+v", got)
	}
	if got, want := dial(t).c.RemoteParty(), callee; got != want {
		t.Errorf("the person of a placed call is %q", got)
	}
	if got, want := offer(t).c.RemoteParty(), caller; got != want {
		t.Errorf("the person of an answered call is %q", got)
	}
}
