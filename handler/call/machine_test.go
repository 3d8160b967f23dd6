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

// The people of the tests.
const (
	caller = "4:+12065550100"
	anna   = "8:acs:r_t_anna"
	ben    = "8:acs:r_t_ben"
	line   = "28:orgid:line"
)

var t0 = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

var limits = Limits{
	Request: 10 * time.Second, Answer: 25 * time.Second, Connect: 20 * time.Second, Prompt: 2 * time.Minute,
	InviteGrace: 10 * time.Second, RecordingStart: 30 * time.Second, Hangup: 15 * time.Second,
	KeepAlive: 5 * time.Minute, Call: time.Hour, Ring: 45 * time.Second, Confirm: 10 * time.Minute,
	Recording: 25 * time.Hour,
}

// spoken is longer than any prompt of the tests takes to speak.
const spoken = 2 * time.Second

// reception is the flow of the tests.
var reception = parse(`{"name":"reception","start":"greeting","nodes":{
	"greeting":{"kind":"play","prompt":{"text":"Hello."},"next":"menu","failed":"sorry"},
	"menu":{"kind":"menu","prompt":{"text":"Press 1."},"keys":{"1":"agent","#":"bye"},"repeats":1,"nothing":"bye"},
	"agent":{"kind":"agent","agents":["` + anna + `","` + ben + `"],"music":{"text":"la la"},"answered":"record","unanswered":"sorry"},
	"record":{"kind":"record","next":"talk"},
	"talk":{"kind":"talk","next":"bye"},
	"bye":{"kind":"play","prompt":{"text":"Goodbye."},"next":"end"},
	"sorry":{"kind":"play","prompt":{"text":"Sorry."},"next":"end"},
	"end":{"kind":"hangup"}}}`)

func parse(doc string) *flow.Flow {
	f, err := flow.Parse([]byte(doc))
	if err != nil {
		panic(err)
	}
	return f
}

// tester is what life needs of a testing.T and of a rapid.T.
type tester interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// life is a call on its way, as the engine takes it: every transition is made by
// a run of its own, is checked, and goes into the history.
type life struct {
	t       tester
	c       Call
	flow    *flow.Flow
	now     time.Time
	gate    *DialVerdict // the next verdict on placing the call
	history []Entry
	runs    int
	keys    int
}

// offer opens a call at t0.
func offer(t tester) *life {
	t.Helper()
	l := &life{t: t, c: Call{ID: "in-1"}, flow: reception, now: t0}
	l.move(Event{Key: "offer", At: t0, ServerCallID: "server-1", CorrelationID: "corr-1", Body: offered})
	return l
}

var offered = Offered{
	Line: line, Caller: caller, CallerName: "Caller", IncomingCallContext: "token",
	Flow: flow.Ref{Name: "reception", Version: "v1"}, Limits: limits,
}

// fork returns another life from here on.
func (l *life) fork(t tester) *life {
	other := *l
	other.t, other.history = t, slices.Clip(l.history)
	return &other
}

// move makes one transition and returns the run that wrote it.
func (l *life) move(e Event) (run string) {
	l.t.Helper()
	l.runs++
	run = fmt.Sprintf("run-%d", l.runs)
	before := doc(l.t, l.c)
	given := Input{Now: l.now, Flow: l.flow, Owner: run, Gate: l.gate}
	next, moved := Apply(l.c, e, given)
	if after := doc(l.t, l.c); after != before {
		l.t.Fatalf("%s changed its argument (-before +after):\n%s", e.Kind(), cmp.Diff(before, after))
	}
	if moved {
		l.history = append(l.history, NewEntry(l.c, next, e, given))
	}
	l.c = next
	l.check(e)
	return run
}

// doc is a call as it is stored.
func doc(t tester, c Call) string {
	t.Helper()
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return string(text)
}

