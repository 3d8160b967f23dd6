package arch

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
	"switchboard/handler/campaign"
	"switchboard/handler/dialler"
	"switchboard/handler/filing"
	"switchboard/handler/flow"
	"switchboard/handler/store"
	"switchboard/handler/table"
	"switchboard/handler/table/tabletest"
)

// t0 is when every drive begins.
var t0 = time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC)

// callEdges are the transitions of calls, and those of the recordings that they ask for.
type callEdges struct{ calls, recordings edges }

// walks is the number of calls that are driven, steps the number of events of each. They leave a margin: with a
// quarter as many walks every transition is still seen.
const walks, steps = 3000, 50

// callTransitions applies random events to calls, and returns the transitions seen. The events are the same in every
// run of the test. Half of them fit the call's state, so that calls come far; the others may be any event at all.
var callTransitions = sync.OnceValue(func() callEdges {
	seen := callEdges{edges{}, edges{}}
	for n := range walks {
		w := &callWalk{rand: rand.New(rand.NewPCG(uint64(n), 0)), now: t0, c: call.Call{ID: "call"}}
		for range steps {
			before := w.c
			w.apply()
			seen.calls.add(string(before.State), string(w.c.State))
			for i, r := range w.c.Recordings {
				var from call.RecordingState
				if i < len(before.Recordings) {
					from = before.Recordings[i].State
				}
				seen.recordings.add(string(from), string(r.State))
			}
		}
	}
	return seen
})

// callWalk is a call on its way through random events.
type callWalk struct {
	rand *rand.Rand
	now  time.Time
	c    call.Call
}

const (
	line        = "28:orgid:line"
	remoteParty = "4:+12065550100"
	anna        = "8:acs:resource_tenant_anna"
)

// walkedFlow has every kind of node, one recording in front of a conversation, and one in front of the call's end.
var walkedFlow = sync.OnceValues(func() (*flow.Flow, error) {
	return flow.Parse([]byte(`{"name":"walk","start":"hello","nodes":{
		"hello":{"kind":"play","prompt":{"text":"Hello."},"next":"menu"},
		"menu":{"kind":"menu","prompt":{"text":"Press 1."},"keys":{"1":"agent","2":"last","3":"never"},"nothing":"end"},
		"agent":{"kind":"agent","agents":["` + anna + `"],"music":{"text":"la"},"answered":"record","unanswered":"end"},
		"record":{"kind":"record","next":"talk"},
		"talk":{"kind":"talk","next":"end"},
		"last":{"kind":"record","next":"end"},
		"never":{"kind":"set","values":{"answer":"never"},"next":"optOut"},
		"optOut":{"kind":"optout","next":"end"},
		"end":{"kind":"hangup"}}}`))
})

// walkLimits are the deadlines of the calls.
var walkLimits = call.Limits{
	Request: 10 * time.Second, Answer: 25 * time.Second, Connect: 30 * time.Second, Prompt: 2 * time.Minute,
	InviteGrace: 5 * time.Second, RecordingStart: 30 * time.Second, Hangup: 10 * time.Second, KeepAlive: 2 * time.Minute,
	Call: 4 * time.Hour, Ring: 45 * time.Second, Confirm: 10 * time.Minute, Recording: 25 * time.Hour,
}

// pick returns a random element.
func pick[T any](w *callWalk, of ...T) T { return of[w.rand.IntN(len(of))] }

// chance returns true once in n times.
func (w *callWalk) chance(n int) bool { return w.rand.IntN(n) == 0 }

// apply applies one event, and lets time pass.
func (w *callWalk) apply() {
	f, err := walkedFlow()
	if err != nil {
		panic(err)
	}
	event := w.any()
	if w.c.State == "" {
		event = w.opening()
	} else if w.chance(2) {
		event = w.fitting()
	}
	open, closed := &call.DialVerdict{Allowed: true}, &call.DialVerdict{}
	in := call.Input{Now: w.now, Flow: f, Owner: "run", GateVerdict: pick(w, nil, open, open, closed)}
	w.c = call.Apply(w.c, event, in).After
	w.now = w.now.Add(pick(w, 0, 0, 0, time.Second, 12*time.Second, time.Minute, 15*time.Minute))
	if w.chance(200) {
		w.now = w.now.Add(26 * time.Hour)
	}
}

