package cluster

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"switchboard/handler/acs"
	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
	"switchboard/handler/campaign"
	"switchboard/handler/table/tabletest"
)

// Harness is one instance, and an ACS that accepts everything and reports nothing: only the test delivers
// events, each at the moment that it is about, which acssim would decide itself.
type Harness struct {
	*Instance
	CallRows, WorklistRows, OtherRows *tabletest.Memory // see Cluster
	Background                        sync.WaitGroup

	deadlines deadlineMessages

	// Answer returns what ACS answers to an action; Result is the result in every answer.
	Answer func(outbox.Action) call.Replied
	Result call.Result

	mu sync.Mutex
	// Sent are the actions that ACS was sent since the last SentVerbs.
	Sent []outbox.Action
}

// Run runs a test in a bubble with a harness of its own.
func Run(t *testing.T, name string, test func(t *testing.T, h *Harness)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, func(t *testing.T) { test(t, NewHarness()) }) })
}

// NewHarness returns a harness whose ACS accepts everything.
func NewHarness() *Harness {
	h := &Harness{
		CallRows: tabletest.NewMemory(), WorklistRows: tabletest.NewMemory(), OtherRows: tabletest.NewMemory(),
		Answer: func(outbox.Action) call.Replied { return call.Replied{Verdict: call.VerdictOK} },
	}
	h.Instance = h.NewInstance()
	return h
}

// NewInstance returns another instance on the same storage.
func (h *Harness) NewInstance() *Instance {
	inst := &Instance{}
	newInstance(inst, h.CallRows, h.WorklistRows, h.OtherRows, harnessQueue{h}, &h.Background, Config{Sender: h})
	return inst
}

// CrashBeforeSending returns an instance that crashes before it sends an action.
func (h *Harness) CrashBeforeSending() *Instance {
	inst := h.NewInstance()
	inst.Go = func(context.Context, func(context.Context)) {}
	return inst
}

// Send answers an action with what Answer returns for it.
func (h *Harness) Send(_ context.Context, _ call.Call, a outbox.Action) call.Event {
	h.mu.Lock()
	h.Sent = append(h.Sent, a)
	h.mu.Unlock()
	answer := h.Answer(a)
	reply := call.Event{Key: a.ReplyKey(), Ref: a.Ref, Body: answer, Result: h.Result}
	if answer.Verdict == call.VerdictOK && (a.Verb == outbox.VerbAnswer || a.Verb == outbox.VerbCreate) {
		reply.ConnectionID = "conn-1"
	}
	return reply
}

// SentVerbs returns the verbs that ACS was sent since the last time, and forgets them. They are in the order
// of their names, because lanes are sent at the same time.
func (h *Harness) SentVerbs() []outbox.Verb {
	h.Background.Wait()
	var verbs []outbox.Verb
	for _, a := range h.Sent {
		verbs = append(verbs, a.Verb)
	}
	h.Sent = nil
	slices.Sort(verbs)
	return verbs
}

// WantSent checks which verbs ACS was sent since the last SentVerbs or WantSent, in any order.
func (h *Harness) WantSent(t *testing.T, want ...outbox.Verb) {
	t.Helper()
	slices.Sort(want)
	if got := h.SentVerbs(); !slices.Equal(got, want) {
		t.Errorf("ACS was sent %v, want %v", got, want)
	}
}

// WantOneSend checks that ACS was sent one request since the last SentVerbs or WantSent: the verb, as this
// send.
func (h *Harness) WantOneSend(t *testing.T, verb outbox.Verb, send int) {
	t.Helper()
	h.Background.Wait()
	if len(h.Sent) != 1 || h.Sent[0].Verb != verb || h.Sent[0].Send != send {
		t.Errorf("ACS was sent %+v, want one %s, send %d", h.Sent, verb, send)
	}
}

// WantScheduled checks the number of items on the worklist.
func (h *Harness) WantScheduled(t *testing.T, want int) {
	t.Helper()
	if got := len(h.WorklistRows.Entities()); got != want {
		t.Errorf("%d items on the worklist, want %d", got, want)
	}
}

