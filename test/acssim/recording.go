package acssim

import (
	"encoding/base64"
	"time"
)

// recording is one recording of a call, from the request to its end.
type recording struct {
	call        *call
	id          string
	callbackURI string
	state       recordingState
	withCall    bool // the end of the call ended it
	paused      bool // pauseOnStart: it begins paused
	format      recordingFormat
	started     time.Time
	spans       []span // recorded times; the last one is open while the recording is active
	timer       *time.Timer
}

type recordingState string

const (
	recordingStarting recordingState = "starting" // requested by connection id; shown as inactive
	recordingActive   recordingState = "active"
	recordingInactive recordingState = "inactive" // paused
	recordingEnded    recordingState = "ended"
)

const (
	// recordingKind is the recordingKind of recordings by the resource, not by Teams.
	recordingKind = "azureCommunicationServices"
	// recordingStart is the time from a start by connection id to the change of
	// state. The service's own time is not published.
	recordingStart = 200 * time.Millisecond
)

// newRecording returns a recording of the call, which has not begun.
func (c *call) newRecording(callbackURI string, format recordingFormat) *recording {
	r := &recording{
		call: c, id: opaque("recording/" + c.s.id("recording", c.n, len(c.recordings))), callbackURI: callbackURI,
		state: recordingStarting, format: format,
	}
	c.recordings = append(c.recordings, r)
	c.s.recordings[r.id] = r
	return r
}

// ongoing reports whether the recording has not ended.
func (r *recording) ongoing() bool { return r.state != recordingEnded }

// beginLater begins the recording after recordingStart, as for a start by connection id.
func (r *recording) beginLater() { r.timer = r.call.s.after(recordingStart, r.begin) }

func (r *recording) begin() {
	if r.call.mediaFault("Recording") {
		r.fail(mediaBroken)
		return
	}
	r.started = time.Now()
	if r.paused {
		r.change(recordingInactive)
		return
	}
	r.change(recordingActive)
}

// change changes the state of the recording and reports it to the application.
func (r *recording) change(to recordingState) {
	now := time.Now()
	if r.state == recordingActive {
		r.spans[len(r.spans)-1].to = now
	}
	if to == recordingActive {
		r.spans = append(r.spans, span{from: now})
	}
	r.state = to
	shown := r.shown()
	r.call.s.note(r.call, "recording", "%s", to)
	r.emit("RecordingStateChanged", callbackData{
		RecordingID: r.id, State: shown, RecordingKind: recordingKind,
		StartDateTime: r.started.UTC().Format(callbackTime), ResultInformation: &done,
	})
}

// end ends the recording, or fails one that has not begun. It may be repeated.
func (r *recording) end() {
	if !r.ongoing() {
		return
	}
	starting := r.state == recordingStarting
	r.call.s.stop(r.timer)
	delete(r.call.s.recordings, r.id)
	if starting {
		r.fail(recordingTooLate)
		return
	}
	r.change(recordingEnded)
	r.file()
}

// fail ends a recording that has not begun.
func (r *recording) fail(why result) {
	delete(r.call.s.recordings, r.id)
	r.state = recordingEnded
	r.emit("StartRecordingFailed", callbackData{RecordingID: r.id, ResultInformation: &why})
}

func (r *recording) emit(event string, data callbackData) {
	if r.callbackURI != "" {
		r.call.emitTo(r.callbackURI, event, data)
	}
}

// shown returns the state that the application sees.
func (r *recording) shown() string {
	if r.state == recordingActive {
		return "active"
	}
	return "inactive"
}

// opaque returns an id in the form of the service's: base64, which may end in = and
// then has to be escaped in a path.
func opaque(content string) string { return base64.StdEncoding.EncodeToString([]byte(content)) }
