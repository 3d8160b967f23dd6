package call

import (
	"testing"
	"time"

	"switchboard/handler/call/outbox"
)

func TestOutboundCall(t *testing.T) {
	runCases(t, []testCase{
		{"is to be placed", atDialled, nil, "ringing, pending create"},
		{"rings when ACS has taken the request", atRinging, nil, "ringing"},
		{"goes into its flow when somebody answers", atRinging, func(m *machine) {
			m.report(Connected{})
		}, "connected at menu, pending recognize"},
		{"may be answered before ACS's answer is heard", atDialled, func(m *machine) {
			create := m.pending(outbox.VerbCreate)
			m.reportFor(create.Ref, Connected{})
			m.replyTo(create, replyOK)
		}, "connected at menu, pending recognize"},
		{"is not placed again once it is answered, whatever the answer says", atDialled, func(m *machine) {
			create := m.pending(outbox.VerbCreate)
			m.report(Connected{}) // without the operation's context
			m.replyTo(create, replyThrottled(time.Second))
			m.gate = gateOpen
			m.wait(time.Second)
		}, "connected at menu, pending recognize"},
		{"is answered once", atNotice, func(m *machine) {
			m.report(Connected{})
			m.reportFor(outbox.Ref{Op: CreateOp, Send: 1}, Connected{})
		}, "connected at menu"},
		{"is known to be placed by any event with its context", atDialled, func(m *machine) {
			m.reportFor(outbox.Ref{Op: CreateOp, Send: 1}, Unknown{})
			m.wait(limits.Ring)
		}, "ringing, pending checkParticipants"},
		{"is opened once", atRinging, func(m *machine) {
			m.apply(Event{Key: "dialled again", Body: dialled})
		}, "ringing"},
		{"is not buried", atRinging, func(m *machine) {
			m.apply(Event{Key: "tombstone", Body: Tombstone{Dial: dialled.Dial}})
		}, "ringing"},
		{"is not opened where the gate is shut", func(t tester) *machine {
			m := &machine{t: t, c: Call{ID: "out-1"}, flow: notice, now: t0, gate: gateClosed}
			m.apply(Event{Key: "dialled", Body: dialled})
			return m
		}, nil, "ended cancelled, pending settle release"},
		{"owes its campaign nothing if it belongs to none", func(t tester) *machine {
			m := &machine{t: t, c: Call{ID: "out-1"}, flow: notice, now: t0}
			d := dialled
			d.Attempt = AttemptRef{}
			m.apply(Event{Key: "dialled", Body: d})
			return m
		}, func(m *machine) { m.reportCreateFailed(busy) }, "ended busy, pending release"},
	})
}

func TestOutcomeOfAnUnansweredOutboundCall(t *testing.T) {
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
			runCases(t, []testCase{
				{"by callback", atRinging, func(m *machine) { m.reportCreateFailed(tt.result) }, tt.want},
				{"by a callback before ACS's answer", atDialled, func(m *machine) {
					create := m.pending(outbox.VerbCreate)
					m.reportCreateFailed(tt.result)
					m.replyTo(create, replyOK)
				}, tt.want},
				{"by a callback after ACS's answer was lost", atCreateUnconfirmed, func(m *machine) { m.reportCreateFailed(tt.result) }, tt.want},
				{"by callback twice", atRinging, func(m *machine) {
					m.reportCreateFailed(tt.result)
					m.reportCreateFailed(Result{Code: 408})
				}, tt.want},
				{"by its end and then by what says more", atRinging, func(m *machine) {
					m.reportDisconnected(Result{Code: 500})
					m.reportCreateFailed(tt.result)
				}, tt.want},
				{"by its end alone, heard twice", atRinging, func(m *machine) {
					m.reportDisconnected(tt.result)
					m.reportDisconnected(Result{Code: 500})
					m.wait(disconnectWait)
				}, tt.want},
				{"by ACS's refusal", atDialled, func(m *machine) { m.refuseCreate(tt.result) }, tt.want},
			})
		})
	}
}

