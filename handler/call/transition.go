package call

import (
	"reflect"
	"slices"
	"time"

	"switchboard/handler/call/outbox"
	"switchboard/handler/flow"
)

// RulesVersion is the version of the rules by which a transition changes a call. The history names it, so
// that a call can be replayed by the rules of its time.
const RulesVersion = 1

// Input is what a transition depends on besides the call and the event. The history keeps it, so that the
// transition can be replayed.
type Input struct {
	Now         time.Time
	Flow        *flow.Flow   // the version that the call is pinned to
	Owner       string       // the run that writes the transition; it leases the actions
	GateVerdict *DialVerdict // whether the call may still be dialled; nil: the gate was not asked
}

// DialVerdict is the gate's answer about a call that is to be dialled: whether it may be, and the rule that
// decided.
type DialVerdict struct {
	Allowed bool   `json:"allowed"`
	Rule    string `json:"rule,omitempty"`
}

// Transition is one step of a call's life: the call before and after an event, and the history entry that
// leads from one to the other. All of it is written, or nothing.
type Transition struct {
	Before, After Call
	Entry         Entry
}

// Changed reports whether there is anything to write. If not, After equals Before, and Entry is zero.
func (t Transition) Changed() bool { return t.After.Seq != t.Before.Seq }

// Apply returns what e makes of c: the call with the event's effects, with every action that may be sent now
// leased to in.Owner, and with one history row more.
//
// Nothing changes if the event has no effect and is a Wake, or if it has none and the history is full. A
// full history still records what is done about outstanding work.
func Apply(c Call, e Event, in Input) Transition {
	now := later(in.Now.UTC().Round(0), c.Updated)
	next := lease(runPhases(c, e, in, now), in, now)
	_, wake := e.Body.(Wake)
	if (wake || c.Seq >= maxHistory) && reflect.DeepEqual(normal(next), normal(c)) {
		return Transition{Before: c, After: c}
	}
	next.Seq++
	next.Updated = now
	next.WorkDue = nextWorkDue(c, next, now)
	next.RecentEvents = c.RecentEvents.with(e.Key)
	return Transition{Before: c, After: next, Entry: newEntry(c, next, e, in)}
}

// runPhases returns c after e, without leasing actions: Apply does that. An event that does not fit the
// call's state changes nothing, because events arrive twice, late and out of order. Offered and Dialled turn
// a zero Call into an open one.
//
// The nine phases, in this order:
//
//  1. otherConnection: an event of another connection skips phases 2 to 5; time passes all the same.
//  2. recordIDs: before the handlers, because they hang up by the connection id and may shorten the
//     keep-alive.
//  3. confirmActions: before the handlers, which must not find an action pending that ACS has accepted.
//  4. dispatch: before the clock, so that an event that arrived counts although its deadline is past.
//  5. hangUpLateConnection: after dispatch, which decides whether the call has ended.
//  6. checkGate: after dispatch, which may have opened the call; before Apply leases its CreateCall.
//  7. expireLeases: after dispatch, so that a late reply still finds its action; before the deadlines,
//     because they depend on what is pending, and an expired lease can set one that is due at once.
//  8. runDeadlines: after every phase that sets or clears a deadline.
//  9. limitHistory: last, because it ends the call whatever the other phases made of it.
func runPhases(c Call, e Event, in Input, now time.Time) Call {
	s := &step{Call: c.clone(), e: e, flow: in.Flow, now: now}
	if !s.otherConnection() {
		s.recordIDs()
		s.confirmActions()
		s.dispatch()
		s.hangUpLateConnection()
	}
	s.checkGate(in.GateVerdict)
	s.expireLeases()
	s.runDeadlines()
	s.limitHistory()
	return s.Call
}

// step is a call during one transition.
type step struct {
	Call
	e    Event
	flow *flow.Flow
	now  time.Time

	firstReport bool // whether the event is the first to name a connection
}

// otherConnection reports whether the event is of another connection than the call's own.
func (s *step) otherConnection() bool {
	return s.e.ConnectionID != "" && s.ConnectionID != "" && s.e.ConnectionID != s.ConnectionID
}

// recordIDs copies the connection, server call and correlation id from the event where the call has none
// yet, and restarts the keep-alive of a connected call.
func (s *step) recordIDs() {
	if s.State == "" {
		return
	}
	s.firstReport = s.ConnectionID == "" && s.e.ConnectionID != ""
	for _, id := range []struct{ own, reported *string }{
		{&s.ConnectionID, &s.e.ConnectionID},
		{&s.ServerCallID, &s.e.ServerCallID},
		{&s.CorrelationID, &s.e.CorrelationID},
	} {
		if *id.own == "" {
			*id.own = *id.reported
		}
	}
	if _, wake := s.e.Body.(Wake); !wake && s.State == StateConnected && s.EndingAs == "" {
		s.setDeadline(DeadlineKeepAlive, s.Limits.KeepAlive)
	}
}

