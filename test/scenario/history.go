package scenario

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/tools/txtar"

	"switchboard/handler/call"
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

// sortReplies returns the history with replies that came at the same time in the order of their operations. Requests
// of different lanes are sent at the same time: which of their replies comes first is not determined, and makes no
// difference. A reply that changes the call's state or node keeps its place.
func sortReplies(history []call.Entry) []call.Entry {
	sorted := slices.Clone(history)
	for from := 1; from < len(sorted); from++ {
		to := from
		for to < len(sorted) && plainReply(sorted[to-1], sorted[to]) && sorted[to].Now.Equal(sorted[from].Now) {
			to++
		}
		slices.SortFunc(sorted[from:to], func(a, b call.Entry) int {
			return cmp.Or(cmp.Compare(a.Event.Ref.Op, b.Event.Ref.Op), cmp.Compare(a.Seq, b.Seq))
		})
		from = max(from, to-1)
	}
	return sorted
}

// plainReply reports whether a transition was made by a reply and left the call's state and node as they were.
func plainReply(before, entry call.Entry) bool {
	_, reply := entry.Event.Body.(call.Replied)
	return reply && before.State == entry.State && before.Node == entry.Node
}