func TestThrottledCreateCall(t *testing.T) {
	runCases(t, []testCase{
		{"tells its line, and waits", atDialled, func(m *machine) {
			m.reply(outbox.VerbCreate, replyThrottled(5*time.Second))
			if at := m.pending(outbox.VerbBackOff).At; !at.Equal(m.now.Add(5 * time.Second)) {
				m.t.Errorf("the line is to wait until %v", at)
			}
		}, "ringing, pending create#2? backOff"},
		{"is not taken for placed when its line has been told twice", atDialled, func(m *machine) {
			m.reply(outbox.VerbCreate, replyThrottled(time.Minute))
			first := m.pending(outbox.VerbBackOff)
			m.wait(limits.lease(outbox.VerbBackOff))
			m.reply(outbox.VerbBackOff, replyOK)
			m.replyTo(first, replyOK)
			m.wait(limits.Confirm)
		}, "ended throttled, pending backOff settle release"},
		{"is not placed unless the gate is asked again", atThrottled, func(m *machine) {
			m.wait(5 * time.Second)
			if !m.c.NeedsGate(m.now) {
				m.t.Errorf("the gate is not to be asked")
			}
		}, "ringing, pending create#2?"},
		{"nor before its time", atThrottled, func(m *machine) {
			m.gate = gateOpen
			m.wait(4 * time.Second)
			if m.c.NeedsGate(m.now) {
				m.t.Errorf("the gate is to be asked though nothing can be sent")
			}
		}, "ringing, pending create#2?"},
		{"is placed when the gate is open", atThrottled, func(m *machine) {
			m.gate = gateOpen
			m.wait(5 * time.Second)
			if m.c.NeedsGate(m.now) {
				m.t.Errorf("the gate is to be asked again about what is on its way")
			}
		}, "ringing, pending create#2"},
		{"is given up when the gate is shut", atThrottled, func(m *machine) {
			m.gate = gateClosed
			m.wait(5 * time.Second)
		}, "ended cancelled, pending settle release"},
		{"is not given up by a gate that shuts when it is on its way", atThrottled, func(m *machine) {
			m.gate = gateOpen
			m.wait(5 * time.Second)
			m.gate = gateClosed
			m.wait(time.Second)
		}, "ringing, pending create#2"},
		{"is of unknown fate if its second request goes unheard", atThrottled, func(m *machine) {
			m.gate = gateOpen
			m.wait(5 * time.Second)
			m.reply(outbox.VerbCreate, replyNoResponse)
			m.wait(limits.Confirm)
		}, "ended unknown, pending settle release"},
		{"was never placed if it is throttled until the settle time", atThrottled, func(m *machine) {
			m.gate = gateOpen
			for !m.now.After(t0.Add(limits.Confirm)) && m.c.State == StateRinging {
				m.wait(time.Minute)
				if m.c.State == StateRinging {
					m.reply(outbox.VerbCreate, replyThrottled(time.Minute))
					m.reply(outbox.VerbBackOff, replyOK)
				}
			}
		}, "ended throttled, pending backOff settle release"},
	})
}

func TestUnconfirmedCreateCall(t *testing.T) {
	runCases(t, []testCase{
		{"is not placed again after a failure", atCreateUnconfirmed, func(m *machine) {
			m.gate = gateOpen
			m.wait(limits.Confirm - time.Second)
		}, "ringing"},
		{"is not placed again by another run", atDialled, func(m *machine) {
			m.gate = gateOpen
			m.wait(limits.lease(outbox.VerbCreate))
		}, "ringing"},
		{"ends unknown at the settle time", atCreateUnconfirmed, func(m *machine) {
			m.wait(limits.Confirm)
		}, "ended unknown, pending settle release"},
		{"and is hung up if there is a connection all the same", atCreateUnconfirmed, func(m *machine) {
			m.report(Unknown{})
			m.wait(limits.Confirm)
		}, "ended unknown, pending settle release hangUp"},
		{"so does one whose run has died", atDialled, func(m *machine) {
			m.wait(limits.lease(outbox.VerbCreate))
			m.wait(limits.Confirm - limits.lease(outbox.VerbCreate))
		}, "ended unknown, pending settle release"},
		{"ends unknown even where calls may be short", func(t tester) *machine {
			m := &machine{t: t, c: Call{ID: "out-1"}, flow: notice, now: t0}
			d := dialled
			d.Limits.Call = time.Minute
			m.apply(Event{Key: "dialled", Body: d})
			m.reply(outbox.VerbCreate, replyNoResponse)
			return m
		}, func(m *machine) { m.wait(time.Minute) }, "ended unknown, pending settle release"},
		{"goes into its flow if it was answered all the same", atCreateUnconfirmed, func(m *machine) {
			m.wait(limits.Confirm - time.Second)
			m.report(Connected{})
		}, "connected at menu, pending recognize"},
		{"rings, if ACS's answer comes after its run's time", atDialled, func(m *machine) {
			create := m.pending(outbox.VerbCreate)
			m.wait(limits.lease(outbox.VerbCreate))
			m.replyTo(create, replyOK)
			m.wait(limits.Ring)
		}, "ringing, pending checkParticipants"},
		{"is hung up at once if it is answered after that", atConfirmTimeout, func(m *machine) {
			m.report(Connected{})
		}, "ended unknown, pending hangUp"},
		{"is hung up once", atConfirmTimeout, func(m *machine) {
			m.report(Connected{})
			m.reportFor(outbox.Ref{Op: CreateOp, Send: 1}, Connected{})
		}, "ended unknown, pending hangUp"},
		{"is hung up if ACS's answer comes after that", atConfirmTimeout, func(m *machine) {
			m.replyTo(outbox.Action{Verb: outbox.VerbCreate, Ref: outbox.Ref{Op: CreateOp, Send: 1}, Leases: 1}, replyOK)
		}, "ended unknown, pending hangUp"},
		{"stays unknown, whatever is heard of it", atConfirmTimeout, func(m *machine) {
			m.reportCreateFailed(busy)
			m.report(Connected{})
			m.reply(outbox.VerbHangUp, replyOK)
			m.reportDisconnected(Result{Code: 200})
		}, "ended unknown"},
		{"has nothing to hang up if it ends by itself", atConfirmTimeout, func(m *machine) {
			m.report(Connected{})
			m.reportDisconnected(Result{Code: 200})
		}, "ended unknown"},
	})
}