// opening returns an event that opens a call, or one that says that it is never opened.
func (w *callWalk) opening() call.Event {
	if w.chance(8) {
		return call.Event{Body: call.Tombstone{}}
	}
	if w.chance(2) {
		return call.Event{Body: call.Dialled{
			Dial:   call.Dial{Line: line, Callee: remoteParty, Attempt: call.AttemptRef{Campaign: "campaign", Claim: 1}},
			Limits: walkLimits,
		}}
	}
	at := w.now
	if w.chance(8) {
		at = at.Add(-time.Minute)
	}
	offer := call.Offered{Line: line, Caller: remoteParty, IncomingCallContext: "token", Limits: walkLimits}
	return call.Event{At: at, Body: offer}
}

// fitting returns what ACS reports when all goes well.
func (w *callWalk) fitting() call.Event {
	if len(w.c.Pending) > 0 && w.chance(2) {
		accepted := call.Replied{Verdict: call.VerdictOK, RecordingID: "recording"}
		return call.Event{Ref: w.c.Pending[0].Ref, ConnectionID: "connection", Body: accepted}
	}
	if w.c.State == call.StateRinging {
		return call.Event{ConnectionID: "connection", Body: call.Connected{}}
	}
	switch w.c.Node {
	case "hello":
		return call.Event{Ref: w.c.Wait.Media, Body: call.PlayCompleted{}}
	case "menu":
		tone := pick(w, "one", "one", "two", "three")
		return call.Event{Ref: w.c.Wait.Media, Body: call.Recognized{Tones: []string{tone}}}
	case "agent":
		return call.Event{Ref: w.c.Wait.Invite.Ref, Body: call.Added{Participant: anna}}
	case "talk":
		if w.chance(4) {
			return call.Event{Body: call.StartRecordingFailed{RecordingID: "recording"}}
		}
		return call.Event{Body: call.RecordingStateChanged{RecordingID: "recording", Active: !w.chance(3)}}
	default:
		return call.Event{Body: call.Disconnected{}}
	}
}

// any returns any event, with any reference.
func (w *callWalk) any() call.Event {
	refs := []outbox.Ref{{}, w.c.Wait.Media, w.c.Wait.Invite.Ref, {Op: 1 + w.rand.IntN(w.c.Ops+1), Send: 1}}
	for _, a := range w.c.Pending {
		refs = append(refs, a.Ref)
	}
	participants := []call.Participant{{ID: remoteParty}, {ID: anna}}[:w.rand.IntN(3)]
	recording, files, op := pick(w, "", "recording"), w.rand.IntN(3), w.rand.IntN(w.c.Ops+1)
	filed := call.FilesFiled{RecordingID: recording, Op: op, Files: files}
	lost := call.FilesLost{RecordingID: recording, Op: op, Files: files, Reason: "gone"}
	return call.Event{
		ConnectionID: pick(w, "", "connection", "connection", "other"),
		Ref:          pick(w, refs...),
		Result:       pick(w, call.Result{}, call.Result{Code: 200}, call.Result{Code: 486, SubCode: 560486}),
		Body: pick[call.Body](w,
			call.Connected{}, call.Disconnected{}, call.AnswerFailed{}, call.CreateCallFailed{},
			call.PlayStarted{}, call.PlayCompleted{}, call.PlayFailed{}, call.PlayCanceled{},
			call.Recognized{}, call.RecognizeFailed{}, call.RecognizeCanceled{},
			call.Added{Participant: anna}, call.AddFailed{Participant: anna},
			call.ParticipantsUpdated{Sequence: w.c.Roster.Sequence + 1, Participants: participants, Count: len(participants)},
			call.RecordingStateChanged{RecordingID: recording, Op: op, Active: pick(w, true, false)},
			call.StartRecordingFailed{RecordingID: recording, Op: op},
			filed, filed, lost, lost,
			call.Offered{}, call.Dialled{}, call.Tombstone{}, call.Unknown{}, call.Wake{}, call.Wake{}, call.Wake{},
			call.Replied{
				Verdict: pick(w, call.VerdictOK, call.VerdictRefused, call.VerdictThrottled, call.VerdictNoResponse),
				Code:    pick(w, "", call.CodeGone, "8553", "8583", "400"), RecordingID: recording, Files: files,
				Recording:    pick(w, "", call.RecordingFiled, call.RecordingLost),
				Participants: participants, Connected: pick(w, true, false),
			},
		),
	}
}

