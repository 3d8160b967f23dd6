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

// manner is what comes of a request to ring somebody.
type calleeScript string

const (
	pressesOne            calleeScript = "answers after 3 s and presses 1"
	pressesNine           calleeScript = "answers after 3 s and presses 9, which is to opt out"
	busyTone              calleeScript = "is busy, which is heard after 2 s"
	silence               calleeScript = "rings, and nobody answers"
	invalidNumber         calleeScript = "is nobody's number: ACS refuses"
	throttled             calleeScript = "ACS has had too many requests, and asks to wait 3 s"
	lineFull              calleeScript = "the network says after 1 s that the line has too many calls"
	noResponse            calleeScript = "ACS answers nothing, and does nothing"
	noResponseAnswers     calleeScript = "ACS answers nothing; the callee answers after 3 s and presses 1"
	noResponseAnswersLate calleeScript = "ACS answers nothing; the callee answers after 11 minutes"
)

// town is a house and a network of telephones, each of which does what its script
// says. It checks what has to hold of the requests that come in.
type dialSim struct {
	*cluster.Cluster
	campaigns []campaign.Campaign
	lineCalls int

	telephones        map[string]*telephone // by number
	lines             map[string]int        // calls on them, as the network counts
	sent              map[string]bool       // requests to ring somebody, by call and send
	keys              int
	checkedAfterCrash bool // what a crash has left was looked at
}

// telephone is a callee.
type telephone struct {
	script []calleeScript // what comes of each request to ring it; the last one stays
	asked  int            // requests to ring it
	rings  map[call.ID]int
	with   call.ID // the call that it rings for, or is in
}

// manner is what comes, or came, of the latest request to ring the telephone.
func (p *telephone) current() calleeScript { return p.script[min(max(p.asked, 1), len(p.script))-1] }

// newTown is a town with a process, and with these telephones.
func newDialSim(t *testing.T, scripts map[string][]calleeScript) *dialSim {
	w := &dialSim{lineCalls: 2, lines: map[string]int{}, sent: map[string]bool{}, telephones: map[string]*telephone{}}
	for number, script := range scripts {
		w.telephones[number] = &telephone{script: script, rings: map[call.ID]int{}}
	}
	w.Cluster = cluster.New(t, func(inst *cluster.Instance) cluster.Config {
		return cluster.Config{Sender: &dialSimSender{w, inst}, LineCalls: w.lineCalls}
	})
	w.Watch = w.checkLineLimit
	w.Start()
	return w
}

// ledger is the ledger as nothing goes wrong with it.
func (w *dialSim) ledger() *store.Ledger {
	return store.NewLedger(w.OtherRows, w.OtherRows, w.OtherRows, w.OtherRows)
}

// order starts a campaign that dials all telephones.
func (w *dialSim) order(id campaign.ID, attempts int, lines ...string) campaign.Campaign {
	w.T.Helper()
	c := campaign.Campaign{ID: id, Lines: lines, Attempts: attempts, Shards: 2}
	c = cluster.StartCampaign(w.T, w.ledger(), c, slices.Sorted(maps.Keys(w.telephones))...)
	w.campaigns = append(w.campaigns, c)
	return c
}

// holds checks that no line row ever holds more than it may.
func (w *dialSim) checkLineLimit(write table.Write) {
	if write.Entity.Key.Row != "line" {
		return
	}
	var l campaign.Line
	if err := json.Unmarshal(write.Entity.Doc, &l); err != nil || len(l.Holders) > w.lineCalls {
		w.T.Errorf("line %+v, %v", l, err)
	}
}

// exchange is the Line of one process.
type dialSimSender struct {
	w    *dialSim
	inst *cluster.Instance
}

// Do makes a request.
func (x *dialSimSender) Send(_ context.Context, c call.Call, a outbox.Action) call.Event {
	reply := call.Event{Key: a.ReplyKey(), Ref: a.Ref}
	answer := call.Replied{Verdict: call.VerdictNoResponse}
	if x.w.Perform(x.inst, a.Verb != outbox.VerbCheckParticipants, func() { answer, reply.Result = x.w.accept(c, a) }) != nil {
		answer, reply.Result = call.Replied{Verdict: call.VerdictNoResponse}, call.Result{}
	}
	reply.Body = answer
	if a.Verb == outbox.VerbCreate && answer.Verdict == call.VerdictOK {
		reply.ConnectionID = connection(c.ID)
	}
	return reply
}

func connection(id call.ID) string { return "connection of " + string(id) }

// take is what ACS does with a request.
func (w *dialSim) accept(c call.Call, a outbox.Action) (call.Replied, call.Result) {
	w.Mu.Lock()
	defer w.Mu.Unlock()
	number, _ := strings.CutPrefix(c.Callee, "4:")
	phone := w.telephones[number]
	if a.Verb != outbox.VerbCreate && phone.with != c.ID {
		return call.Replied{Verdict: call.VerdictRefused, Code: call.CodeGone}, call.Result{}
	}
	done := call.Replied{Verdict: call.VerdictOK}
	switch a.Verb {
	case outbox.VerbCreate:
		return w.ring(c, a, number)
	case outbox.VerbRecognize:
		tone := "one"
		if phone.current() == pressesNine {
			tone = "nine"
		}
		w.report(2*time.Second, c.ID, a.Ref, call.Recognized{Tones: []string{tone}}, call.Result{})
	case outbox.VerbHangUp:
		w.hangUp(c, phone)
		w.report(500*time.Millisecond, c.ID, outbox.Ref{}, call.Disconnected{}, call.Result{})
	case outbox.VerbCheckParticipants:
		done.Connected = phone.current() != silence
		done.Participants = []call.Participant{{ID: c.Callee}}
	default:
		w.T.Errorf("nobody asked for %s", a.Verb)
	}
	return done, call.Result{}
}