// check reports what must never be, whatever happens.
func (l *life) check(e Event) {
	l.t.Helper()
	for name, at := range l.c.Deadlines {
		if !l.now.Before(at) {
			l.t.Fatalf("after %s: deadline %q is past and was not met", e.Kind(), name)
		}
	}
	if why := stuck(l.c, l.flow); why != "" {
		l.t.Fatalf("after %s: stuck for ever: %s", e.Kind(), why)
	}
	owners := map[outbox.Lane]string{}
	refs := map[outbox.Ref]bool{}
	adds := 0
	for _, a := range l.c.Pending {
		if refs[a.Ref] || a.Op > l.c.Ops {
			l.t.Fatalf("after %s: operation %v is there twice, or was never counted", e.Kind(), a.Ref)
		}
		refs[a.Ref] = true
		if a.Verb == outbox.VerbAdd {
			adds++
		}
		lane := a.Verb.Lane()
		first, any := owners[lane]
		switch {
		case !any:
			owners[lane] = a.Owner
		case a.Owner != "" && a.Owner != first:
			l.t.Fatalf("after %s: %s %v was claimed though it is behind another run's", e.Kind(), a.Verb, a.Ref)
		}
		gated := a.Verb == outbox.VerbCreate && a.Send > 1 && l.gate == nil
		if a.Owner == "" && owners[lane] == "" && !any && !gated && !l.now.Before(a.NotBefore) {
			l.t.Fatalf("after %s: nobody has claimed %s %v", e.Kind(), a.Verb, a.Ref)
		}
	}
	if adds > 1 {
		l.t.Fatalf("after %s: %d invitations at once", e.Kind(), adds)
	}
}

// stuck says why nothing would ever happen to the call if no event came any more.
func stuck(c Call, f *flow.Flow) string {
	waits := func(d Deadline) bool { return !c.Deadlines[d].IsZero() }
	pending := func(v outbox.Verb) bool {
		return slices.ContainsFunc(c.Pending, func(a outbox.Action) bool { return a.Verb == v })
	}
	switch {
	case c.State == StateEnded:
		return stuckEnded(c)
	case c.State == StateRinging:
		inbound := waits(byAnswer) && pending(outbox.VerbAnswer) || waits(byConnect)
		outbound := waits(byConfirm) || waits(byRing) || waits(byHangup) && c.EndingAs != ""
		if !waits(byEnd) || !(inbound || outbound || waits(byDisconnect) || pending(outbox.VerbCheckParticipants)) {
			return "ringing, and nothing is waited for"
		}
		return ""
	case c.EndingAs != "":
		if !waits(byHangup) {
			return "nobody looks whether the hang-up was heard"
		}
		return ""
	case !waits(byEnd) || !waits(byKeepAlive) && !pending(outbox.VerbCheckParticipants):
		return "connected, and nobody would look"
	}
	switch f.Nodes[c.Node].(type) {
	case *flow.Play, *flow.Menu:
		if !waits(byPrompt) || c.Wait.Media == (outbox.Ref{}) {
			return "no prompt is waited for"
		}
	case *flow.Agent:
		looking := slices.ContainsFunc(c.Pending, func(a outbox.Action) bool { return a.Ref == c.Wait.Invite.Check })
		if !waits(byInvite) && !looking {
			return "no invitation is waited for"
		}
	case *flow.Talk:
		if !slices.ContainsFunc(c.Agents, func(p JoinedAgent) bool { return !p.Left }) {
			return "nobody is there to talk"
		}
	default:
		return fmt.Sprintf("at a node that does not wait: %q", c.Node)
	}
	return ""
}

