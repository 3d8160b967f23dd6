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
	withCall    bool // it ended because the call did
	paused      bool // by pauseOnStart, before it began
	format      recordingFormat
	started     time.Time
	spans       []span // that were recorded; the last one is open while the recording is active
	timer       *time.Timer
}

type recordingState string

const (
	recordingStarting recordingState = "starting" // asked for by connection id; inactive to the application
	recordingActive   recordingState = "active"
	recordingInactive recordingState = "inactive" // paused
	recordingEnded    recordingState = "ended"
)

const (
	// recordingKind says who records: the resource, not Teams.
	recordingKind = "azureCommunicationServices"
	// recordingStart is what a start by connection id takes until the state
	// changes. The service's own time is not published.
	recordingStart = 200 * time.Millisecond
)

// record begins a recording: at once, or as a start by connection id does it.
func (c *call) record(callbackURI string, format recordingFormat, paused, later bool) *recording {
	r := &recording{
		call: c, id: opaque("recording/" + c.s.id("recording", c.n, len(c.recordings))), callbackURI: callbackURI,
		state: recordingStarting, paused: paused, format: format,
	}
	c.recordings = append(c.recordings, r)
	c.s.recordings[r.id] = r
	if later {
		r.timer = c.s.after(recordingStart, r.begin)
	} else {
		r.begin()
	}
	return r
}

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

// change moves the recording to a state and tells the application.
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

// end finishes the recording for good, or fails one that has not begun. It may
// be repeated.
func (r *recording) end() {
	if r.state == recordingEnded {
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

// fail is the end of a recording that has not begun.
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

// shown is the state that the application sees.
func (r *recording) shown() string {
	if r.state == recordingActive {
		return "active"
	}
	return "inactive"
}

// opaque makes an id look like the service's: base64, which ends in = now and
// then and has to be escaped in a path.
func opaque(content string) string { return base64.StdEncoding.EncodeToString([]byte(content)) }
