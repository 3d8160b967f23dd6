package call

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchboard/handler/call/outbox"
	"switchboard/handler/flow"
)

// tester is the part of testing.T and rapid.T that a machine needs.
type tester interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// machine takes a call through events as the engine does. Every transition is made by a run of its own, is
// checked, and goes into the history.
type machine struct {
	t       tester
	c       Call
	flow    *flow.Flow
	now     time.Time
	gate    *DialVerdict // the gate's verdict for the next transitions
	history []Entry
	runs    int
	events  int
}

// fork returns a machine that goes on from here and leaves m as it is.
func (m *machine) fork(t tester) *machine {
	other := *m
	other.t, other.history = t, slices.Clip(m.history)
	return &other
}

// apply makes one transition and returns the run that wrote it.
func (m *machine) apply(e Event) (run string) {
	m.t.Helper()
	m.runs++
	run = fmt.Sprintf("run-%d", m.runs)
	before := storedJSON(m.t, m.c)
	in := Input{Now: m.now, Flow: m.flow, Owner: run, GateVerdict: m.gate}
	tr := Apply(m.c, e, in)
	if after := storedJSON(m.t, m.c); after != before {
		m.t.Fatalf("%s changed its argument (-before +after):\n%s", e.Kind(), cmp.Diff(before, after))
	}
	if tr.Changed() {
		m.history = append(m.history, tr.Entry)
	}
	m.c = tr.After
	m.checkInvariants(e)
	return run
}

// storedJSON returns a call as it is stored.
func storedJSON(t tester, c Call) string {
	t.Helper()
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return string(text)
}

// checkInvariants fails the test if the call is in a state that no event may lead to.
func (m *machine) checkInvariants(e Event) {
	m.t.Helper()
	for name, at := range m.c.Deadlines {
		if !m.now.Before(at) {
			m.t.Fatalf("after %s: deadline %q is past and was not run", e.Kind(), name)
		}
	}
	if why := stuck(m.c, m.flow); why != "" {
		m.t.Fatalf("after %s: stuck: %s", e.Kind(), why)
	}
	m.checkReferences(e)
	m.checkLeases(e)
}

// checkReferences fails the test if an operation is pending twice, or two invitations are.
func (m *machine) checkReferences(e Event) {
	m.t.Helper()
	refs := map[outbox.Ref]bool{}
	adds := 0
	for _, a := range m.c.Pending {
		if refs[a.Ref] || a.Op > m.c.Ops {
			m.t.Fatalf("after %s: %v is pending twice, or its operation was not counted", e.Kind(), a.Ref)
		}
		refs[a.Ref] = true
		if a.Verb == outbox.VerbAdd {
			adds++
		}
	}
	if adds > 1 {
		m.t.Fatalf("after %s: %d invitations at once", e.Kind(), adds)
	}
}

// checkLeases fails the test if the first action of a lane could be leased and was not, or if another one is leased to
// another run.
func (m *machine) checkLeases(e Event) {
	m.t.Helper()
	owners := map[outbox.Lane]string{}
	for _, a := range m.c.Pending {
		first, behind := owners[a.Verb.Lane()]
		if behind {
			if a.Owner != "" && a.Owner != first {
				m.t.Fatalf("after %s: %s %v was leased though it is behind an action of another run", e.Kind(), a.Verb, a.Ref)
			}
			continue
		}
		owners[a.Verb.Lane()] = a.Owner
		gated := a.Verb == outbox.VerbCreate && a.Send > 1 && m.gate == nil
		if a.Owner == "" && !gated && !m.now.Before(a.NotBefore) {
			m.t.Fatalf("after %s: %s %v was not leased", e.Kind(), a.Verb, a.Ref)
		}
	}
}

// stuck returns why the call would never go on if no event came; empty if it would go on.
func stuck(c Call, f *flow.Flow) string {
	switch {
	case c.State == StateEnded:
		return stuckEnded(c)
	case c.State == StateRinging:
		return stuckRinging(c)
	case c.EndingAs != "":
		if !waits(c, DeadlineHangup) {
			return "being hung up, without a deadline"
		}
		return ""
	case !waits(c, DeadlineEnd) || !waits(c, DeadlineKeepAlive) && !c.Pending.Has(outbox.VerbCheckParticipants):
		return "connected, and nothing would check it"
	}
	return stuckAtNode(c, f.Nodes[c.Node])
}

// waits reports whether the call has the deadline.
func waits(c Call, d Deadline) bool { return !c.Deadlines[d].IsZero() }

