package scenario

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"switchboard/handler/acs"
	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
	"switchboard/handler/flow"
)

// transition returns the line of a transition: when, what happened, state and node after it, and the actions that it
// added. The columns have fixed widths, so that a long line does not change the others.
func (h *historyText) transition(e call.Entry) string {
	var actions []string
	for _, a := range e.Actions {
		actions = append(actions, h.action(a))
	}
	line := fmt.Sprintf("%8s  %-47s %-10s %-10s %s", h.since(e.Now), h.event(e), e.State, e.Node, strings.Join(actions, "; "))
	return strings.TrimRight(line, " ")
}

// since returns the seconds since the run began.
func (h *historyText) since(at time.Time) string {
	return fmt.Sprintf("%.1f", at.Sub(h.began).Seconds())
}

// event returns what happened: the kind of the event, its operation, ACS's codes other than 200, and its details.
func (h *historyText) event(e call.Entry) string {
	result, gate := "", ""
	if r := e.Event.Result; r.Code != 0 && (r.Code != 200 || r.SubCode != 0) {
		result = fmt.Sprintf("%d/%d", r.Code, r.SubCode)
		if r.SIP != 0 || r.Q850 != 0 {
			result += fmt.Sprintf(" SIP %d Q.850 %d", r.SIP, r.Q850)
		}
	}
	if v := e.GateVerdict; v != nil {
		gate = fmt.Sprintf("gate allows: %t %s", v.Allowed, v.Rule)
	}
	return words(e.Event.Kind(), operation(e.Event.Ref), result, h.details(e.Event.Body), gate)
}

// details returns what an event says about its call, without ids that ACS makes.
func (h *historyText) details(body call.Body) string {
	switch b := body.(type) {
	case call.Offered:
		return words("by", h.name(b.Caller), "to", h.name(b.Line))
	case call.Dialled:
		return words("from", h.name(b.Line), "to", h.name(b.Callee))
	case call.Recognized:
		return words(append(slices.Clone(b.Tones), b.Choice, b.Speech)...)
	case call.RecognizeFailed:
		return words(b.Tones...)
	case call.Added:
		return h.name(b.Participant)
	case call.AddFailed:
		return h.name(b.Participant)
	case call.ParticipantsUpdated:
		return h.participants(b.Participants)
	case call.RecordingStateChanged:
		return fmt.Sprintf("%d active: %t", b.Op, b.Active)
	case call.StartRecordingFailed:
		return strconv.Itoa(b.Op)
	case call.FilesFiled:
		return fmt.Sprintf("%d files: %d", b.Op, b.Files)
	case call.FilesLost:
		return fmt.Sprintf("%d files: %d, %s", b.Op, b.Files, b.Reason)
	case call.Unknown:
		return b.Type
	case call.Replied:
		connected := ""
		if b.Connected {
			connected = "connected"
		}
		return words(string(b.Verdict), b.Code, connected, h.participants(b.Participants), string(b.Recording), b.Reason)
	}
	return ""
}

// participants returns the names of participants.
func (h *historyText) participants(all []call.Participant) string {
	names := make([]string, len(all))
	for i, p := range all {
		names[i] = h.name(p.ID)
	}
	return strings.Join(names, ", ")
}

// action returns an action with its operation, and with what it is about.
func (h *historyText) action(a outbox.Action) string {
	var prompt, loop, recording string
	if a.Prompt != nil {
		prompt = shortened(*a.Prompt)
	}
	if a.Loop {
		loop = "in a loop"
	}
	if a.Recording != 0 {
		recording = strconv.Itoa(a.Recording)
	}
	return words(operation(a.Ref), string(a.Verb), h.name(a.Target), prompt, loop, recording)
}

// operation returns the number of an operation, with that of its send unless it is the first; "" for none.
func operation(r outbox.Ref) string {
	switch {
	case r == outbox.Ref{}:
		return ""
	case r.Send == 1:
		return strconv.Itoa(r.Op)
	}
	return r.String()
}

// promptLength is the number of characters of a prompt's text that a history shows.
const promptLength = 24

// shortened returns the beginning of a prompt's text, or the name of its file.
func shortened(p flow.Prompt) string {
	if p.Text == "" {
		return path.Base(p.File)
	}
	text := p.Text
	if all := []rune(text); len(all) > promptLength {
		text = string(all[:promptLength]) + "…"
	}
	return strconv.Quote(text)
}

// words joins the words that are not empty.
func words(all ...string) string {
	text := ""
	for _, word := range all {
		if word != "" {
			text += " " + word
		}
	}
	return strings.TrimPrefix(text, " ")
}

// name returns the name that the scenario has given a person or line, else the number or raw id.
func (h *historyText) name(who string) string {
	raw := rawID(who)
	if name := h.names[raw]; name != "" {
		return name
	}
	return strings.TrimPrefix(raw, "4:")
}

// rawID returns the raw id of a person, who may be written as a number in E.164.
func rawID(who string) string {
	if strings.HasPrefix(who, "+") {
		return acs.PhoneNumber(who).RawID()
	}
	return who
}