// dispatch calls the handler for the event's type.
func (s *step) dispatch() {
	switch b := s.e.Body.(type) {
	case Offered:
		s.offered(b)
	case Dialled:
		s.dialled(b)
	case Tombstone:
		s.tombstone(b.Dial)
	case Connected:
		s.connected()
	case Disconnected:
		s.disconnected()
	case AnswerFailed, CreateCallFailed:
		s.setupFailed()
	case PlayCompleted:
		s.playCompleted()
	case PlayCanceled:
		s.playCanceled()
	case PlayFailed:
		s.playFailed()
	case Recognized:
		s.recognized(b.Tones)
	case RecognizeFailed:
		s.recognizeFailed(b.Tones)
	case RecognizeCanceled:
		s.recognizeCanceled()
	case Added:
		s.added(b.Participant)
	case AddFailed:
		s.inviteFailed(s.e.Ref)
	case ParticipantsUpdated:
		s.rosterChanged(b)
	case RecordingStateChanged:
		s.recordingStateChanged(b)
	case StartRecordingFailed:
		s.startRecordingFailed(b)
	case FilesFiled:
		s.recordingDone(b.Op, b.RecordingID, RecordingFiled, b.Files, "")
	case FilesLost:
		s.recordingDone(b.Op, b.RecordingID, RecordingLost, b.Files, b.Reason)
	case Replied:
		s.replied(b)
	}
}

// runDeadlines runs every deadline that is past, in a fixed order. Running one may set or clear others, so
// each is read only when its turn comes.
func (s *step) runDeadlines() {
	for _, d := range []struct {
		name Deadline
		run  func()
	}{
		{DeadlineEnd, s.callTimeout},
		{DeadlineAnswer, s.answerTimeout},
		{DeadlineDisconnect, s.disconnectTimeout},
		{DeadlineConnect, s.connectTimeout},
		{DeadlineConfirm, s.confirmTimeout},
		{DeadlineRing, s.ringTimeout},
		{DeadlinePrompt, s.promptTimeout},
		{DeadlineInvite, s.inviteTimeout},
		{DeadlineRecording, s.recordingStartTimeout},
		{DeadlineHangup, s.hangUpTimeout},
		{DeadlineKeepAlive, s.keepAliveTimeout},
		{DeadlineFile, s.filesTimeout},
	} {
		if at, ok := s.Deadlines[d.name]; ok && !s.now.Before(at) {
			s.clearDeadline(d.name)
			d.run()
		}
	}
}

// addAction adds an action as a new operation and returns its reference.
func (s *step) addAction(a outbox.Action) outbox.Ref {
	s.Ops++
	a.Ref = outbox.Ref{Op: s.Ops, Send: 1}
	s.Pending = append(s.Pending, a)
	return a.Ref
}

// removeAction removes the action with this operation and send, if it is pending.
func (s *step) removeAction(r outbox.Ref) {
	s.Pending = s.Pending.Without(r)
}

// removeActions removes the actions of the verb.
func (s *step) removeActions(v outbox.Verb) {
	s.Pending = s.Pending.WithoutVerb(v)
}

// setDeadline sets the deadline d to the given time from now.
func (s *step) setDeadline(d Deadline, wait time.Duration) {
	s.setDeadlineAt(d, s.now.Add(wait))
}

// setDeadlineAt sets the deadline d to the given time.
func (s *step) setDeadlineAt(d Deadline, at time.Time) {
	if s.Deadlines == nil {
		s.Deadlines = map[Deadline]time.Time{}
	}
	s.Deadlines[d] = at
}

// clearDeadline clears the deadline d.
func (s *step) clearDeadline(d Deadline) { delete(s.Deadlines, d) }

// hasDeadline reports whether the deadline d is set.
func (s *step) hasDeadline(d Deadline) bool { return !s.Deadlines[d].IsZero() }

// node returns the node of the flow that the call is at; nil unless the call is connected.
func (s *step) node() flow.Node {
	if s.State != StateConnected {
		return nil
	}
	return s.flow.Nodes[s.Node]
}

// NeedsGate reports whether a repeated CreateCall could be leased now, for which the gate must be asked
// again. The first CreateCall needs no second verdict: the gate was asked before the call was opened.
func (c Call) NeedsGate(now time.Time) bool {
	return slices.ContainsFunc(c.Pending, func(a outbox.Action) bool {
		return a.Verb == outbox.VerbCreate && a.Send > 1 && a.Owner == "" && a.Leasable(now)
	})
}

// lease returns c with every action that may be sent now leased to the owner of the write.
func lease(c Call, in Input, now time.Time) Call {
	held := func(a outbox.Action) bool {
		return a.Verb == outbox.VerbCreate && a.Send > 1 && (in.GateVerdict == nil || !in.GateVerdict.Allowed)
	}
	until := func(v outbox.Verb) time.Time { return c.leaseUntil(v, now) }
	for _, ref := range c.Pending.Lease(in.Owner, now, held, until) {
		c.Wait.retarget(ref)
	}
	return c
}

// normal returns c in the form in which calls are compared: empty lists are nil.
func normal(c Call) Call {
	c = c.clone()
	if len(c.Pending) == 0 {
		c.Pending = nil
	}
	if len(c.Deadlines) == 0 {
		c.Deadlines = nil
	}
	return c
}