// stuckEnded is stuck for a call that has ended: it may owe a late hang-up, changes
// of rows of ours, and recordings until their deadline.
func stuckEnded(c Call) string {
	if c.Outcome == "" || c.EndedAt.IsZero() {
		return "it has ended without an outcome or a time"
	}
	hangUps := 0
	for _, a := range c.Pending {
		if a.Verb == outbox.VerbHangUp {
			hangUps++
		} else if a.Verb.RetryClass() != outbox.Local {
			return "it has ended and pending " + string(a.Verb)
		}
	}
	if hangUps > 1 {
		return "it has ended and is hung up twice"
	}
	debts := 0
	if slices.ContainsFunc(c.Recordings, Recording.outstanding) {
		debts = 1
	}
	if _, file := c.Deadlines[byFile]; len(c.Deadlines) != debts || file != (debts == 1) {
		return "it has ended with other deadlines than that of its recordings"
	}
	return ""
}

// happens delivers an event of the call's connection, each with a key of its own.
func (l *life) happens(b Body) {
	l.t.Helper()
	l.happensTo(outbox.Ref{}, b)
}

// happensTo is happens with the context of an operation.
func (l *life) happensTo(r outbox.Ref, b Body) {
	l.t.Helper()
	l.move(l.event(r, b))
}

func (l *life) event(r outbox.Ref, b Body) Event {
	l.keys++
	return Event{
		Key: fmt.Sprintf("event-%d", l.keys), At: l.now, Ref: r, Body: b,
		ConnectionID: "conn-1", ServerCallID: "server-1", CorrelationID: "corr-1",
	}
}

// passes lets time go by, and then the sweep come.
func (l *life) passes(d time.Duration) {
	l.t.Helper()
	l.now = l.now.Add(d)
	l.move(Event{Body: Wake{}})
}

// owed returns the first pending action of a verb.
func (l *life) owed(v outbox.Verb) outbox.Action {
	l.t.Helper()
	i := slices.IndexFunc(l.c.Pending, func(a outbox.Action) bool { return a.Verb == v })
	if i < 0 {
		l.t.Fatalf("no %s is owed; the call is %s", v, summary(l.c))
	}
	return l.c.Pending[i]
}

// replies delivers ACS's answer to the first pending action of a verb.
func (l *life) replies(v outbox.Verb, b Replied) {
	l.t.Helper()
	l.answers(l.owed(v), b)
}

// answers delivers ACS's answer to an action, pending or not.
func (l *life) answers(a outbox.Action, b Replied) {
	l.t.Helper()
	l.move(replyTo(a, l.now, b))
}

func replyTo(a outbox.Action, at time.Time, b Replied) Event {
	e := Event{Key: fmt.Sprintf("reply %s %d", a.Ref, a.Leases), At: at, Ref: a.Ref, Body: b}
	if (a.Verb == outbox.VerbAnswer || a.Verb == outbox.VerbCreate) && b.Verdict == VerdictOK {
		e.ConnectionID, e.ServerCallID = "conn-1", "server-1"
	}
	return e
}

// done, refuses, throttled and unheard are answers of ACS.
var (
	done    = Replied{Verdict: VerdictOK}
	unheard = Replied{Verdict: VerdictNoResponse}
)

func refuses(code string) Replied { return Replied{Verdict: VerdictRefused, Code: code} }

func throttled(wait time.Duration) Replied {
	return Replied{Verdict: VerdictThrottled, RetryAfter: wait}
}

// people is an update of who is in the call.
func people(sequence int, ids ...string) ParticipantsUpdated {
	return ParticipantsUpdated{Sequence: sequence, Participants: participants(ids...), Count: len(ids)}
}

func participants(ids ...string) []Participant {
	var list []Participant
	for _, id := range ids {
		list = append(list, Participant{ID: id})
	}
	return list
}

func saw(ids ...string) Replied {
	return Replied{Verdict: VerdictOK, Participants: participants(ids...)}
}

// The stages of a usual call, each with nothing on its way to ACS.

// answered: ACS has taken the answer and says nothing more yet.
func answered(t tester) *life {
	t.Helper()
	l := offer(t)
	l.replies(outbox.VerbAnswer, done)
	return l
}