// stuckRinging returns the same for a call that rings.
func stuckRinging(c Call) string {
	inbound := waits(c, DeadlineAnswer) && c.Pending.Has(outbox.VerbAnswer) || waits(c, DeadlineConnect)
	outbound := waits(c, DeadlineConfirm) || waits(c, DeadlineRing) || waits(c, DeadlineHangup) && c.EndingAs != ""
	either := waits(c, DeadlineDisconnect) || c.Pending.Has(outbox.VerbCheckParticipants)
	if !waits(c, DeadlineEnd) || !inbound && !outbound && !either {
		return "ringing, without a deadline"
	}
	return ""
}

// stuckAtNode returns the same for a connected call at the node.
func stuckAtNode(c Call, n flow.Node) string {
	switch n.(type) {
	case *flow.Play, *flow.Menu:
		if !waits(c, DeadlinePrompt) || c.Wait.Media == (outbox.Ref{}) {
			return "at a prompt, without waiting for it"
		}
	case *flow.Agent:
		checking := slices.ContainsFunc(c.Pending, func(a outbox.Action) bool { return a.Ref == c.Wait.Invite.Check })
		if !waits(c, DeadlineInvite) && !checking {
			return "at an agent, without waiting for the invitation"
		}
	case *flow.Talk:
		if !slices.ContainsFunc(c.Agents, func(a JoinedAgent) bool { return !a.Left }) {
			return "at a talk without an agent"
		}
	default:
		return fmt.Sprintf("at a node that does not wait: %q", c.Node)
	}
	return ""
}

// stuckEnded returns the same for a call that has ended. Such a call may have a late hang-up and local
// actions pending, and recordings outstanding until their deadline.
func stuckEnded(c Call) string {
	if c.Outcome == "" || c.EndedAt.IsZero() {
		return "it has ended without an outcome or a time"
	}
	hangUps := 0
	for _, a := range c.Pending {
		if a.Verb == outbox.VerbHangUp {
			hangUps++
		} else if a.Verb.RetryClass() != outbox.Local {
			return "it has ended, and pending is " + string(a.Verb)
		}
	}
	if hangUps > 1 {
		return "it has ended, and is hung up twice"
	}
	recordingDeadlines := 0
	if slices.ContainsFunc(c.Recordings, Recording.outstanding) {
		recordingDeadlines = 1
	}
	if _, file := c.Deadlines[DeadlineFile]; len(c.Deadlines) != recordingDeadlines || file != (recordingDeadlines == 1) {
		return "it has ended with other deadlines than that of its recordings"
	}
	return ""
}

// report applies an event of the call's connection, with a key of its own.
func (m *machine) report(b Body) {
	m.t.Helper()
	m.reportFor(outbox.Ref{}, b)
}

// reportFor applies such an event with the context of an operation.
func (m *machine) reportFor(r outbox.Ref, b Body) {
	m.t.Helper()
	m.apply(m.event(r, b))
}

// reportCreateFailed applies a CreateCallFailed with the result.
func (m *machine) reportCreateFailed(r Result) {
	m.t.Helper()
	e := m.event(outbox.Ref{Op: CreateOp, Send: 1}, CreateCallFailed{})
	e.Result = r
	m.apply(e)
}

// reportDisconnected applies a Disconnected with the result.
func (m *machine) reportDisconnected(r Result) {
	m.t.Helper()
	e := m.event(outbox.Ref{}, Disconnected{})
	e.Result = r
	m.apply(e)
}

// event returns an event of the call's connection, with a key of its own.
func (m *machine) event(r outbox.Ref, b Body) Event {
	m.events++
	return Event{
		Key: fmt.Sprintf("event-%d", m.events), At: m.now, Ref: r, Body: b,
		ConnectionID: "conn-1", ServerCallID: "server-1", CorrelationID: "corr-1",
	}
}

// wait lets the time pass, and applies a Wake.
func (m *machine) wait(d time.Duration) {
	m.t.Helper()
	m.now = m.now.Add(d)
	m.apply(Event{Body: Wake{}})
}

// pending returns the first pending action of the verb.
func (m *machine) pending(v outbox.Verb) outbox.Action {
	m.t.Helper()
	i := slices.IndexFunc(m.c.Pending, func(a outbox.Action) bool { return a.Verb == v })
	if i < 0 {
		m.t.Fatalf("no %s is pending; the call is %s", v, summary(m.c))
	}
	return m.c.Pending[i]
}

// reply applies the reply to the first pending action of the verb.
func (m *machine) reply(v outbox.Verb, b Replied) {
	m.t.Helper()
	m.replyTo(m.pending(v), b)
}

