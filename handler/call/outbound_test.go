package call

import (
	"testing"
	"time"

	"switchboard/handler/call/outbox"
)

func TestOutboundCall(t *testing.T) {
	runCases(t, []testCase{
		{"is opened with a CreateCall", atDialled, nil, "ringing, pending create"},
		{"rings when ACS has accepted the CreateCall", atRinging, nil, "ringing"},
		{"enters its flow when it is answered", atRinging, func(m *machine) {
			m.report(Connected{})
		}, "connected at menu, pending recognize"},
		{"may be answered before the reply to the CreateCall", atDialled, func(m *machine) {
			create := m.pending(outbox.VerbCreate)
			m.reportFor(create.Ref, Connected{})
			m.replyTo(create, replyOK)
		}, "connected at menu, pending recognize"},
		{"is not dialled again once it is answered, although the reply says throttled", atDialled, func(m *machine) {
			create := m.pending(outbox.VerbCreate)
			m.report(Connected{}) // without the operation's context
			m.replyTo(create, replyThrottled(time.Second))
			m.gate = gateOpen
			m.wait(time.Second)
		}, "connected at menu, pending recognize"},
		{"enters its flow once", atNotice, func(m *machine) {
			m.report(Connected{})
			m.reportFor(outbox.Ref{Op: CreateOp, Send: 1}, Connected{})
		}, "connected at menu"},
		{"is confirmed by any event with the context of its CreateCall", atDialled, func(m *machine) {
			m.reportFor(outbox.Ref{Op: CreateOp, Send: 1}, Unknown{})
			m.wait(limits.Ring)
		}, "ringing, pending checkParticipants"},
		{"is opened once", atRinging, func(m *machine) {
			m.apply(Event{Key: "dialled again", Body: dialled})
		}, "ringing"},
		{"is not ended by a tombstone", atRinging, func(m *machine) {
			m.apply(Event{Key: "tombstone", Body: Tombstone{Dial: dialled.Dial}})
		}, "ringing"},
		{"ends at once if the gate is closed", func(t tester) *machine {
			m := &machine{t: t, c: Call{ID: "out-1"}, flow: notice, now: t0, gate: gateClosed}
			m.apply(Event{Key: "dialled", Body: dialled})
			return m
		}, nil, "ended cancelled, pending settle release"},
		{"without a campaign has no attempt to settle", func(t tester) *machine {
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
		{"busy", busy, "ended busy, pending settle release"},
		{"the number is invalid", Result{Code: 404, SubCode: 560404}, "ended invalidNumber, pending settle release"},
		{"the call is declined", Result{Code: 603, SubCode: 560603, Q850: 21}, "ended declined, pending settle release"},
		{"the line's limit is reached, and the line backs off", Result{Code: 603, SubCode: 560603, Q850: 34},
			"ended lineLimit, pending backOff settle release"},
		{"no answer", Result{Code: 480, SubCode: 560480}, "ended noAnswer, pending settle release"},
		{"the line is misconfigured, and backs off", Result{Code: 403, SubCode: 510403}, "ended misconfigured, pending backOff settle release"},
		{"no reason is known", Result{}, "ended failed, pending settle release"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			runCases(t, []testCase{
				{"by CreateCallFailed", atRinging, func(m *machine) { m.reportCreateFailed(tt.result) }, tt.want},
				{"by CreateCallFailed before the reply", atDialled, func(m *machine) {
					create := m.pending(outbox.VerbCreate)
					m.reportCreateFailed(tt.result)
					m.replyTo(create, replyOK)
				}, tt.want},
				{"by CreateCallFailed after no response", atCreateUnconfirmed, func(m *machine) { m.reportCreateFailed(tt.result) }, tt.want},
				{"by the first of two CreateCallFailed", atRinging, func(m *machine) {
					m.reportCreateFailed(tt.result)
					m.reportCreateFailed(Result{Code: 408})
				}, tt.want},
				{"by CreateCallFailed after Disconnected", atRinging, func(m *machine) {
					m.reportDisconnected(Result{Code: 500})
					m.reportCreateFailed(tt.result)
				}, tt.want},
				{"by the first of two Disconnected", atRinging, func(m *machine) {
					m.reportDisconnected(tt.result)
					m.reportDisconnected(Result{Code: 500})
					m.wait(disconnectWait)
				}, tt.want},
				{"by the refusal of the CreateCall", atDialled, func(m *machine) { m.refuseCreate(tt.result) }, tt.want},
			})
		})
	}
}

func TestThrottledCreateCall(t *testing.T) {
	runCases(t, []testCase{
		{"waits, and its line backs off", atDialled, func(m *machine) {
			m.reply(outbox.VerbCreate, replyThrottled(5*time.Second))
			if at := m.pending(outbox.VerbBackOff).At; !at.Equal(m.now.Add(5 * time.Second)) {
				m.t.Errorf("the line waits until %v, want %v", at, m.now.Add(5*time.Second))
			}
		}, "ringing, pending create#2? backOff"},
		{"is not confirmed by a late reply to its line's back-off", atDialled, func(m *machine) {
			m.reply(outbox.VerbCreate, replyThrottled(time.Minute))
			first := m.pending(outbox.VerbBackOff)
			m.wait(limits.lease(outbox.VerbBackOff))
			m.reply(outbox.VerbBackOff, replyOK)
			m.replyTo(first, replyOK)
			m.wait(limits.Confirm)
		}, "ended throttled, pending backOff settle release"},
		{"is not sent again unless the gate is asked", atThrottled, func(m *machine) {
			m.wait(5 * time.Second)
			if !m.c.NeedsGate(m.now) {
				m.t.Errorf("NeedsGate = false, want true")
			}
		}, "ringing, pending create#2?"},
		{"is not sent again before the wait has ended, and the gate is not asked", atThrottled, func(m *machine) {
			m.gate = gateOpen
			m.wait(4 * time.Second)
			if m.c.NeedsGate(m.now) {
				m.t.Errorf("NeedsGate = true before the wait has ended")
			}
		}, "ringing, pending create#2?"},
		{"is sent again when the gate is open", atThrottled, func(m *machine) {
			m.gate = gateOpen
			m.wait(5 * time.Second)
			if m.c.NeedsGate(m.now) {
				m.t.Errorf("NeedsGate = true for a CreateCall that is being sent")
			}
		}, "ringing, pending create#2"},
		{"ends the call when the gate is closed", atThrottled, func(m *machine) {
			m.gate = gateClosed
			m.wait(5 * time.Second)
		}, "ended cancelled, pending settle release"},
		{"is not given up by a gate that closes while it is being sent", atThrottled, func(m *machine) {
			m.gate = gateOpen
			m.wait(5 * time.Second)
			m.gate = gateClosed
			m.wait(time.Second)
		}, "ringing, pending create#2"},
		{"is unconfirmed if its second send gets no response", atThrottled, func(m *machine) {
			m.gate = gateOpen
			m.wait(5 * time.Second)
			m.reply(outbox.VerbCreate, replyNoResponse)
			m.wait(limits.Confirm)
		}, "ended unknown, pending settle release"},
		{"ends the call throttled if it is throttled until the confirm deadline", atThrottled, func(m *machine) {
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
		{"is not sent again after no response", atCreateUnconfirmed, func(m *machine) {
			m.gate = gateOpen
			m.wait(limits.Confirm - time.Second)
		}, "ringing"},
		{"is not sent again by another run", atDialled, func(m *machine) {
			m.gate = gateOpen
			m.wait(limits.lease(outbox.VerbCreate))
		}, "ringing"},
		{"ends the call unknown at the confirm deadline", atCreateUnconfirmed, func(m *machine) {
			m.wait(limits.Confirm)
		}, "ended unknown, pending settle release"},
		{"ends the call unknown and hangs up a connection that was reported", atCreateUnconfirmed, func(m *machine) {
			m.report(Unknown{})
			m.wait(limits.Confirm)
		}, "ended unknown, pending settle release hangUp"},
		{"ends the call unknown if its lease has ended", atDialled, func(m *machine) {
			m.wait(limits.lease(outbox.VerbCreate))
			m.wait(limits.Confirm - limits.lease(outbox.VerbCreate))
		}, "ended unknown, pending settle release"},
		{"ends the call unknown even at its longest time", func(t tester) *machine {
			m := &machine{t: t, c: Call{ID: "out-1"}, flow: notice, now: t0}
			d := dialled
			d.Limits.Call = time.Minute
			m.apply(Event{Key: "dialled", Body: d})
			m.reply(outbox.VerbCreate, replyNoResponse)
			return m
		}, func(m *machine) { m.wait(time.Minute) }, "ended unknown, pending settle release"},
		{"enters the flow if the call is answered all the same", atCreateUnconfirmed, func(m *machine) {
			m.wait(limits.Confirm - time.Second)
			m.report(Connected{})
		}, "connected at menu, pending recognize"},
		{"is confirmed by a reply that comes after the lease", atDialled, func(m *machine) {
			create := m.pending(outbox.VerbCreate)
			m.wait(limits.lease(outbox.VerbCreate))
			m.replyTo(create, replyOK)
			m.wait(limits.Ring)
		}, "ringing, pending checkParticipants"},
		{"is hung up if the call is answered after its end", atConfirmTimeout, func(m *machine) {
			m.report(Connected{})
		}, "ended unknown, pending hangUp"},
		{"is hung up once", atConfirmTimeout, func(m *machine) {
			m.report(Connected{})
			m.reportFor(outbox.Ref{Op: CreateOp, Send: 1}, Connected{})
		}, "ended unknown, pending hangUp"},
		{"is hung up if the reply comes after the call's end", atConfirmTimeout, func(m *machine) {
			m.replyTo(outbox.Action{Verb: outbox.VerbCreate, Ref: outbox.Ref{Op: CreateOp, Send: 1}, Leases: 1}, replyOK)
		}, "ended unknown, pending hangUp"},
		{"leaves the outcome unknown whatever is reported after the end", atConfirmTimeout, func(m *machine) {
			m.reportCreateFailed(busy)
			m.report(Connected{})
			m.reply(outbox.VerbHangUp, replyOK)
			m.reportDisconnected(Result{Code: 200})
		}, "ended unknown"},
		{"leaves nothing to hang up if the call disconnects by itself", atConfirmTimeout, func(m *machine) {
			m.report(Connected{})
			m.reportDisconnected(Result{Code: 200})
		}, "ended unknown"},
	})
}

func TestRingTimeout(t *testing.T) {
	replyConnected := replyParticipants(callee)
	replyConnected.Connected = true
	// atRingHangUpAccepted returns a call whose hang-up ACS has accepted.
	atRingHangUpAccepted := func(t tester) *machine {
		m := atRingHangUp(t)
		m.reply(outbox.VerbHangUp, replyOK)
		return m
	}
	runCases(t, []testCase{
		{"makes a check of participants due", atRingTimeout, nil, "ringing, pending checkParticipants"},
		{"adds one check", atRingTimeout, func(m *machine) { m.wait(time.Second) }, "ringing, pending checkParticipants"},
		{"connects the call if the check finds it connected", atRingTimeout, func(m *machine) {
			m.reply(outbox.VerbCheckParticipants, replyConnected)
		}, "connected at menu, pending recognize"},
		{"hangs the call up if the check finds it not connected", atRingHangUp, nil, "ringing ending noAnswer, pending hangUp"},
		{"ends the call noAnswer when CreateCallFailed follows the hang-up", atRingHangUpAccepted, func(m *machine) { m.reportCreateFailed(cancelled) },
			"ended noAnswer, pending settle release"},
		{"ends the call noAnswer when Disconnected follows the hang-up", atRingHangUpAccepted, func(m *machine) {
			m.reportDisconnected(cancelled)
			m.wait(disconnectWait)
		}, "ended noAnswer, pending settle release"},
		{"ends the call busy if ACS reports busy after the hang-up", atRingHangUpAccepted, func(m *machine) { m.reportCreateFailed(busy) },
			"ended busy, pending settle release"},
		{"ends the call if the hang-up finds no call", atRingHangUp, func(m *machine) { m.reply(outbox.VerbHangUp, replyRefused(CodeGone)) },
			"ended noAnswer, pending settle release"},
		{"ends the call if the check finds no call", atRingTimeout, func(m *machine) {
			m.reply(outbox.VerbCheckParticipants, replyRefused(CodeGone))
		}, "ended noAnswer, pending settle release"},
		{"ends the call and hangs it up if the check gets no response", atRingTimeout, func(m *machine) {
			for range outbox.MaxSends {
				m.reply(outbox.VerbCheckParticipants, replyNoResponse)
			}
		}, "ended noAnswer, pending settle release hangUp"},
		{"makes a second check due if the hang-up is followed by nothing", atRingHangUpAccepted, func(m *machine) { m.wait(limits.Hangup) },
			"ringing ending noAnswer, pending checkParticipants"},
		{"hangs the call up again if the second check finds it", atRingHangUpAccepted, func(m *machine) {
			m.wait(limits.Hangup)
			m.reply(outbox.VerbCheckParticipants, replyOK)
		}, "ringing ending noAnswer, pending hangUp"},
		{"ends the call if the second check finds no call", atRingHangUpAccepted, func(m *machine) {
			m.wait(limits.Hangup)
			m.reply(outbox.VerbCheckParticipants, replyRefused(CodeGone))
		}, "ended noAnswer, pending settle release"},
		{"lets the call be answered while the check is pending", atRingTimeout, func(m *machine) {
			check := m.pending(outbox.VerbCheckParticipants)
			m.report(Connected{})
			m.replyTo(check, replyParticipants(callee))
		}, "connected at menu, pending recognize"},
		{"lets the call end while the check is pending", atRingTimeout, func(m *machine) {
			check := m.pending(outbox.VerbCheckParticipants)
			m.reportDisconnected(Result{Code: 480})
			m.replyTo(check, replyConnected)
			m.wait(disconnectWait)
		}, "ended noAnswer, pending settle release"},
		{"keeps the hang-up of a call that is answered meanwhile", atRingHangUpAccepted, func(m *machine) {
			m.report(Connected{})
		}, "connected ending noAnswer"},
		{"ends a call that was answered during the hang-up with noAnswer", atRingHangUpAccepted, func(m *machine) {
			m.report(Connected{})
			m.reportDisconnected(Result{Code: 200})
		}, "ended noAnswer, pending settle release"},
		{"ends such a call with noAnswer if Disconnected comes before Connected", atRingHangUpAccepted, func(m *machine) {
			m.reportDisconnected(Result{Code: 200})
			m.report(Connected{})
		}, "ended noAnswer, pending settle release"},
		{"does not let the hang-up's deadline cut the wait after Disconnected", atRingHangUpAccepted, func(m *machine) {
			m.wait(limits.Hangup - disconnectWait + time.Second)
			m.reportDisconnected(busy)
			m.wait(disconnectWait - time.Second)
		}, "ringing ending noAnswer"},
	})
}

func TestAnsweredOutboundCall(t *testing.T) {
	runCases(t, []testCase{
		{"plays the menu", atNotice, nil, "connected at menu"},
		{"that disconnects before Connected is abandoned", atRinging, func(m *machine) {
			m.reportDisconnected(Result{Code: 200})
			m.report(Connected{})
		}, "ended abandoned, pending settle release"},
		{"that its callee ends is abandoned", atNotice, func(m *machine) { m.reportDisconnected(Result{Code: 200}) },
			"ended abandoned, pending settle release"},
		{"that its callee has left is hung up", atNotice, func(m *machine) {
			m.report(roster(1, callee))
			m.report(roster(2))
		}, "connected ending abandoned, pending hangUp"},
		{"that has gone through its flow is completed", atNotice, func(m *machine) {
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
		t.Errorf("the menu waits for a key of %q, want %q", a.Target, callee)
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
		{"of an offer leaves no work", atTombstone(Dial{}), nil, "ended cancelled"},
		{"of an outbound call settles its attempt and releases its reservations", atTombstone(dialled.Dial), nil,
			"ended cancelled, pending settle release"},
		{"keeps the call from being dialled later", atTombstone(dialled.Dial), func(m *machine) {
			m.apply(Event{Key: "dialled", Body: dialled})
		}, "ended cancelled, pending settle release"},
		{"keeps the offer from being answered", atTombstone(Dial{}), func(m *machine) {
			m.apply(Event{Key: "offer", At: t0, Body: offered})
		}, "ended cancelled"},
		{"is written once", atTombstone(dialled.Dial), func(m *machine) {
			m.reply(outbox.VerbSettle, replyOK)
			m.reply(outbox.VerbRelease, replyOK)
			m.apply(Event{Key: "tombstone again", Body: Tombstone{Dial: dialled.Dial}})
		}, "ended cancelled"},
	})
	m := atTombstone(dialled.Dial)(t)
	if got := m.c.Dial(); got != dialled.Dial {
		t.Errorf("Dial of the tombstone = %+v, want %+v", got, dialled.Dial)
	}
	// The call was never opened, so it has no limits. Its local actions have a time-out all the same.
	if a := m.pending(outbox.VerbSettle); a.LeaseUntil.Sub(m.now) <= m.c.Limits.Timeout(outbox.VerbSettle) || m.c.Limits.Timeout(outbox.VerbSettle) == 0 {
		t.Errorf("the lease of settle ends at %v, its time-out is %v", a.LeaseUntil, m.c.Limits.Timeout(outbox.VerbSettle))
	}
}

func TestDialAndRemotePartyByDirection(t *testing.T) {
	if got := atDialled(t).c.Dial(); got != dialled.Dial {
		t.Errorf("Dial of an outbound call = %+v, want %+v", got, dialled.Dial)
	}
	if got := atOffer(t).c.Dial(); got != (Dial{}) {
		t.Errorf("Dial of an inbound call = %+v, want none", got)
	}
	if got, want := atDialled(t).c.RemoteParty(), callee; got != want {
		t.Errorf("remote party of an outbound call = %q, want %q", got, want)
	}
	if got, want := atOffer(t).c.RemoteParty(), caller; got != want {
		t.Errorf("remote party of an inbound call = %q, want %q", got, want)
	}
}