// WantOutcome checks the outcome of a call.
func (h *Harness) WantOutcome(t *testing.T, id call.ID, want call.Outcome) {
	t.Helper()
	if got := h.LoadCall(t, id).Outcome; got != want {
		t.Errorf("outcome %q of call %s, want %q", got, id, want)
	}
}

// OpenInbound opens the call that Offer offers, and answers it.
func (h *Harness) OpenInbound(t *testing.T) {
	t.Helper()
	if err := h.Open(t.Context(), InboundID, Offer()); err != nil {
		t.Fatal(err)
	}
}

// LoadInbound returns the call that Offer offers.
func (h *Harness) LoadInbound(t *testing.T) call.Call {
	t.Helper()
	return h.LoadCall(t, InboundID)
}

// LoadCall returns a call.
func (h *Harness) LoadCall(t *testing.T, id call.ID) call.Call {
	t.Helper()
	h.Background.Wait()
	row, err := h.Calls.Load(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return row.Value
}

// ApplyInbound delivers an event to the call that Offer offers.
func (h *Harness) ApplyInbound(t *testing.T, ref outbox.Ref, body call.Body) {
	t.Helper()
	h.ApplyTo(t, InboundID, call.Event{Ref: ref, Body: body})
}

// ApplyTo delivers an event to a call, with its kind and reference as its key.
func (h *Harness) ApplyTo(t *testing.T, id call.ID, ev call.Event) {
	t.Helper()
	ev.Key, ev.ConnectionID = ev.Kind()+ev.Ref.String(), "conn-1"
	if err := h.Apply(t.Context(), id, ev); err != nil {
		t.Fatal(err)
	}
	h.Background.Wait()
}

// AttendAfter waits, and then attends to what is due.
func (h *Harness) AttendAfter(t *testing.T, wait time.Duration) {
	t.Helper()
	time.Sleep(wait)
	h.AttendAll(t.Context())
	h.Background.Wait()
}

// StartCampaign starts a campaign that dials the numbers from Line.
func (h *Harness) StartCampaign(t *testing.T, id campaign.ID, attempts int, numbers ...string) campaign.Campaign {
	t.Helper()
	return StartCampaign(t, h.Ledger,
		campaign.Campaign{ID: id, Lines: []string{Line}, Attempts: attempts, Shards: 1}, numbers...)
}

// DialRound runs one round of dialling each running campaign.
func (h *Harness) DialRound(t *testing.T) {
	t.Helper()
	running, err := h.Ledger.Running(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range running {
		h.DialCampaign(t.Context(), c.ID)
	}
	h.Background.Wait()
}

// Contact returns the contact of a campaign with Number(1).
func (h *Harness) Contact(t *testing.T, c campaign.Campaign) campaign.Contact {
	t.Helper()
	return LoadContact(t, h.Ledger, c, Number(1))
}

// LineRow returns the row of Line.
func (h *Harness) LineRow(t *testing.T) campaign.Line {
	t.Helper()
	l, err := h.Ledger.Line(t.Context(), Line)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// NumberRow returns the row of Number(1).
func (h *Harness) NumberRow(t *testing.T) campaign.Number {
	t.Helper()
	n, err := h.Ledger.Number(t.Context(), Number(1))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// WriteOptOut records that the owner of Number(1) does not want to be called.
func (h *Harness) WriteOptOut(t *testing.T) {
	t.Helper()
	a := outbox.Action{Target: acs.PhoneNumber(Number(1)).RawID(), At: time.Now()}
	if _, err := h.Local[outbox.VerbOptOut](t.Context(), call.Call{ID: "some call"}, a); err != nil {
		t.Error(err)
	}
}

// WantReleased checks that Line and Number(1) are free, with this many dials counted.
func (h *Harness) WantReleased(t *testing.T, dials int) {
	t.Helper()
	n, l := h.NumberRow(t), h.LineRow(t)
	if n.Call != "" || len(l.Holders) > 0 || n.Dials["20000101"] != dials {
		t.Errorf("number %+v, line %+v, want both free and %d dials", n, l, dials)
	}
}