// campaignTransitions lets the dialler create a campaign, and then makes every change of a campaign in every state.
func campaignTransitions(t *testing.T) edges {
	seen := edges{}
	rows := tabletest.NewMemory()
	creator := dialler.Campaigns{
		Ledger: watchedLedger{store.NewLedger(rows, rows, rows, rows), seen},
		Flows:  anyFlow{}, Begin: func(context.Context, campaign.ID) {},
	}
	_, err := creator.Create(t.Context(), dialler.Request{
		ID: "c", Key: "key", Flow: "walk", Attempts: 1, Numbers: []string{"+12065550181"},
		Reply: func(campaign.Campaign) (store.Reply, error) { return store.Reply{}, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, state := range declaredStates(t)["campaign.State"] {
		c := campaign.Campaign{State: campaign.State(state), Contacts: 2}
		for _, after := range []campaign.Campaign{c.Start(t0), c.Finish(1, t0), c.Finish(2, t0)} {
			seen.add(state, string(after.State))
		}
	}
	return seen
}

// watchedLedger is a ledger that notes in which state campaigns are created.
type watchedLedger struct {
	*store.Ledger
	seen edges
}

func (l watchedLedger) Create(ctx context.Context, c campaign.Campaign, key string, r store.Reply) (store.Reply, error) {
	l.seen.add("", string(c.State))
	return l.Ledger.Create(ctx, c, key, r)
}

// anyFlow pins every flow.
type anyFlow struct{}

func (anyFlow) Pin(_ context.Context, name string) (flow.Ref, error) {
	return flow.Ref{Name: name}, nil
}

// contactTransitions makes every sequence of four changes of a contact in a ledger, which alone writes contacts. The
// contact has a budget of two attempts, and the attempts end with an outcome of each class: one after which the contact
// has ended, one after which it is dialled again, and one that does not count.
func contactTransitions(t *testing.T) edges {
	seen := edges{}
	changes := []contactChange{
		claim, refuse, postpone,
		settle(call.OutcomeCompleted), settle(call.OutcomeBusy), settle(call.OutcomeThrottled),
	}
	for n := range len(changes) * len(changes) * len(changes) * len(changes) {
		rows := tabletest.NewMemory()
		l := store.NewLedger(rows, rows, rows, rows)
		c := campaign.Campaign{ID: "c", Shards: 1, Contacts: 1}
		contact := campaign.NewContact("+12065550181", 2, t0)
		if err := l.Add(t.Context(), c, []campaign.Contact{contact}); err != nil {
			t.Fatal(err)
		}
		var before campaign.Contact
		for range 4 {
			now, err := l.Contact(t.Context(), c.ID, 0, contact.ID)
			if err != nil {
				t.Fatal(err)
			}
			seen.add(string(before.State), string(now.State))
			before = now
			if err := changes[n%len(changes)](t, l, c, now); err != nil && !errors.Is(err, table.ErrConflict) {
				t.Fatal(err)
			}
			n /= len(changes)
		}
		after, err := l.Contact(t.Context(), c.ID, 0, contact.ID)
		if err != nil {
			t.Fatal(err)
		}
		seen.add(string(before.State), string(after.State))
	}
	return seen
}

// contactChange changes a contact in the ledger, if its state allows that.
type contactChange func(t *testing.T, l *store.Ledger, c campaign.Campaign, contact campaign.Contact) error

// withEntry calls change with the contact's entry in the due index, if it has one.
func withEntry(
	t *testing.T, l *store.Ledger, c campaign.Campaign, change func(table.Row[campaign.DueEntry]) error,
) error {
	t.Helper()
	due, err := l.Due(t.Context(), c, 0, t0.AddDate(1, 0, 0), 1)
	if err != nil || len(due) == 0 {
		return err
	}
	return change(due[0])
}

func claim(t *testing.T, l *store.Ledger, c campaign.Campaign, _ campaign.Contact) error {
	return withEntry(t, l, c, func(due table.Row[campaign.DueEntry]) error {
		_, _, err := l.Claim(t.Context(), c, due, campaign.AttemptStart{Line: line, Began: t0, CheckAt: t0.Add(time.Minute)})
		return err
	})
}

func refuse(t *testing.T, l *store.Ledger, c campaign.Campaign, _ campaign.Contact) error {
	return withEntry(t, l, c, func(due table.Row[campaign.DueEntry]) error { return l.Refuse(t.Context(), due, "a rule") })
}

func postpone(t *testing.T, l *store.Ledger, c campaign.Campaign, _ campaign.Contact) error {
	return withEntry(t, l, c, func(due table.Row[campaign.DueEntry]) error {
		return l.Postpone(t.Context(), due, due.Value.At.Add(time.Second))
	})
}

// settle returns the change that settles the latest attempt with an outcome.
func settle(outcome call.Outcome) contactChange {
	return func(t *testing.T, l *store.Ledger, c campaign.Campaign, contact campaign.Contact) error {
		_, err := l.Settle(t.Context(), c.ID, campaign.Settlement{
			Contact: contact.ID, Claim: contact.Claim, Outcome: outcome, At: t0,
		})
		return err
	}
}

// filingEdges are the transitions of recordings on the way to their files, and those of the files.
type filingEdges struct{ recordings, chunks edges }

// filingTransitions makes every sequence of four changes of a recording that may get two files.
var filingTransitions = sync.OnceValue(func() filingEdges {
	seen := filingEdges{edges{}, edges{}}
	chunks := []filing.Chunk{{DocumentID: "0"}, {DocumentID: "1"}}
	// copied returns the change that a copy of the n-th file makes, with an error or without.
	copied := func(n int, state filing.ChunkState, failed error, at time.Time) func(filing.Recording) filing.Recording {
		c := chunks[n]
		c.State = state
		return func(r filing.Recording) filing.Recording {
			return r.After(filing.CopyResult{Chunk: c, Failed: failed, GiveUpAfter: time.Hour, At: at})
		}
	}
	refused := errors.New("refused")
	changes := []func(filing.Recording) filing.Recording{
		func(r filing.Recording) filing.Recording { return r.LinkedTo("call", 1) },
		func(r filing.Recording) filing.Recording {
			return r.Leased(filing.Lease{Owner: "run", LeaseUntil: t0.Add(time.Minute)}, t0)
		},
		func(r filing.Recording) filing.Recording {
			return r.WithMessage(filing.Message{Key: "one", Chunks: chunks[:1]}, t0)
		},
		func(r filing.Recording) filing.Recording {
			return r.WithMessage(filing.Message{Key: "both", Chunks: chunks}, t0)
		},
		copied(0, filing.ChunkFiled, nil, t0),
		copied(1, filing.ChunkFiled, nil, t0),
		copied(0, filing.ChunkWaiting, nil, t0),                      // the run's time was up
		copied(0, filing.ChunkWaiting, refused, t0),                  // to be tried again
		copied(0, filing.ChunkWaiting, refused, t0.Add(2*time.Hour)), // given up
		copied(1, filing.ChunkWaiting, refused, t0.Add(2*time.Hour)),
	}
	var change func(r filing.Recording, left int)
	change = func(r filing.Recording, left int) {
		for _, apply := range changes {
			after := apply(r)
			seen.recordings.add(string(r.State), string(after.State))
			for i, c := range after.Chunks {
				var from filing.ChunkState
				if i < len(r.Chunks) {
					from = r.Chunks[i].State
				}
				seen.chunks.add(string(from), string(c.State))
			}
			if left > 1 {
				change(after, left-1)
			}
		}
	}
	change(filing.Recording{}, 4)
	return seen
})
