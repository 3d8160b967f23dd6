package dialler_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
	"switchboard/handler/campaign"
	"switchboard/handler/store"
	"switchboard/handler/table"
	"switchboard/test/cluster"
)

// calleeScript is what happens after a request to ring a callee.
type calleeScript string

const (
	calleePressesOne            calleeScript = "answers after 3 s and presses 1"
	calleePressesNine           calleeScript = "answers after 3 s and presses 9, to opt out"
	calleeBusy                  calleeScript = "is busy, which ACS reports after 2 s"
	calleeSilent                calleeScript = "does not answer"
	calleeInvalidNumber         calleeScript = "ACS refuses: no such number"
	calleeThrottled             calleeScript = "ACS throttles the request, with a Retry-After of 3 s"
	calleeLineFull              calleeScript = "ACS reports after 1 s that the line has too many calls"
	calleeNoResponse            calleeScript = "ACS does not respond, and does not ring"
	calleeNoResponseAnswers     calleeScript = "ACS does not respond; the callee answers after 3 s and presses 1"
	calleeNoResponseAnswersLate calleeScript = "ACS does not respond; the callee answers after 11 minutes"
)

// dialSim simulates ACS and the callees of campaigns around a cluster. It checks the requests that ACS is
// sent. It stands where package gateway does, and not behind it as acssim does, because a callee's script also
// says what ACS answers to each request, such as nothing although it rings.
type dialSim struct {
	*cluster.Cluster
	campaigns []campaign.Campaign
	lineCalls int

	telephones        map[string]*telephone // by number
	lines             map[string]int        // calls on each line, as the network counts them
	sent              map[string]bool       // CreateCall requests, by call and send
	keys              int                   // number of event keys given out
	checkedAfterCrash bool                  // checkAfterCrash has run
}

// telephone is a callee.
type telephone struct {
	script   []calleeScript  // one for each request; the last one stays
	requests int             // to ring it
	rings    map[call.ID]int // number of times it rang, by call
	with     call.ID         // the call that it rings for, or is in
}

// current returns the script of the latest request.
func (p *telephone) current() calleeScript { return p.script[min(max(p.requests, 1), len(p.script))-1] }

// newDialSim returns a simulation with one instance and a telephone for each number.
func newDialSim(t *testing.T, scripts map[string][]calleeScript) *dialSim {
	s := &dialSim{
		lineCalls: 2, lines: map[string]int{}, sent: map[string]bool{}, telephones: map[string]*telephone{},
	}
	for number, script := range scripts {
		s.telephones[number] = &telephone{script: script, rings: map[call.ID]int{}}
	}
	s.Cluster = cluster.New(t, func(inst *cluster.Instance) cluster.Config {
		return cluster.Config{Sender: &dialSimSender{s, inst}, LineCalls: s.lineCalls}
	})
	s.Watch = s.checkLineLimit
	s.Start()
	return s
}

// ledger returns the ledger without faults.
func (s *dialSim) ledger() *store.Ledger {
	return store.NewLedger(s.OtherRows, s.OtherRows, s.OtherRows, s.OtherRows)
}

// startCampaign starts a campaign that dials all telephones.
func (s *dialSim) startCampaign(id campaign.ID, attempts int, lines ...string) campaign.Campaign {
	s.T.Helper()
	c := campaign.Campaign{ID: id, Lines: lines, Attempts: attempts, Shards: 2}
	c = cluster.StartCampaign(s.T, s.ledger(), c, slices.Sorted(maps.Keys(s.telephones))...)
	s.campaigns = append(s.campaigns, c)
	return c
}

// checkLineLimit checks that no line's row has more holders than the line may have calls.
func (s *dialSim) checkLineLimit(write table.Write) {
	if write.Entity.Key.Row != "line" {
		return
	}
	var l campaign.Line
	if err := json.Unmarshal(write.Entity.Doc, &l); err != nil || len(l.Holders) > s.lineCalls {
		s.T.Errorf("line %+v, error %v, want at most %d holders", l, err, s.lineCalls)
	}
}

// dialSimSender sends the requests of one instance to the simulated ACS.
type dialSimSender struct {
	sim  *dialSim
	inst *cluster.Instance
}

