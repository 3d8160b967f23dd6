package scenario

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/tools/txtar"

	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
	"switchboard/handler/campaign"
)

// historyName is the name of the part of a scenario's file that holds its history.
const historyName = "history"

// WithHistory returns the text of a scenario's file with the history in the place of the one that it has.
func WithHistory(text []byte, history string) []byte {
	archive := txtar.Parse(text)
	archive.Files = slices.DeleteFunc(archive.Files, func(f txtar.File) bool { return f.Name == historyName })
	archive.Files = append(archive.Files, txtar.File{Name: historyName, Data: []byte(history)})
	return txtar.Format(archive)
}

// History returns the history of a run of s as text, see the package comment.
func (e Env) History(ctx context.Context, s *Scenario, result Result) (string, error) {
	h := &historyText{env: e, began: result.Began, names: map[string]string{}}
	for name, who := range s.people {
		h.names[rawID(who)] = name
	}
	for _, c := range result.Calls {
		h.paragraph()
		if err := h.call(ctx, "call "+c.Name, c.ID); err != nil {
			return "", err
		}
	}
	for _, c := range result.Campaigns {
		if err := h.campaign(ctx, c.Name, c.ID); err != nil {
			return "", err
		}
	}
	return h.text.String(), nil
}

// historyText is a history that is being written.
type historyText struct {
	env   Env
	began time.Time         // of the run
	names map[string]string // of people and lines, by raw id
	text  strings.Builder
}

// campaign adds a campaign, its contacts in the order of their numbers, and the calls of their attempts.
func (h *historyText) campaign(ctx context.Context, name string, id campaign.ID) error {
	contacts, c, err := h.env.contacts(ctx, id)
	if err != nil {
		return err
	}
	h.paragraph()
	h.line("campaign %s: %s at %s, %d contacts", name, c.State, h.since(c.Finished), len(contacts))
	slices.SortFunc(contacts, func(a, b campaign.Contact) int { return strings.Compare(a.Number, b.Number) })
	for _, who := range contacts {
		h.paragraph()
		h.line("contact %s: %s; %d of %d attempts counted%s",
			h.name(who.Number), who.Result(), who.Spent, who.Budget, values(who.Values))
		for claim := 1; claim <= who.Claim; claim++ {
			attempt := call.OutboundID(string(id), string(who.ID), claim)
			if err := h.call(ctx, fmt.Sprintf("attempt %d", claim), attempt); err != nil {
				return err
			}
		}
	}
	return nil
}

// call adds a call: a line for each transition, and its outcome.
func (h *historyText) call(ctx context.Context, title string, id call.ID) error {
	row, err := h.env.Calls.Load(ctx, id)
	if err != nil {
		return err
	}
	history, err := h.env.Calls.History(ctx, id)
	if err != nil {
		return err
	}
	c := row.Value
	h.line("%s: flow %s", title, c.Flow.Name)
	for _, entry := range sortReplies(history) {
		h.line("%s", h.transition(entry))
	}
	outcome := string(c.Outcome)
	for _, r := range c.Recordings {
		outcome += fmt.Sprintf("; recording %d %s, files: %d", r.Op, r.State, r.Files)
	}
	h.line("          outcome %s%s", outcome, values(c.Values))
	return nil
}

// paragraph adds an empty line, unless the text is empty.
func (h *historyText) paragraph() {
	if h.text.Len() > 0 {
		h.text.WriteByte('\n')
	}
}

func (h *historyText) line(format string, args ...any) { fmt.Fprintf(&h.text, format+"\n", args...) }

// values returns the variables that a flow has set, each after a semicolon.
func values(all map[string]string) string {
	text := ""
	for _, name := range slices.Sorted(maps.Keys(all)) {
		text += fmt.Sprintf("; %s=%s", name, all[name])
	}
	return text
}

// sortReplies returns the history with each reply directly behind the transition that added its action, if both were
// at the same time, and with several such replies in the order of their operations. A reply is saved beside whatever
// else happens to the call: which comes first is not determined, and makes no difference. A transition that changes
// the call's state or node keeps its place, and no reply passes it.
func sortReplies(history []call.Entry) []call.Entry {
	var sorted []call.Entry
	moves := map[int]bool{} // by Seq: the transition changes the call's state or node
	for i, entry := range history {
		moves[entry.Seq] = i == 0 || history[i-1].State != entry.State || history[i-1].Node != entry.Node
		place := len(sorted)
		if _, reply := entry.Event.Body.(call.Replied); reply && !moves[entry.Seq] {
			for place > 0 && !moves[sorted[place-1].Seq] && mayPass(entry, sorted[place-1]) {
				place--
			}
		}
		sorted = slices.Insert(sorted, place, entry)
	}
	return sorted
}

// mayPass reports whether a reply is shown before a transition that was at the same time and committed before it.
func mayPass(reply, before call.Entry) bool {
	op := reply.Event.Ref.Op
	if !before.Now.Equal(reply.Now) || slices.ContainsFunc(before.Actions, func(a outbox.Action) bool { return a.Op == op }) {
		return false
	}
	_, isReply := before.Event.Body.(call.Replied)
	return !isReply || before.Event.Ref.Op > op
}
