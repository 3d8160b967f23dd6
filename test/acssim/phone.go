package acssim

import (
	"context"
	"time"
)

// phone is one telephone in one call, from its first ring to the hang-up. A
// goroutine of its own runs its script, and changes the call only with the server's
// mutex held.
type phone struct {
	s      *Server
	call   *call // guarded by s.mu: a telephone can move to another call
	raw    string
	script Script
	ctx    context.Context
	cancel context.CancelFunc

	invitation *invitation  // nil for the caller
	line       *call        // call to one of the application's lines that rings instead of a telephone, or nil
	who        *participant // nil until it has joined the conversation
	prompted   *mediaOp     // recognition that the last `wait prompt` waited for
}

// defaultScript is the script of a callee without one.
var defaultScript = Script{[]step{{verb: verbRing, d: time.Second}, {verb: verbAnswer}}}

// scriptOf returns the script of a callee.
func (s *Server) scriptOf(raw string) Script {
	if script, ok := s.phones[raw]; ok {
		return script
	}
	if script := s.magic(raw).script; script.steps != nil {
		return script
	}
	return defaultScript
}

// SetPhone sets the telephone script of a person for all calls to them from now on.
// raw is a raw id or a number in E.164. An error names the invalid step.
func (s *Server) SetPhone(raw, script string) error {
	sc, err := ParseScript(script)
	if err != nil {
		return err
	}
	if err := sc.checkCallee(); err != nil {
		return err
	}
	s.Start()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.phones[rawID(raw)] = sc
	return nil
}

// pickUp starts the telephone of raw in a call. The caller holds s.mu.
func (c *call) pickUp(raw string, script Script, invitation *invitation) *phone {
	p := &phone{s: c.s, call: c, raw: raw, script: script, invitation: invitation}
	p.ctx, p.cancel = context.WithCancel(c.s.ctx)
	c.s.spawn(p.run)
	return p
}

// off stops the script of the telephone. If it is a line of the application, off also
// ends the call to that line. The caller holds s.mu.
func (p *phone) off() {
	p.cancel()
	if p.line != nil {
		p.line.end(hungUp)
	}
}

func (p *phone) run() {
	for _, st := range p.script.steps {
		if !p.do(st) {
			return
		}
	}
}

// do executes one step. It returns false when the call has ended for this telephone.
func (p *phone) do(st step) bool {
	switch st.verb {
	case verbRing, verbWait:
		return p.sleep(st.d)
	case verbTalk:
		p.locked(func() {
			p.note("talk", "talks for %v", st.d)
			if p.who != nil {
				p.call.voice(p.who, st.d)
			}
		})
		return p.sleep(st.d)
	case verbWaitFor:
		return p.waitFor(st.text)
	case verbPress:
		return p.press(st.text)
	case verbSay:
		p.locked(func() { p.call.speech(p, st.text) })
		return p.sleep(speechLength(st.text))
	case verbAnswer:
		return p.locked(p.invitation.answered)
	case verbBusy:
		return p.locked(func() { p.invitation.failed(outcomeBusy) })
	case verbDecline:
		return p.locked(func() { p.invitation.failed(outcomeDeclined) })
	case verbInvalidNumber:
		return p.locked(func() { p.invitation.failed(outcomeUnreachable) })
	case verbNoAnswer: // the invitation's timer ends it
		<-p.ctx.Done()
		return false
	case verbHangUp:
		return p.sleep(st.d) && p.locked(p.hangUp)
	}
	panic("acssim: unknown step: " + string(st.verb))
}

// sleep waits for d of simulated time. It returns false if the call ended for this
// telephone before.
func (p *phone) sleep(d time.Duration) bool { return sleep(p.ctx, p.s.real(d)) }

// locked runs f with s.mu held, unless the call has ended for this telephone. It
// returns false if the call has ended.
func (p *phone) locked(f func()) bool {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	if p.ctx.Err() != nil {
		return false
	}
	f()
	return p.ctx.Err() == nil
}

// waitFor waits for a cue. It returns false if the call ended before.
func (p *phone) waitFor(cue string) bool {
	for {
		var here bool
		var changed <-chan struct{}
		if !p.locked(func() { here, changed = p.perceives(cue), p.call.changed }) {
			return false
		}
		if here {
			return true
		}
		select {
		case <-changed:
		case <-p.ctx.Done():
			return false
		}
	}
}

// perceives reports whether the telephone perceives a cue now. A prompt is perceived
// once: the next wait is for the next prompt. The caller holds s.mu.
func (p *phone) perceives(cue string) bool {
	if p.who == nil {
		return false
	}
	switch cue {
	case cueAnswer:
		return true
	case cuePlay:
		return p.hearsPlay()
	case cueMusic:
		return p.hearsMusic()
	case cueSilence:
		return !p.hearsPlay() && !p.hearsMusic()
	}
	op := p.call.media.running
	isAsked := op != nil && op.recognition != nil && op.isFor(p.who) && op != p.prompted
	if !isAsked || cue == cuePrompt && !op.listening() {
		return false
	}
	p.prompted = op
	return true
}

// hearsPlay reports whether the application plays something to the telephone.
func (p *phone) hearsPlay() bool {
	op := p.call.media.running
	return op != nil && op.isFor(p.who) && !op.listening() && op.sent == nil
}

// hearsMusic reports whether the application plays in a loop, or the music of a hold, to the telephone.
func (p *phone) hearsMusic() bool {
	return p.hearsPlay() && p.call.media.running.loop || p.who.hold != nil && p.who.hold.music
}

// toneGap is the time from one key to the next.
const toneGap = 250 * time.Millisecond

func (p *phone) press(keys string) bool {
	for _, key := range keys {
		if !p.locked(func() { p.call.tone(p, key) }) || !p.sleep(toneGap) {
			return false
		}
	}
	return true
}

// hangUp hangs up in any state of the call. The caller holds s.mu.
func (p *phone) hangUp() {
	switch {
	case p.who != nil:
		p.note("hangup", "hangs up")
		p.call.leave(p.who)
	case p.invitation != nil:
		p.invitation.failed(outcomeDeclined)
	default:
		p.note("hangup", "gives up")
		p.call.abandon()
	}
}

func (p *phone) note(kind, format string, args ...any) {
	p.s.note(p.call, kind, "%s "+format, append([]any{masked(p.raw)}, args...)...)
}
