package call

import (
	"time"

	"switchboard/handler/call/outbox"
)

// Limits are the longest times that a call waits. They are pinned when the call is opened.
type Limits struct {
	Request        time.Duration `json:"request"`        // one request to ACS, with its retries
	Answer         time.Duration `json:"answer"`         // from the offer to the beginning of an answer
	Connect        time.Duration `json:"connect"`        // from the answer to Connected
	Prompt         time.Duration `json:"prompt"`         // a prompt, beyond the time that it takes to speak
	InviteGrace    time.Duration `json:"inviteGrace"`    // beyond the time that an agent's telephone rings
	RecordingStart time.Duration `json:"recordingStart"` // from the request to RecordingStateChanged
	Hangup         time.Duration `json:"hangup"`         // from the hang-up to Disconnected
	KeepAlive      time.Duration `json:"keepAlive"`      // a connected call without events
	Call           time.Duration `json:"call"`           // the whole call
	Ring           time.Duration `json:"ring"`           // how long a callee's telephone rings
	Confirm        time.Duration `json:"confirm"`        // from Dialled until CreateCall is confirmed
	Recording      time.Duration `json:"recording"`      // from the end of a call to its recording's files
}

// lease returns how long a lease of an action lasts: three times the time-out of its request, which allows
// for clocks that differ. That of an answer is shorter, because the caller's telephone rings for 30 s in
// all.
func (l Limits) lease(v outbox.Verb) time.Duration {
	if v == outbox.VerbAnswer {
		return 9 * l.Request / 10
	}
	return 3 * l.Timeout(v)
}

// Timeout returns how long one request for an action may take, with its retries.
func (l Limits) Timeout(v outbox.Verb) time.Duration {
	switch {
	case v.RetryClass() == outbox.Local:
		return localTimeout
	case v == outbox.VerbAnswer:
		return l.Request / 2
	default:
		return l.Request
	}
}

// leaseUntil returns the end of a lease that begins now. No request is begun that could last beyond the
// lease; the lease of an answer is therefore cut so that no answer begins after Limits.Answer.
func (c Call) leaseUntil(v outbox.Verb, now time.Time) time.Time {
	until := now.Add(c.Limits.lease(v))
	if v != outbox.VerbAnswer {
		return until
	}
	if last := c.OfferedAt.Add(c.Limits.Answer + c.Limits.Timeout(v)); last.Before(until) {
		return last
	}
	return until
}

// localTimeout is how long a change of our own rows may take. It is a constant and not one of Limits,
// because a tombstone has no Limits and still has reservations to release.
const localTimeout = 10 * time.Second

// Deadline names one kind of wait of a call.
type Deadline string

// The deadlines of a call. Each is set at most once at a time.
const (
	DeadlineAnswer     Deadline = "answer"     // to begin an answer
	DeadlineConnect    Deadline = "connect"    // for Connected after an answer
	DeadlineDisconnect Deadline = "disconnect" // for a more exact end than a Disconnected before Connected
	DeadlinePrompt     Deadline = "prompt"     // for the end of a prompt, or for a key
	DeadlineInvite     Deadline = "invite"     // for an invited agent to join or to fail
	DeadlineRecording  Deadline = "recording"  // for a recording to start
	DeadlineHangup     Deadline = "hangup"     // for Disconnected after a hang-up
	DeadlineKeepAlive  Deadline = "keepAlive"  // for any event of a connected call
	DeadlineEnd        Deadline = "end"        // for the end of the call
	DeadlineConfirm    Deadline = "confirm"    // to learn whether CreateCall took effect
	DeadlineRing       Deadline = "ring"       // for the callee to answer
	DeadlineFile       Deadline = "file"       // for the recordings' files
)

// disconnectWait is how long a call that ended before it was seen connected waits for a more exact event.
const disconnectWait = 10 * time.Second

// Wake returns when the call must be looked at although no event comes: its nearest deadline, or the time at
// which a pending action may be leased anew. Zero: never.
func (c Call) Wake() time.Time {
	var wake time.Time
	sooner := func(t time.Time) {
		if wake.IsZero() || t.Before(wake) {
			wake = t
		}
	}
	for _, at := range c.Deadlines {
		sooner(at)
	}
	if at := c.Pending.Wake(); !at.IsZero() {
		sooner(at)
	}
	return wake
}

// noWake is how long a call with outstanding work may be left alone that waits for no time. Every call waits
// for one; this is for a fault of ours.
const noWake = 10 * time.Minute

// AttendBy returns when a call with outstanding work must be attended to if no event comes.
func (c Call) AttendBy(now time.Time) time.Time {
	if wake := c.Wake(); !wake.IsZero() {
		return wake
	}
	return now.Add(noWake)
}

// ClockDifference is the largest difference between the clocks of two processes that the worklist allows for.
const ClockDifference = 5 * time.Second

// nextWorkDue returns WorkDue after a transition at now. If it is another than before the transition, the work
// item must be written before the call's row is. The item is never due later than AttendBy of the row.
func nextWorkDue(before, after Call, now time.Time) time.Time {
	if !after.HasWork() {
		return before.WorkDue
	}
	due := after.AttendBy(now)
	switch {
	case before.WorkDue.IsZero() || !before.HasWork(): // the item is missing, or is being removed
		return due
	case before.WorkDue.After(now.Add(ClockDifference)): // the item is due then
		return earlier(due, before.WorkDue)
	case due.Before(before.AttendBy(before.Updated)): // the item may have been postponed to then
		return due
	default:
		return before.WorkDue
	}
}

// earlier returns the earlier of two times.
func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// later returns the later of two times.
func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