func TestRingTimeout(t *testing.T) {
	replyConnected := replyParticipants(callee)
	replyConnected.Connected = true
	// hangingUp: ACS has taken the hang-up, and its end is waited for.
	atRingHangUpAccepted := func(t tester) *machine {
		m := atRingHangUp(t)
		m.reply(outbox.VerbHangUp, replyOK)
		return m
	}
	runCases(t, []testCase{
		{"is looked at", atRingTimeout, nil, "ringing, pending checkParticipants"},
		{"is looked at once", atRingTimeout, func(m *machine) { m.wait(time.Second) }, "ringing, pending checkParticipants"},
		{"goes into its flow if it is connected: the event that says so was lost", atRingTimeout, func(m *machine) {
			m.reply(outbox.VerbCheckParticipants, replyConnected)
		}, "connected at menu, pending recognize"},
		{"is hung up if it is not connected", atRingHangUp, nil, "ringing ending noAnswer, pending hangUp"},
		{"was not answered when its end is heard of", atRingHangUpAccepted, func(m *machine) { m.reportCreateFailed(cancelled) },
			"ended noAnswer, pending settle release"},
		{"even if only the end of its connection is", atRingHangUpAccepted, func(m *machine) {
			m.reportDisconnected(cancelled)
			m.wait(disconnectWait)
		}, "ended noAnswer, pending settle release"},
		{"was busy if the network says so", atRingHangUpAccepted, func(m *machine) { m.reportCreateFailed(busy) },
			"ended busy, pending settle release"},
		{"is over if ACS does not have it any more", atRingHangUp, func(m *machine) { m.reply(outbox.VerbHangUp, replyRefused(CodeGone)) },
			"ended noAnswer, pending settle release"},
		{"is over if ACS did not have it when it was looked at", atRingTimeout, func(m *machine) {
			m.reply(outbox.VerbCheckParticipants, replyRefused(CodeGone))
		}, "ended noAnswer, pending settle release"},
		{"is given up and hung up if ACS does not say", atRingTimeout, func(m *machine) {
			for range outbox.MaxSends {
				m.reply(outbox.VerbCheckParticipants, replyNoResponse)
			}
		}, "ended noAnswer, pending settle release hangUp"},
		{"is looked for if its end is not heard of", atRingHangUpAccepted, func(m *machine) { m.wait(limits.Hangup) },
			"ringing ending noAnswer, pending checkParticipants"},
		{"is hung up again if it is still there", atRingHangUpAccepted, func(m *machine) {
			m.wait(limits.Hangup)
			m.reply(outbox.VerbCheckParticipants, replyOK)
		}, "ringing ending noAnswer, pending hangUp"},
		{"is over if it was gone", atRingHangUpAccepted, func(m *machine) {
			m.wait(limits.Hangup)
			m.reply(outbox.VerbCheckParticipants, replyRefused(CodeGone))
		}, "ended noAnswer, pending settle release"},
		{"may be answered while it is looked at", atRingTimeout, func(m *machine) {
			look := m.pending(outbox.VerbCheckParticipants)
			m.report(Connected{})
			m.replyTo(look, replyParticipants(callee))
		}, "connected at menu, pending recognize"},
		{"and end while it is looked at", atRingTimeout, func(m *machine) {
			look := m.pending(outbox.VerbCheckParticipants)
			m.reportDisconnected(Result{Code: 480})
			m.replyTo(look, replyConnected)
			m.wait(disconnectWait)
		}, "ended noAnswer, pending settle release"},
		{"answered while it is hung up, is hung up", atRingHangUpAccepted, func(m *machine) {
			m.report(Connected{})
		}, "connected ending noAnswer"},
		{"and is over then", atRingHangUpAccepted, func(m *machine) {
			m.report(Connected{})
			m.reportDisconnected(Result{Code: 200})
		}, "ended noAnswer, pending settle release"},
		{"also if its end overtakes its beginning", atRingHangUpAccepted, func(m *machine) {
			m.reportDisconnected(Result{Code: 200})
			m.report(Connected{})
		}, "ended noAnswer, pending settle release"},
		{"its end is not put off by the wait for the hang-up", atRingHangUpAccepted, func(m *machine) {
			m.wait(limits.Hangup - disconnectWait + time.Second)
			m.reportDisconnected(busy)
			m.wait(disconnectWait - time.Second)
		}, "ringing ending noAnswer"},
	})
}

