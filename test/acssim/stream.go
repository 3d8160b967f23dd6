package acssim

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

// stream sends the sound or the words of a call to a WebSocket of the application.
// Server.mu guards its state. It is nil if the application did not request one.
type stream struct {
	call   *call
	id     string
	url    string
	audio  *mediaStreamingOptions // nil: a stream of words
	words  *transcriptionOptions  // nil: a stream of sound
	locale string

	begun  int                // number of starts
	cancel context.CancelFunc // ends the running stream; nil: it does not run
	active bool               // the WebSocket is open
	outbox chan any           // frames for the WebSocket
}

// Limits of a stream.
const (
	// streamDial is the longest time that connecting may take.
	streamDial = 10 * time.Second
	// streamToken is the validity of the token of a WebSocket.
	//
	// Source: learn.microsoft.com, "How to secure webhook endpoint" (Call Automation).
	streamToken = 24 * time.Hour
	// streamBacklog is the most frames that wait for a slow application; more are lost.
	streamBacklog = 256
)

func (c *call) newStreaming(o *mediaStreamingOptions) *stream {
	return &stream{call: c, id: c.s.id("streaming", c.n, c.connections), url: o.TransportURL, audio: o}
}

func (c *call) newTranscription(o *transcriptionOptions) *stream {
	return &stream{call: c, id: c.s.id("transcription", c.n, c.connections), url: o.TransportURL, words: o, locale: o.Locale}
}

func (st *stream) running() bool { return st != nil && st.cancel != nil }

// subscription returns the stream for the REST API.
func (st *stream) subscription() *subscriptionState {
	if st == nil {
		return nil
	}
	state := &subscriptionState{ID: st.id, State: "inactive", Locale: st.locale}
	if st.active {
		state.State = "active"
	}
	if st.audio != nil {
		state.SubscribedContentTypes = []string{"audio"}
		return state
	}
	state.SubscribedResultTypes = []string{"final"}
	if st.words.EnableIntermediateResults {
		state.SubscribedResultTypes = append(state.SubscribedResultTypes, "intermediate")
	}
	return state
}

// startStreams starts the streams that begin with the call.
func (c *call) startStreams() {
	if c.streaming != nil && c.streaming.audio.StartMediaStreaming {
		c.streaming.start(operationOptions{c.context, c.callbackURI})
	}
	if c.transcription != nil && c.transcription.words.StartTranscription {
		c.transcription.start(operationOptions{c.context, c.callbackURI})
	}
}

func (st *stream) start(o operationOptions) {
	s := st.call.s
	st.begun++
	ctx, cancel := context.WithCancel(s.ctx)
	st.cancel = cancel
	st.outbox = make(chan any, streamBacklog)
	outbox := st.outbox
	s.spawn(func() { st.run(ctx, outbox, o) })
}

// close ends the stream without an event.
func (st *stream) close() {
	if !st.running() {
		return
	}
	st.cancel()
	st.cancel, st.active = nil, false
}

// failed ends a broken stream and reports it, unless the stream has ended before.
func (st *stream) failed(ctx context.Context, o operationOptions, details string, why result) {
	s := st.call.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Err() == nil {
		st.close()
		st.report(o, "Failed", details, why)
	}
}

// run connects to the application and sends frames until the stream ends.
func (st *stream) run(ctx context.Context, outbox <-chan any, o operationOptions) {
	s := st.call.s
	s.mu.Lock()
	broken := st.call.mediaFault(st.name())
	s.mu.Unlock()
	connection, err := st.dial(ctx)
	if err != nil || broken {
		if err == nil {
			_ = connection.CloseNow()
		}
		st.failed(ctx, o, "streamConnectionUnsuccessful", streamUnreachable)
		return
	}
	connection.SetReadLimit(maxBody)
	if !st.opened(ctx, o) {
		_ = connection.CloseNow()
		return
	}
	gone := make(chan struct{})
	s.wg.Go(func() { defer close(gone); st.listen(connection) }) // while this goroutine is waited for, another may be added
	if st.pump(ctx, connection, outbox, gone) {
		st.failed(ctx, o, "streamConnectionInterrupted", streamInterrupted)
	}
	if s.ctx.Err() == nil {
		_ = connection.Close(websocket.StatusNormalClosure, "") // the application may have closed it already
	}
	_ = connection.CloseNow()
	<-gone
}

