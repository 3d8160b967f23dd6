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

// stream carries the sound or the words of a call to a WebSocket of the
// application. Server.mu guards what changes. A nil stream is one that the
// application did not ask for.
type stream struct {
	call   *call
	id     string
	url    string
	audio  *mediaStreamingOptions // of sound
	words  *transcriptionOptions  // of words
	locale string

	begun  int                // how often it was started
	cancel context.CancelFunc // not nil while it runs
	active bool               // the WebSocket is open
	outbox chan any           // frames for the WebSocket
}

// What a stream's life is bounded by.
const (
	streamDial = 10 * time.Second
	// streamToken is how long the token of a WebSocket is good.
	//
	// Source: learn.microsoft.com, "How to secure webhook endpoint" (Call Automation).
	streamToken = 24 * time.Hour
	// streamBacklog is how many frames may wait for a slow application; more are lost.
	streamBacklog = 256
)

func (c *call) newStreaming(o *mediaStreamingOptions) *stream {
	return &stream{call: c, id: c.s.id("streaming", c.n, c.connections), url: o.TransportURL, audio: o}
}

func (c *call) newTranscription(o *transcriptionOptions) *stream {
	return &stream{call: c, id: c.s.id("transcription", c.n, c.connections), url: o.TransportURL, words: o, locale: o.Locale}
}

func (st *stream) running() bool { return st != nil && st.cancel != nil }

// subscription is how the call shows the stream.
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

// startStreams begins the streams that were to begin with the call.
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

// close ends the stream without a word to the application.
func (st *stream) close() {
	if !st.running() {
		return
	}
	st.cancel()
	st.cancel, st.active = nil, false
}

// failed is the end of a stream that went wrong, unless somebody ended it before.
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
		_ = connection.Close(websocket.StatusNormalClosure, "") // an application that has gone needs no farewell
	}
	_ = connection.CloseNow()
	<-gone
}

// opened tells the application that the stream has begun.
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

// pump writes frames, and for sound the frames of every 20 ms. It reports
// whether the connection broke.
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
		case <-ctx.Done(): // what waits is still for the application
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

// listen takes what the application sends, until the connection ends.
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

// send hands a frame to the WebSocket. The caller holds s.mu.
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

// name is the stream in the names of events and faults.
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