// Send sends one request.
func (x *dialSimSender) Send(_ context.Context, c call.Call, a outbox.Action) call.Event {
	reply := call.Event{Key: a.ReplyKey(), Ref: a.Ref}
	answer := call.Replied{Verdict: call.VerdictNoResponse}
	err := x.sim.Perform(x.inst, a.Verb != outbox.VerbCheckParticipants, func() {
		answer, reply.Result = x.sim.accept(c, a)
	})
	if err != nil {
		answer, reply.Result = call.Replied{Verdict: call.VerdictNoResponse}, call.Result{}
	}
	reply.Body = answer
	if a.Verb == outbox.VerbCreate && answer.Verdict == call.VerdictOK {
		reply.ConnectionID = connection(c.ID)
	}
	return reply
}

// connection returns the connection id of a call.
func connection(id call.ID) string { return "connection of " + string(id) }

// accept handles a request as ACS does, and returns ACS's answer.
func (s *dialSim) accept(c call.Call, a outbox.Action) (call.Replied, call.Result) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	number, _ := strings.CutPrefix(c.Callee, "4:")
	phone := s.telephones[number]
	if a.Verb != outbox.VerbCreate && phone.with != c.ID {
		return call.Replied{Verdict: call.VerdictRefused, Code: call.CodeGone}, call.Result{}
	}
	done := call.Replied{Verdict: call.VerdictOK}
	switch a.Verb {
	case outbox.VerbCreate:
		return s.ring(c, a, number)
	case outbox.VerbRecognize:
		tone := "one"
		if phone.current() == calleePressesNine {
			tone = "nine"
		}
		s.report(2*time.Second, c.ID, a.Ref, call.Recognized{Tones: []string{tone}}, call.Result{})
	case outbox.VerbHangUp:
		s.hangUp(c, phone)
		s.report(500*time.Millisecond, c.ID, outbox.Ref{}, call.Disconnected{}, call.Result{})
	case outbox.VerbCheckParticipants:
		done.Connected = phone.current() != calleeSilent
		done.Participants = []call.Participant{{ID: c.Callee}}
	default:
		s.T.Errorf("ACS was sent %s, want what a flow of the test asks for", a.Verb)
	}
	return done, call.Result{}
}

// ring handles a request to ring a telephone.
func (s *dialSim) ring(c call.Call, a outbox.Action, number string) (call.Replied, call.Result) {
	phone := s.telephones[number]
	send := fmt.Sprint(c.ID, a.Ref)
	if s.sent[send] || time.Now().After(a.LeaseUntil) {
		s.T.Errorf("%s was sent at %v, want once, and before %v", send, time.Now(), a.LeaseUntil)
	}
	s.sent[send] = true
	phone.requests++
	done := call.Replied{Verdict: call.VerdictOK}
	switch m := phone.current(); m {
	case calleeThrottled:
		return call.Replied{Verdict: call.VerdictThrottled, RetryAfter: 3 * time.Second}, call.Result{}
	case calleeInvalidNumber:
		phone.rings[c.ID]++
		return call.Replied{Verdict: call.VerdictRefused, Code: "8544"}, call.Result{Code: 400, SubCode: 8544}
	case calleeNoResponse:
		return call.Replied{Verdict: call.VerdictNoResponse}, call.Result{}
	case calleeNoResponseAnswersLate:
		s.Background.Go(func() {
			time.Sleep(11 * time.Minute)
			s.Mu.Lock()
			defer s.Mu.Unlock()
			s.pickUp(c, phone)
			s.report(0, c.ID, outbox.Ref{}, call.Connected{}, call.Result{})
		})
		return call.Replied{Verdict: call.VerdictNoResponse}, call.Result{}
	case calleeBusy:
		s.pickUp(c, phone)
		s.Background.Go(func() {
			time.Sleep(2 * time.Second)
			s.Mu.Lock()
			defer s.Mu.Unlock()
			s.hangUp(c, phone)
			why := call.Result{Code: 486, SubCode: 560486}
			s.report(0, c.ID, outbox.Ref{Op: call.CreateOp, Send: a.Send}, call.CreateCallFailed{}, why)
		})
	case calleeLineFull: // it does not ring
		why := call.Result{Code: 603, SubCode: 560603, SIP: 603, Q850: 34}
		s.report(time.Second, c.ID, outbox.Ref{Op: call.CreateOp, Send: a.Send}, call.CreateCallFailed{}, why)
	default:
		s.pickUp(c, phone)
		if m != calleeSilent {
			s.report(3*time.Second, c.ID, outbox.Ref{}, call.Connected{}, call.Result{})
		}
		if m == calleeNoResponseAnswers {
			done.Verdict = call.VerdictNoResponse
		}
	}
	return done, call.Result{}
}