// opened reports to the application that the stream has begun. It returns false if the
// stream has ended before.
func (st *stream) opened(ctx context.Context, o operationOptions) bool {
	s := st.call.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Err() != nil {
		return false
	}
	st.active = true
	st.report(o, "Started", "subscriptionStarted", done)
	st.send(st.metadata())
	return true
}

func (st *stream) dial(ctx context.Context) (*websocket.Conn, error) {
	s := st.call.s
	token, err := s.sign(time.Now(), streamToken)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, streamDial)
	defer cancel()
	connection, _, err := websocket.Dial(ctx, st.url, &websocket.DialOptions{HTTPClient: s.client, HTTPHeader: http.Header{
		"Authorization":            {"Bearer " + token},
		"X-Ms-Call-Connection-Id":  {st.call.connectionID},
		"X-Ms-Call-Correlation-Id": {st.call.correlationID},
	}})
	return connection, err
}

// pump writes the frames of the outbox, and for sound those of every 20 ms. It returns
// true if the connection broke.
func (st *stream) pump(ctx context.Context, connection *websocket.Conn, outbox <-chan any, gone <-chan struct{}) bool {
	var every <-chan time.Time
	if st.audio != nil {
		ticker := time.NewTicker(max(st.call.s.real(frameTime), time.Millisecond))
		defer ticker.Stop()
		every = ticker.C
	}
	for {
		var frames []any
		select {
		case <-ctx.Done(): // the application still receives waiting frames
			for len(outbox) > 0 && st.write(connection, <-outbox) {
			}
			return false
		case <-gone:
			return true
		case frame := <-outbox:
			frames = []any{frame}
		case <-every:
			frames = st.audioFrames()
		}
		for _, frame := range frames {
			if !st.write(connection, frame) {
				return ctx.Err() == nil
			}
		}
	}
}

func (st *stream) write(connection *websocket.Conn, frame any) bool {
	ctx, cancel := context.WithTimeout(st.call.s.ctx, answerTime)
	defer cancel()
	return wsjson.Write(ctx, connection, frame) == nil
}

// listen handles frames from the application until the connection ends.
func (st *stream) listen(connection *websocket.Conn) {
	s := st.call.s
	for {
		_, content, err := connection.Read(s.ctx)
		if err != nil {
			return
		}
		var frame struct {
			Kind      string
			AudioData struct{ Data []byte }
		}
		err = json.Unmarshal(content, &frame)
		s.mu.Lock()
		switch {
		case err != nil || st.audio == nil || !st.audio.EnableBidirectional:
			s.note(st.call, "stream", "a frame of the application's makes no sense")
		case strings.EqualFold(frame.Kind, "audioData"):
			n := st.call.applicationSound()
			n.to = n.from.Add(s.real(time.Duration(len(frame.AudioData.Data)/sampleBytes) * time.Second / time.Duration(st.rate())))
		case strings.EqualFold(frame.Kind, "stopAudio"):
			st.call.endSoundsOf("")
			s.note(st.call, "stream", "the application stops its sound")
		default:
			s.note(st.call, "stream", "a frame of the application's is of kind %q", frame.Kind)
		}
		s.mu.Unlock()
	}
}

// send puts a frame into the outbox. The caller holds s.mu.
func (st *stream) send(frame any) {
	if st == nil || !st.active {
		return
	}
	select {
	case st.outbox <- frame:
	default:
		st.call.s.note(st.call, "stream", "the application is slow, a frame is lost")
	}
}

// name returns the name of the stream in events and faults.
func (st *stream) name() string {
	if st.audio != nil {
		return "MediaStreaming"
	}
	return "Transcription"
}

// report sends an event about the stream.
func (st *stream) report(o operationOptions, how, details string, r result) {
	data := callbackData{OperationContext: o.OperationContext, ResultInformation: &r}
	if st.audio != nil {
		data.MediaStreamingUpdate = &mediaStreamingUpdate{"audio", "mediaStreaming" + how, details}
	} else {
		data.TranscriptionUpdate = &transcriptionUpdate{"transcription" + how, details}
	}
	st.call.emitTo(o.OperationCallbackURI, st.name()+how, data)
}

// Source: TranscriptionUpdate and MediaStreamingUpdate,
// communicationservicescallautomation.json, stable/2026-03-12.
type (
	transcriptionUpdate struct {
		Status  string `json:"transcriptionStatus"`
		Details string `json:"transcriptionStatusDetails"`
	}
	mediaStreamingUpdate struct {
		ContentType string `json:"contentType"`
		Status      string `json:"mediaStreamingStatus"`
		Details     string `json:"mediaStreamingStatusDetails"`
	}
)
