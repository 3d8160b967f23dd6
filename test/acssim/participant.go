package acssim

import (
	"maps"
	"slices"
	"time"
)

// participant is a person in a conversation.
type participant struct {
	call     *call
	raw      string
	phone    *phone
	presence *Presence
	muted    bool
	hold     *hold             // nil: not on hold
	tones    *toneSubscription // nil: no continuous recognition
}

// callParticipant is a participant in the REST API and in ParticipantsUpdated.
//
// Source: CallParticipant, communicationservicescallautomation.json, stable/2026-03-12.
type callParticipant struct {
	Identifier identifier `json:"identifier"`
	IsMuted    bool       `json:"isMuted"`
	IsOnHold   bool       `json:"isOnHold"`
}

// join adds the person at a telephone to the conversation.
func (c *call) join(p *phone) *participant {
	who := &participant{call: c, raw: p.raw, phone: p, presence: &Presence{RawID: p.raw, JoinedAt: time.Now()}}
	p.who = who
	c.people = append(c.people, who)
	c.presences = append(c.presences, who.presence)
	if len(c.people) >= 2 && !c.appLeft {
		c.group = true
	}
	c.s.stop(c.alone)
	p.note("join", "is in the call")
	c.notifyPhones()
	return who
}

// removeFromCall removes p and its telephone from the conversation. The call goes on.
func (p *participant) removeFromCall() {
	p.call.remove(p)
	p.phone.off()
}

func (c *call) remove(p *participant) {
	c.people = slices.DeleteFunc(c.people, func(q *participant) bool { return q == p })
	p.presence.LeftAt = time.Now()
	c.endSoundsOf(p.raw)
}

// leave removes a person who leaves: a 1:1 call ends, in a group the others stay.
func (c *call) leave(p *participant) {
	if c.group && (len(c.people) > 1 || !c.appLeft) {
		p.removeFromCall()
		p.phone.note("leave", "has left")
		c.cancelMediaOf(p)
		if c.appLeft && len(c.people) < 2 {
			c.end(hungUp)
			return
		}
		if p.tones != nil {
			c.emitTo(p.tones.callbackURI, "ContinuousDtmfRecognitionToneFailed",
				callbackData{OperationContext: p.tones.context, ResultInformation: &hasLeft})
		}
		c.afterLeaving()
		return
	}
	c.end(hungUp)
}

// afterLeaving handles the consequences for a group that a person has left.
func (c *call) afterLeaving() {
	for _, id := range slices.Sorted(maps.Keys(c.invitations)) {
		if i := c.invitations[id]; i != nil && i.transferee != nil && !slices.Contains(c.people, i.transferee) {
			i.ended(hasLeft)
		}
	}
	c.participantsUpdated()
	c.startAloneTimeout()
}

// startAloneTimeout ends the call after aloneTimeout if only the application is in it.
func (c *call) startAloneTimeout() {
	if len(c.people) == 0 && c.state == stateConnected {
		c.alone = c.s.after(aloneTimeout, func() { c.end(aloneTooLong) })
	}
}

// find returns the participant with a raw id, or nil.
func (c *call) find(raw string) *participant {
	for _, p := range c.people {
		if p.raw == raw {
			return p
		}
	}
	return nil
}

// listed returns the participants that the application sees.
func (c *call) listed() []callParticipant {
	list := []callParticipant{}
	if c.s.ListApplication {
		list = append(list, callParticipant{Identifier: identify(c.application())})
	}
	for _, p := range c.people {
		list = append(list, callParticipant{identify(p.raw), p.muted, p.hold != nil})
	}
	return list
}

// application returns the application's own raw id in the call.
func (c *call) application() string {
	switch {
	case c.inbound && c.teams:
		return c.to
	case c.teams:
		return c.from
	}
	return "8:acs:" + c.s.resourceID() + "_" + c.s.id("application")
}

func (c *call) participantsUpdated() {
	if c.state != stateConnected {
		return
	}
	c.sequence++
	c.emit("ParticipantsUpdated", callbackData{SequenceNumber: c.sequence, Participants: c.listed(), ResultInformation: &done})
}
