package acssim

import (
	"regexp"
	"slices"
	"time"
	"unicode/utf8"
)

// media are the media operations of a call. One runs at a time, the others wait in
// the order of their requests.
type media struct {
	running *mediaOp
	queue   []*mediaOp
}

// mediaOp is an operation that plays, recognizes or sends tones.
type mediaOp struct {
	context      string
	callbackURI  string
	targets      []*participant // none: all participants; a recognition has exactly one
	subLeg       bool           // it is for single legs of the call, see admits
	loop         bool
	length       time.Duration // of all its prompts
	unplayable   bool          // a file cannot be downloaded, see failedSource
	failedSource int           // index of the file that cannot be downloaded
	recognition  *recognition  // nil: no recognition
	sent         []string      // tones for a telephone; nil: sends none
	sound        *sound        // its sound now, or nil
	timer        *time.Timer   // ends its current phase
}

func (o *mediaOp) listening() bool { return o.recognition != nil && o.recognition.listening }

// isFor reports whether the operation addresses p.
func (o *mediaOp) isFor(p *participant) bool {
	return len(o.targets) == 0 || slices.Contains(o.targets, p)
}

func (o *mediaOp) name() string {
	switch {
	case o.recognition != nil:
		return "Recognize"
	case o.sent != nil:
		return "SendDtmfTones"
	}
	return "Play"
}

// cancelled returns the name of the event that reports a cancelled operation.
func (o *mediaOp) cancelled() string {
	if o.sent != nil {
		return o.name() + "Failed"
	}
	return o.name() + "Canceled"
}

// admits reports whether op may be added to the operations that run and wait. Next to
// an operation for single legs, only one for the whole call may be added.
//
// Source: learn.microsoft.com, "Control mid-call media actions", compatibility table.
func (m *media) admits(op *mediaOp) bool {
	busy := m.running != nil && m.running.subLeg
	for _, waiting := range m.queue {
		busy = busy || waiting.subLeg
	}
	return !busy || !op.subLeg
}

// addMedia runs op, or queues it. With interrupt it cancels all others first.
func (c *call) addMedia(op *mediaOp, interrupt bool) error {
	if interrupt {
		c.cancelMedia()
	}
	if !c.media.admits(op) {
		return refuse(412, codeIncompatibleMedia, "the operation does not go with those that run or wait")
	}
	c.media.queue = append(c.media.queue, op)
	c.nextMedia()
	return nil
}

// nextMedia starts the first waiting operation if none runs.
func (c *call) nextMedia() {
	if c.media.running != nil || len(c.media.queue) == 0 {
		return
	}
	op := c.media.queue[0]
	c.media.queue = c.media.queue[1:]
	c.media.running = op
	broken := c.mediaFault(op.name())
	switch {
	case broken:
		c.finishMedia(op, "Failed", callbackData{ResultInformation: &mediaBroken})
		return
	case op.unplayable:
		why := &fileNotFound
		if op.recognition != nil {
			why = &promptFailed
		}
		c.finishMedia(op, "Failed", callbackData{ResultInformation: why, FailedPlaySourceIndex: &op.failedSource})
		return
	case op.recognition != nil:
		c.s.note(c, "recognize", "asks %s, prompt of %v", masked(op.targets[0].raw), op.length)
		c.beginRecognition(op)
	case op.sent != nil:
		c.s.note(c, "tones", "sends %d tones to %s", len(op.sent), masked(op.targets[0].raw))
		op.timer = c.s.after(op.length, func() { c.finishMedia(op, "Completed", callbackData{ResultInformation: &done}) })
	default:
		op.sound = c.applicationSound()
		c.s.note(c, "play", "plays %v%s", op.length, map[bool]string{true: ", again and again"}[op.loop])
		c.emitTo(op.callbackURI, "PlayStarted", callbackData{OperationContext: op.context, ResultInformation: &done})
		if !op.loop {
			op.timer = c.s.after(op.length, func() {
				c.finishMedia(op, "Completed", callbackData{ResultInformation: &done})
			})
		}
	}
	c.notifyPhones()
}

// finishMedia ends the running operation with an event and starts the next.
func (c *call) finishMedia(op *mediaOp, how string, data callbackData) {
	c.s.stop(op.timer)
	op.sound.cut()
	c.media.running = nil
	data.OperationContext = op.context
	c.emitTo(op.callbackURI, op.name()+how, data)
	c.nextMedia()
	c.notifyPhones()
}

// cancelMedia cancels all operations.
func (c *call) cancelMedia() {
	for _, op := range c.dropMedia(func(*mediaOp) bool { return true }) {
		c.emitTo(op.callbackURI, op.cancelled(),
			callbackData{OperationContext: op.context, ResultInformation: &mediaCancelled})
	}
	c.notifyPhones()
}

// cancelMediaOf cancels the operations that address p, who has left. That they count
// as cancelled is an inference.
func (c *call) cancelMediaOf(p *participant) {
	for _, op := range c.dropMedia(func(op *mediaOp) bool { return len(op.targets) > 0 && op.isFor(p) }) {
		c.emitTo(op.callbackURI, op.cancelled(),
			callbackData{OperationContext: op.context, ResultInformation: &mediaCancelled})
	}
	c.nextMedia()
	c.notifyPhones()
}

// stopMedia ends all operations without an event, at the end of the call.
func (c *call) stopMedia() { c.dropMedia(func(*mediaOp) bool { return true }) }

// dropMedia removes the operations that which selects, and returns them, the running
// one first.
func (c *call) dropMedia(which func(*mediaOp) bool) []*mediaOp {
	var dropped, kept []*mediaOp
	if op := c.media.running; op != nil && which(op) {
		c.s.stop(op.timer)
		op.sound.cut()
		c.media.running = nil
		dropped = append(dropped, op)
	}
	for _, op := range c.media.queue {
		if which(op) {
			dropped = append(dropped, op)
		} else {
			kept = append(kept, op)
		}
	}
	c.media.queue = kept
	return dropped
}

// Lengths of prompts. Reading aloud takes about a second for 15 characters.
const (
	charactersPerSecond = 15
	shortestPrompt      = 500 * time.Millisecond
	defaultFileLength   = 3 * time.Second
)

var markup = regexp.MustCompile(`<[^>]*>`)

// speechLength returns the time that reading text aloud takes.
func speechLength(text string) time.Duration {
	return max(shortestPrompt, time.Duration(utf8.RuneCountInString(text))*time.Second/charactersPerSecond)
}

// fileLength returns the length of the prompt at url, negative if it cannot be
// downloaded.
func (s *Server) fileLength(url string) time.Duration {
	if d, ok := s.FileLengths[url]; ok {
		return d
	}
	return defaultFileLength
}
