package acssim

import (
	"regexp"
	"slices"
	"time"
	"unicode/utf8"
)

// media is what is played and recognized in a call: one operation at a time,
// the others wait in the order they came.
type media struct {
	running *mediaOp
	queue   []*mediaOp
}

// mediaOp is an operation that plays, recognizes or sends tones.
type mediaOp struct {
	context      string
	callbackURI  string
	targets      []*participant // of a recognition exactly one; none: everybody
	subLeg       bool           // for single legs of the call, see admits
	loop         bool
	length       time.Duration // of all that it plays
	unplayable   bool          // a file cannot be downloaded, failedSource says which
	failedSource int
	recognition  *recognition // nil: it only plays
	sent         []string     // tones for somebody's telephone; nil: it is no such operation
	sound        *sound       // what it plays now
	timer        *time.Timer  // of whatever it waits for now
}

func (o *mediaOp) listening() bool { return o.recognition != nil && o.recognition.listening }

// isFor reports whether it is played to a person, or asks them.
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

// cancelled is the event of an operation that is cancelled.
func (o *mediaOp) cancelled() string {
	if o.sent != nil {
		return o.name() + "Failed"
	}
	return o.name() + "Canceled"
}

// admits reports whether an operation may be added to what runs and waits: next
// to an operation for one leg there is room for one for the whole call only.
//
// Source: learn.microsoft.com, "Control mid-call media actions", compatibility table.
func (m *media) admits(op *mediaOp) bool {
	busy := m.running != nil && m.running.subLeg
	for _, waiting := range m.queue {
		busy = busy || waiting.subLeg
	}
	return !busy || !op.subLeg
}

// addMedia runs op, or lets it wait for its turn. With interrupt it takes the
// place of all others.
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

// nextMedia starts the first operation that waits if none runs.
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

// cancelMedia cancels what runs and what waits.
func (c *call) cancelMedia() {
	for _, op := range c.dropMedia(func(*mediaOp) bool { return true }) {
		c.emitTo(op.callbackURI, op.cancelled(),
			callbackData{OperationContext: op.context, ResultInformation: &mediaCancelled})
	}
	c.notifyPhones()
}

// cancelMediaOf cancels the operations for one person, who has left. That this
// counts as cancelled is an inference.
func (c *call) cancelMediaOf(p *participant) {
	for _, op := range c.dropMedia(func(op *mediaOp) bool { return len(op.targets) > 0 && op.isFor(p) }) {
		c.emitTo(op.callbackURI, op.cancelled(),
			callbackData{OperationContext: op.context, ResultInformation: &mediaCancelled})
	}
	c.nextMedia()
	c.notifyPhones()
}

// stopMedia ends all operations without a word, with the call.
func (c *call) stopMedia() { c.dropMedia(func(*mediaOp) bool { return true }) }

// dropMedia takes operations out, the running one first.
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

// How long prompts are. Reading aloud takes about a second for 15 characters.
const (
	charactersPerSecond = 15
	shortestPrompt      = 500 * time.Millisecond
	defaultFileLength   = 3 * time.Second
)

var markup = regexp.MustCompile(`<[^>]*>`)

func speechLength(text string) time.Duration {
	return max(shortestPrompt, time.Duration(utf8.RuneCountInString(text))*time.Second/charactersPerSecond)
}

// fileLength is negative for a file that cannot be downloaded.
func (s *Server) fileLength(url string) time.Duration {
	if d, ok := s.FileLengths[url]; ok {
		return d
	}
	return defaultFileLength
}