// ring rings a telephone.
func (w *dialSim) ring(c call.Call, a outbox.Action, number string) (call.Replied, call.Result) {
	phone := w.telephones[number]
	send := fmt.Sprint(c.ID, a.Ref)
	if w.sent[send] || time.Now().After(a.LeaseUntil) {
		w.T.Errorf("%s was sent again, or after its owner's time", send)
	}
	w.sent[send] = true
	phone.asked++
	done := call.Replied{Verdict: call.VerdictOK}
	switch m := phone.current(); m {
	case throttled:
		return call.Replied{Verdict: call.VerdictThrottled, RetryAfter: 3 * time.Second}, call.Result{}
	case invalidNumber:
		phone.rings[c.ID]++
		return call.Replied{Verdict: call.VerdictRefused, Code: "8544"}, call.Result{Code: 400, SubCode: 8544}
	case noResponse:
		return call.Replied{Verdict: call.VerdictNoResponse}, call.Result{}
	case noResponseAnswersLate:
		w.Background.Go(func() {
			time.Sleep(11 * time.Minute)
			w.Mu.Lock()
			defer w.Mu.Unlock()
			w.pickUp(c, phone)
			w.report(0, c.ID, outbox.Ref{}, call.Connected{}, call.Result{})
		})
		return call.Replied{Verdict: call.VerdictNoResponse}, call.Result{}
	case busyTone:
		w.pickUp(c, phone)
		w.Background.Go(func() {
			time.Sleep(2 * time.Second)
			w.Mu.Lock()
			defer w.Mu.Unlock()
			w.hangUp(c, phone)
			why := call.Result{Code: 486, SubCode: 560486}
			w.report(0, c.ID, outbox.Ref{Op: call.CreateOp, Send: a.Send}, call.CreateCallFailed{}, why)
		})
	case lineFull: // it does not ring
		why := call.Result{Code: 603, SubCode: 560603, SIP: 603, Q850: 34}
		w.report(time.Second, c.ID, outbox.Ref{Op: call.CreateOp, Send: a.Send}, call.CreateCallFailed{}, why)
	default:
		w.pickUp(c, phone)
		if m != silence {
			w.report(3*time.Second, c.ID, outbox.Ref{}, call.Connected{}, call.Result{})
		}
		if m == noResponseAnswers {
			done.Verdict = call.VerdictNoResponse
		}
	}
	return done, call.Result{}
}

// pickUp takes a telephone and its line for a call. It is called with the lock held.
func (w *dialSim) pickUp(c call.Call, phone *telephone) {
	if phone.rings[c.ID]++; phone.rings[c.ID] > 1 {
		w.T.Errorf("%s rang twice", c.ID)
	}
	if phone.with != "" {
		w.T.Errorf("%s and %s rang at once", phone.with, c.ID)
	}
	phone.with = c.ID
	if w.lines[c.Line]++; w.lines[c.Line] > w.lineCalls {
		w.T.Errorf("%d calls on a line", w.lines[c.Line])
	}
}

// hangUp is called with the lock held.
func (w *dialSim) hangUp(c call.Call, phone *telephone) {
	phone.with = ""
	w.lines[c.Line]--
}

// tell delivers an event after a while, twice. It is called with the lock held.
func (w *dialSim) report(after time.Duration, id call.ID, ref outbox.Ref, body call.Body, why call.Result) {
	w.keys++
	ev := call.Event{Key: fmt.Sprintf("event-%d", w.keys), Ref: ref, Body: body, Result: why, ConnectionID: connection(id)}
	w.Background.Go(func() {
		time.Sleep(after)
		for range 2 {
			w.Deliver(func(e *cluster.Instance) error { return e.Apply(w.T.Context(), id, ev) }, time.Second)
		}
	})
}

// play dials every 15 s, sweeps every 5 s, and starts a new process where one has
// died; until the campaigns are done and nothing is listed, or it takes too long.
func (w *dialSim) play(most time.Duration) {
	w.T.Helper()
	for began, n := time.Now(), 0; time.Since(began) < most && !w.ended(); n++ {
		if n%3 == 0 && w.dialable() {
			w.ForEach(func(e *cluster.Instance) error { return e.Dial(w.T.Context()) }) // what it leaves, the next one does
		}
		w.Tick()
		if died := w.CrashedAt(); !died.IsZero() && !w.checkedAfterCrash && time.Since(died) >= 75*time.Second {
			w.checkedAfterCrash = true
			w.checkAfterCrash(died)
		}
	}
	w.Background.Wait()
	w.checkInvariants()
}

// over reports whether nothing is left to be done.
func (w *dialSim) ended() bool {
	for _, c := range w.campaigns {
		if stored, err := w.ledger().Campaign(w.T.Context(), c.ID); err != nil || stored.State != campaign.StateDone {
			return false
		}
	}
	return len(w.WorklistRows.Entities()) == 0
}

// dialable reports whether a round of dialling would find anything to do: something
// that is due, or a campaign without an entry, which is to be ended.
func (w *dialSim) dialable() bool {
	for _, c := range w.campaigns {
		entries := 0
		for _, e := range w.entries(c) {
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

func (w *dialSim) entries(c campaign.Campaign) map[string]campaign.DueEntry {
	return cluster.CampaignRows[campaign.DueEntry](w.T, w.OtherRows, c, "d|")
}