// pickUp connects a telephone with a call, on the call's line. It is called with the lock held.
func (s *dialSim) pickUp(c call.Call, phone *telephone) {
	if phone.rings[c.ID]++; phone.rings[c.ID] > 1 {
		s.T.Errorf("the telephone rang %d times for call %s, want once", phone.rings[c.ID], c.ID)
	}
	if phone.with != "" {
		s.T.Errorf("calls %s and %s rang one telephone at the same time, want one of them", phone.with, c.ID)
	}
	phone.with = c.ID
	if s.lines[c.Line]++; s.lines[c.Line] > s.lineCalls {
		s.T.Errorf("%d calls on a line, want at most %d", s.lines[c.Line], s.lineCalls)
	}
}

// hangUp frees a telephone and the place on the call's line. It is called with the lock held.
func (s *dialSim) hangUp(c call.Call, phone *telephone) {
	phone.with = ""
	s.lines[c.Line]--
}

// report delivers an event after a while, twice. It is called with the lock held.
func (s *dialSim) report(after time.Duration, id call.ID, ref outbox.Ref, body call.Body, why call.Result) {
	s.keys++
	ev := call.Event{
		Key: fmt.Sprintf("event-%d", s.keys), Ref: ref, Body: body, Result: why, ConnectionID: connection(id),
	}
	s.Background.Go(func() {
		time.Sleep(after)
		for range 2 {
			s.Deliver(func(e *cluster.Instance) error { return e.Apply(s.T.Context(), id, ev) }, time.Second)
		}
	})
}

// run lets the timer dial once a minute, delivers messages every 5 s, and starts an instance when all have
// crashed; until the campaigns are done and the worklist is empty, limit at most. Then it checks the rows.
func (s *dialSim) run(limit time.Duration) {
	s.T.Helper()
	for began, n := time.Now(), 0; time.Since(began) < limit && !s.ended(); n++ {
		if n%12 == 0 && s.dialable() {
			s.ForEach(func(inst *cluster.Instance) error { return inst.Dial(s.T.Context()) })
		}
		s.Tick()
		if at := s.CrashedAt(); !at.IsZero() && !s.checkedAfterCrash && time.Since(at) >= 75*time.Second {
			s.checkedAfterCrash = true
			s.checkAfterCrash(at)
		}
	}
	s.Background.Wait()
	s.checkInvariants()
}

// dialRound runs one round of dialling each campaign on each instance. What a round leaves, the next one does.
func (s *dialSim) dialRound() {
	s.ForEach(func(inst *cluster.Instance) error {
		for _, c := range s.campaigns {
			inst.DialCampaign(s.T.Context(), c.ID)
		}
		return nil
	})
}

// ended reports whether all campaigns are done and the worklist is empty.
func (s *dialSim) ended() bool {
	for _, c := range s.campaigns {
		if stored, err := s.ledger().Campaign(s.T.Context(), c.ID); err != nil || stored.State != campaign.StateDone {
			return false
		}
	}
	return len(s.WorklistRows.Entities()) == 0
}

// dialable reports whether a round of dialling has something to do: an entry that is due, or a campaign
// without entries, which is to be ended.
func (s *dialSim) dialable() bool {
	for _, c := range s.campaigns {
		entries := 0
		for _, e := range s.entries(c) {
			if !e.At.After(time.Now()) {
				return true
			}
			entries++
		}
		if entries == 0 {
			return true
		}
	}
	return false
}

// entries returns the due index of a campaign, by partition and row key.
func (s *dialSim) entries(c campaign.Campaign) map[string]campaign.DueEntry {
	return cluster.CampaignRows[campaign.DueEntry](s.T, s.OtherRows, c, "d|")
}