func TestAnsweredOutboundCall(t *testing.T) {
	runCases(t, []testCase{
		{"hears the menu", atNotice, nil, "connected at menu"},
		{"that ends before it was seen connected was abandoned", atRinging, func(m *machine) {
			m.reportDisconnected(Result{Code: 200})
			m.report(Connected{})
		}, "ended abandoned, pending settle release"},
		{"that its person ends is abandoned", atNotice, func(m *machine) { m.reportDisconnected(Result{Code: 200}) },
			"ended abandoned, pending settle release"},
		{"that its person has left is hung up", atNotice, func(m *machine) {
			m.report(roster(1, callee))
			m.report(roster(2))
		}, "connected ending abandoned, pending hangUp"},
		{"that has come through its flow is completed", atNotice, func(m *machine) {
			m.reportFor(m.c.Wait.Media, Recognized{Tones: []string{"one"}})
			m.reply(outbox.VerbPlay, replyOK)
			m.reportFor(m.c.Wait.Media, PlayCompleted{})
			m.reply(outbox.VerbHangUp, replyOK)
			m.reportDisconnected(Result{Code: 200})
		}, "ended completed, pending settle release"},
	})
}

func TestMenuOfAnOutboundCallWaitsForTheCalleesKey(t *testing.T) {
	m := atRinging(t)
	m.report(Connected{})
	if a := m.pending(outbox.VerbRecognize); a.Target != callee {
		t.Errorf("asked is %q", a.Target)
	}
}

func TestTombstone(t *testing.T) {
	atTombstone := func(d Dial) func(tester) *machine {
		return func(t tester) *machine {
			m := &machine{t: t, c: Call{ID: "x-1"}, flow: notice, now: t0}
			m.apply(Event{Key: "tombstone", Body: Tombstone{Dial: d}})
			return m
		}
	}
	runCases(t, []testCase{
		{"of an offer leaves nothing to do", atTombstone(Dial{}), nil, "ended cancelled"},
		{"of a call to be placed gives back what was taken for it", atTombstone(dialled.Dial), nil,
			"ended cancelled, pending settle release"},
		{"keeps the call from being placed by whoever comes late", atTombstone(dialled.Dial), func(m *machine) {
			m.apply(Event{Key: "dialled", Body: dialled})
		}, "ended cancelled, pending settle release"},
		{"keeps the offer from being answered", atTombstone(Dial{}), func(m *machine) {
			m.apply(Event{Key: "offer", At: t0, Body: offered})
		}, "ended cancelled"},
		{"happens once", atTombstone(dialled.Dial), func(m *machine) {
			m.reply(outbox.VerbSettle, replyOK)
			m.reply(outbox.VerbRelease, replyOK)
			m.apply(Event{Key: "tombstone again", Body: Tombstone{Dial: dialled.Dial}})
		}, "ended cancelled"},
	})
	m := atTombstone(dialled.Dial)(t)
	if got := m.c.Dial(); got != dialled.Dial {
		t.Errorf("buried was %+v", got)
	}
	// It was opened by nobody, so it has no limits; its actions have their time all the same.
	if a := m.pending(outbox.VerbSettle); a.LeaseUntil.Sub(m.now) <= m.c.Limits.Timeout(outbox.VerbSettle) || m.c.Limits.Timeout(outbox.VerbSettle) == 0 {
		t.Errorf("it is to be settled until %v, in %v", a.LeaseUntil, m.c.Limits.Timeout(outbox.VerbSettle))
	}
}

func TestDialAndRemotePartyByDirection(t *testing.T) {
	if got := atDialled(t).c.Dial(); got != dialled.Dial {
		t.Errorf("a placed call is for %+v", got)
	}
	if got := atOffer(t).c.Dial(); got != (Dial{}) {
		t.Errorf("an answered call is for %+v", got)
	}
	if got, want := atDialled(t).c.RemoteParty(), callee; got != want {
		t.Errorf("the person of a placed call is %q", got)
	}
	if got, want := atOffer(t).c.RemoteParty(), caller; got != want {
		t.Errorf("the person of an answered call is %q", got)
	}
}