// greeted: connected, the greeting is being heard.
func greeted(t tester) *life {
	t.Helper()
	l := answered(t)
	l.happens(Connected{})
	l.replies(outbox.VerbPlay, done)
	l.happens(people(1, caller))
	return l
}

// asked: the menu is being heard.
func asked(t tester) *life {
	t.Helper()
	l := greeted(t)
	l.happensTo(l.c.Wait.Media, PlayCompleted{})
	l.replies(outbox.VerbRecognize, done)
	return l
}

// inviting: the music plays, the first agent's telephone rings.
func inviting(t tester) *life {
	t.Helper()
	l := asked(t)
	l.happensTo(l.c.Wait.Media, Recognized{Tones: []string{"one"}})
	l.replies(outbox.VerbPlay, done)
	l.replies(outbox.VerbAdd, done)
	return l
}

// talking: agent and caller are recorded while they talk.
func talking(t tester) *life {
	t.Helper()
	l := inviting(t)
	l.happensTo(l.c.Wait.Invite.Ref, Added{Participant: anna})
	l.replies(outbox.VerbCancelMedia, done)
	l.replies(outbox.VerbStartRecording, done)
	l.happens(people(2, caller, anna))
	l.happens(RecordingStateChanged{RecordingID: "rec-1", Active: true, Op: l.c.Recordings[0].Op})
	l.replies(outbox.VerbLink, done)
	return l
}

// thanked: the agent has left, the caller hears the goodbye.
func thanked(t tester) *life {
	t.Helper()
	l := talking(t)
	l.happens(people(3, caller))
	l.replies(outbox.VerbPlay, done)
	return l
}

// released: the call was hung up.
func released(t tester) *life {
	t.Helper()
	l := thanked(t)
	l.happensTo(l.c.Wait.Media, PlayCompleted{})
	l.replies(outbox.VerbHangUp, done)
	return l
}

// over: the call has come to its usual end, and pending its recording.
func over(t tester) *life {
	t.Helper()
	l := released(t)
	l.happens(Disconnected{})
	return l
}

// filed: the recording is where it belongs.
func filed(t tester) *life {
	t.Helper()
	l := over(t)
	l.move(Event{Key: "filed", Body: FilesFiled{RecordingID: "rec-1", Op: l.c.Recordings[0].Op}})
	return l
}

// missed: nothing was ever heard of the answer.
func missed(t tester) *life {
	t.Helper()
	l := offer(t)
	l.passes(30 * time.Second)
	l.passes(30 * time.Second)
	return l
}

// summary says where a call is and what it pending, in one line.
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
			text += "?" // nobody has claimed it
		}
	}
	return text
}

// story is a test that is told in one line: what happens at a stage of a call.
type story struct {
	name string
	from func(tester) *life
	then func(l *life)
	want string // the summary
}

func tell(t *testing.T, stories []story) {
	t.Helper()
	for _, tt := range stories {
		t.Run(tt.name, func(t *testing.T) {
			l := tt.from(t)
			if tt.then != nil {
				tt.then(l)
			}
			if got := summary(l.c); got != tt.want {
				t.Errorf("the call is %s\n             want %s", got, tt.want)
			}
			l.replays()
		})
	}
}

// replays checks that the history, read back from storage, leads to the row.
func (l *life) replays() {
	l.t.Helper()
	text, err := json.Marshal(l.history)
	if err != nil {
		l.t.Fatalf("%v", err)
	}
	var history []Entry
	if err := json.Unmarshal(text, &history); err != nil {
		l.t.Fatalf("%v", err)
	}
	if got, want := doc(l.t, Replay(l.c.ID, history, l.flow)), doc(l.t, l.c); got != want {
		l.t.Errorf("history does not replay to the row (-row +replayed):\n%s", cmp.Diff(want, got))
	}
	for i, entry := range history {
		if entry.Seq != i+1 || entry.Rules != RulesVersion {
			l.t.Errorf("entry %d has number %d and rules %d", i, entry.Seq, entry.Rules)
		}
	}
}
