package call

import (
	"switchboard/handler/call/outbox"
	"time"
)

// Limits are how long a call waits for what. They are pinned when it opens.
type Limits struct {
	Request        time.Duration `json:"request"`        // one request to ACS, with its retries
	Answer         time.Duration `json:"answer"`         // from the offer on; no answer begins later
	Connect        time.Duration `json:"connect"`        // from the answer to Connected
	Prompt         time.Duration `json:"prompt"`         // a prompt, with the keys to be pressed after it
	InviteGrace    time.Duration `json:"inviteGrace"`    // beyond the time an agent's telephone rings
	RecordingStart time.Duration `json:"recordingStart"` // from the request to RecordingChanged
	Hangup         time.Duration `json:"hangup"`         // from the hang-up to Disconnected
	KeepAlive      time.Duration `json:"keepAlive"`      // without news of a connected call
	Call           time.Duration `json:"call"`           // the whole call
	// Ring is how long somebody's telephone rings whom we call, Settle how long an
	// attempt of unknown fate may still be heard of.
	Ring    time.Duration `json:"ring"`
	Confirm time.Duration `json:"confirm"`
	// Recording is from the end of a call to the file of its recording.
	Recording time.Duration `json:"recording"`
}

// own is how long the run that claimed an action may work on it: three times the
// time-out of its request, which leaves room for clocks that differ. Answer and
// reject get less, because the caller's telephone rings for 30 s in all.
func (l Limits) lease(v outbox.Verb) time.Duration {
	if v == outbox.VerbAnswer {
		return 9 * l.Request / 10
	}
	return 3 * l.Timeout(v)
}

// Timeout is how long one request for the action may take, retries included.
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

// storageTime is how long it may take to change rows of ours. It is no limit of the
// call's: a call that was buried has none, and has to give back what was taken for it.
const localTimeout = 10 * time.Second

// Deadline names a wait of a call that must come to an end.
type Deadline string

// The deadlines of a call, each at most once.
const (
	byAnswer     Deadline = "answer"     // begin to answer
	byConnect    Deadline = "connect"    // hear of the connection
	byDisconnect Deadline = "disconnect" // hear why a call ended that was not seen connected
	byPrompt     Deadline = "prompt"     // prompt over, keys pressed
	byInvite     Deadline = "invite"     // agent joined or not
	byRecording  Deadline = "recording"  // recording running
	byHangup     Deadline = "hangup"     // hear that the call is over
	byKeepAlive  Deadline = "keepAlive"  // hear anything
	byEnd        Deadline = "end"        // longest call
	byConfirm    Deadline = "confirm"    // hear whether the call was placed
	byRing       Deadline = "ring"       // somebody answers
	byFile       Deadline = "file"       // recordings filed
)

// goneWait is how long the end of a call that was not seen connected waits for
// the event that says more.
const disconnectWait = 10 * time.Second

// Wake is when the call next needs somebody's attention though no event comes:
// its nearest deadline, or the time at which a pending action may be claimed.
// Zero: never.
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
