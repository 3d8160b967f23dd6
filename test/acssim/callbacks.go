package acssim

import (
	"fmt"
	"strings"
	"time"
)

// cloudEvent is an event in a callback, usually in an array of one.
//
// Source: CloudEvents 1.0, JSON format; learn.microsoft.com, "Handle Call
// Automation events".
type cloudEvent struct {
	ID              string       `json:"id"`
	Source          string       `json:"source"`
	Type            string       `json:"type"`
	Data            callbackData `json:"data"`
	Time            string       `json:"time"`
	SpecVersion     string       `json:"specversion"`
	DataContentType string       `json:"datacontenttype"`
	Subject         string       `json:"subject"`
}

// callbackTime is RFC 3339 with the seven digits that the service writes.
const callbackTime = "2006-01-02T15:04:05.0000000-07:00"

// callbackData are the members of all callbacks; each has those of its type.
//
// Source: definitions of the events, communicationservicescallautomation.json,
// stable/2026-03-12.
type callbackData struct {
	CallConnectionID  string  `json:"callConnectionId"`
	ServerCallID      string  `json:"serverCallId"`
	CorrelationID     string  `json:"correlationId"`
	OperationContext  string  `json:"operationContext,omitempty"`
	ResultInformation *result `json:"resultInformation,omitempty"`

	Participant           *identifier           `json:"participant,omitempty"`
	SequenceNumber        int                   `json:"sequenceNumber,omitempty"`
	Participants          []callParticipant     `json:"participants,omitzero"`
	FromCall              string                `json:"fromCall,omitempty"`
	TransferTarget        *identifier           `json:"transferTarget,omitempty"`
	Transferee            *identifier           `json:"transferee,omitempty"`
	SequenceID            int                   `json:"sequenceId,omitempty"`
	Tone                  string                `json:"tone,omitempty"`
	InvitationID          string                `json:"invitationId,omitempty"`
	FailedPlaySourceIndex *int                  `json:"failedPlaySourceIndex,omitempty"`
	RecognitionType       string                `json:"recognitionType,omitempty"`
	DTMFResult            *dtmfResult           `json:"dtmfResult,omitempty"`
	ChoiceResult          *choiceResult         `json:"choiceResult,omitempty"`
	SpeechResult          *speechResult         `json:"speechResult,omitempty"`
	RecordingID           string                `json:"recordingId,omitempty"`
	State                 string                `json:"state,omitempty"`
	StartDateTime         string                `json:"startDateTime,omitempty"`
	RecordingKind         string                `json:"recordingKind,omitempty"`
	TranscriptionUpdate   *transcriptionUpdate  `json:"transcriptionUpdate,omitempty"`
	MediaStreamingUpdate  *mediaStreamingUpdate `json:"mediaStreamingUpdate,omitempty"`
}

type dtmfResult struct {
	Tones []string `json:"tones"`
}

type choiceResult struct {
	Label            string  `json:"label"`
	RecognizedPhrase string  `json:"recognizedPhrase,omitempty"`
	Confidence       float64 `json:"confidence,omitempty"`
}

type speechResult struct {
	Speech     string  `json:"speech"`
	Confidence float64 `json:"confidence"`
}

// eventTime is the time from an event to its callback. It lets a callback usually
// follow the response to the request that caused it.
const eventTime = 20 * time.Millisecond

// callbackQueue has the callbacks of one call that wait to be sent, in order.
type callbackQueue struct {
	waiting []*callback
	sending bool          // a goroutine sends them
	more    chan struct{} // signals that another one may be waiting
}

type callback struct {
	call   *call
	url    string
	events []cloudEvent // one, or two if Batch joined them
	due    time.Time
	faults eventFaults
}

// emit sends an event to the call's callback URI.
func (c *call) emit(event string, data callbackData) { c.emitTo(c.callbackURI, event, data) }

// emitTo sends an event to url, unless the application has left.
func (c *call) emitTo(url, event string, data callbackData) {
	if c.appLeft || c.silenced() {
		return
	}
	data.CallConnectionID, data.ServerCallID, data.CorrelationID = c.connectionID, c.serverCallID, c.correlationID
	source := "calling/callConnections/" + c.connectionID
	if data.RecordingID != "" {
		source = "calling/recordings/" + data.RecordingID
	}
	c.events++
	now := time.Now()
	cb := &callback{
		call: c, url: url, due: now.Add(eventTime), faults: c.s.eventFaults(c.n, event, c.events),
		events: []cloudEvent{{
			ID: c.s.id("event", c.n, c.events), Source: source, Subject: source, Type: typePrefix + event,
			Data: data, Time: now.UTC().Format(callbackTime), SpecVersion: "1.0", DataContentType: "application/json",
		}},
	}
	if cb.faults.loss {
		c.s.note(c, "fault", "%s is lost", cb.name())
		return
	}
	c.callbacks.waiting = append(c.callbacks.waiting, cb)
	if c.callbacks.more == nil {
		c.callbacks.more = make(chan struct{}, 1)
	}
	select {
	case c.callbacks.more <- struct{}{}:
	default:
	}
	if !c.callbacks.sending {
		c.callbacks.sending = true
		c.s.spawn(c.sendWaiting)
	}
}

// sendWaiting sends the waiting callbacks of a call until there are none.
func (c *call) sendWaiting() {
	for {
		cb := c.nextWaiting(true)
		if cb == nil {
			return
		}
		if !sleep(c.s.ctx, time.Until(cb.due)) {
			return
		}
		if cb.faults.batch {
			if next := c.awaitWaiting(batchWait); next != nil {
				sleep(c.s.ctx, time.Until(next.due))
				if next.url != cb.url {
					c.post(cb)
					cb = next
				} else {
					cb.events = append(cb.events, next.events...)
					c.s.note(c, "fault", "%s come together", cb.name())
				}
			}
		} else if cb.faults.swap {
			if overtakes := c.awaitWaiting(swapWait); overtakes != nil {
				c.s.note(c, "fault", "%s overtakes %s", overtakes.name(), cb.name())
				sleep(c.s.ctx, time.Until(overtakes.due))
				c.post(overtakes)
			}
		}
		c.post(cb)
	}
}

// nextWaiting removes and returns the first callback, or nil. With last, sending
// has ended when there is none.
func (c *call) nextWaiting(last bool) *callback {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if len(c.callbacks.waiting) == 0 {
		c.callbacks.sending = !last
		return nil
	}
	cb := c.callbacks.waiting[0]
	c.callbacks.waiting = c.callbacks.waiting[1:]
	return cb
}

// awaitWaiting waits for another callback for at most d.
func (c *call) awaitWaiting(d time.Duration) *callback {
	enough := time.NewTimer(c.s.real(d))
	defer enough.Stop()
	for {
		if cb := c.nextWaiting(false); cb != nil {
			return cb
		}
		select {
		case <-c.callbacks.more:
		case <-enough.C:
			return nil
		case <-c.s.ctx.Done():
			return nil
		}
	}
}

const typePrefix = "Microsoft.Communication."

// name returns the types of the events without their prefix, with codes other than
// those of success.
func (cb *callback) name() string {
	names := make([]string, len(cb.events))
	for i, e := range cb.events {
		names[i] = strings.TrimPrefix(e.Type, typePrefix)
		if r := e.Data.ResultInformation; r != nil && (r.Code != done.Code || r.SubCode != done.SubCode) {
			names[i] += fmt.Sprintf(" %d/%d", r.Code, r.SubCode)
		}
	}
	return strings.Join(names, ", ")
}