// replyTo applies the reply to an action, pending or not.
func (m *machine) replyTo(a outbox.Action, b Replied) {
	m.t.Helper()
	m.apply(replyEvent(a, m.now, b))
}

// refuseCreate applies ACS's refusal of the CreateCall, with the result.
func (m *machine) refuseCreate(r Result) {
	m.t.Helper()
	e := replyEvent(m.pending(outbox.VerbCreate), m.now, replyRefusedStatus(400))
	e.Result = r
	m.apply(e)
}

// replyEvent returns the event of a reply to an action.
func replyEvent(a outbox.Action, at time.Time, b Replied) Event {
	e := Event{Key: fmt.Sprintf("reply %s %d", a.Ref, a.Leases), At: at, Ref: a.Ref, Body: b}
	if (a.Verb == outbox.VerbAnswer || a.Verb == outbox.VerbCreate) && b.Verdict == VerdictOK {
		e.ConnectionID, e.ServerCallID = "conn-1", "server-1"
	}
	return e
}

// Replies of ACS.
var (
	replyOK         = Replied{Verdict: VerdictOK}
	replyNoResponse = Replied{Verdict: VerdictNoResponse}
)

// replyRefused returns ACS's refusal with the code.
func replyRefused(code string) Replied {
	return Replied{Verdict: VerdictRefused, Code: code, Status: 400}
}

// replyRefusedStatus returns ACS's refusal with the HTTP status and without a code.
func replyRefusedStatus(status int) Replied { return Replied{Verdict: VerdictRefused, Status: status} }

// replyThrottled returns a 429 that asks for the wait.
func replyThrottled(wait time.Duration) Replied {
	return Replied{Verdict: VerdictThrottled, RetryAfter: wait}
}

// replyParticipants returns the reply to a check of participants.
func replyParticipants(ids ...string) Replied {
	return Replied{Verdict: VerdictOK, Participants: participants(ids...)}
}

// roster returns the event body of a list of participants.
func roster(sequence int, ids ...string) ParticipantsUpdated {
	return ParticipantsUpdated{Sequence: sequence, Participants: participants(ids...), Count: len(ids)}
}

// participants returns the participants with the raw ids.
func participants(ids ...string) []Participant {
	var list []Participant
	for _, id := range ids {
		list = append(list, Participant{ID: id})
	}
	return list
}

// summary returns in one line where a call is and what is pending: #n after a send other than the first, ?
// after an action without an owner.
func summary(c Call) string {
	text := string(c.State)
	switch {
	case c.State == StateEnded:
		text += " " + string(c.Outcome)
	case c.EndingAs != "":
		text += " ending " + string(c.EndingAs)
	case c.Node != "":
		text += " at " + c.Node
	}
	for i, a := range c.Pending {
		if i == 0 {
			text += ", pending"
		}
		text += " " + string(a.Verb)
		if a.Target != "" && a.Verb == outbox.VerbAdd {
			text += " " + a.Target[strings.LastIndexAny(a.Target, "_:")+1:]
		}
		if a.Send > 1 {
			text += fmt.Sprintf("#%d", a.Send)
		}
		if a.Owner == "" {
			text += "?"
		}
	}
	return text
}

// testCase is a test of one call: what happens at a stage, and the summary of the call after it.
type testCase struct {
	name string
	from func(tester) *machine
	then func(m *machine)
	want string // the summary
}

// runCases runs the cases, and checks that the history of each replays.
func runCases(t *testing.T, cases []testCase) {
	t.Helper()
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			m := tt.from(t)
			if tt.then != nil {
				tt.then(m)
			}
			if got := summary(m.c); got != tt.want {
				t.Errorf("the call is %s\n             want %s", got, tt.want)
			}
			m.checkReplay()
		})
	}
}

// checkReplay checks that the history, read from storage, leads to the call's row.
func (m *machine) checkReplay() {
	m.t.Helper()
	text, err := json.Marshal(m.history)
	if err != nil {
		m.t.Fatalf("%v", err)
	}
	var history []Entry
	if err := json.Unmarshal(text, &history); err != nil {
		m.t.Fatalf("%v", err)
	}
	row := m.c
	row.WorkDue = time.Time{}
	if got, want := storedJSON(m.t, Replay(m.c.ID, history, m.flow)), storedJSON(m.t, row); got != want {
		m.t.Errorf("history does not replay to the row (-row +replayed):\n%s", cmp.Diff(want, got))
	}
	for i, entry := range history {
		if entry.Seq != i+1 || entry.Rules != RulesVersion {
			m.t.Errorf("entry %d has number %d and rules %d", i, entry.Seq, entry.Rules)
		}
	}
}
