package acssim

import (
	"slices"
	"time"
)

// transferTime is the time that the target of a transfer rings.
//
// Source: learn.microsoft.com, "Service limits" (Azure Communication Services).
const transferTime = 60 * time.Second

// transferring reports whether a participant is being transferred.
func (c *call) transferring() bool {
	for _, i := range c.invitations {
		if i.purpose == purposeTransfer {
			return true
		}
	}
	return false
}

// transferred connects the transferee with the target, who has answered. The
// application leaves a 1:1 call; out of a group the two move to a call of their own.
func (c *call) transferred(i *invitation) {
	who := i.transferee
	if !slices.Contains(c.people, who) {
		i.phone.off()
		c.emitTo(i.callbackURI, "CallTransferFailed", callbackData{OperationContext: i.context, ResultInformation: &hasLeft})
		return
	}
	transferee, to := identify(who.raw), identify(i.raw)
	c.emitTo(i.callbackURI, "CallTransferAccepted", callbackData{
		OperationContext: i.context, Transferee: &transferee, TransferTarget: &to, ResultInformation: &done,
	})
	if len(c.people) == 1 && !c.group {
		c.disconnectApplication(transferredAway)
		c.join(i.phone)
		return
	}
	apart := c.s.newCall(who.raw, i.raw)
	apart.targets, apart.teams = []string{i.raw}, c.teams
	apart.state, apart.connected, apart.appLeft = stateConnected, time.Now(), true
	who.moveTo(apart)
	i.phone.call = apart
	apart.join(i.phone)
	c.participantsUpdated()
}

// moveTo moves a person and their telephone to another call.
func (p *participant) moveTo(to *call) *participant {
	from := p.call
	from.remove(p)
	from.cancelMediaOf(p)
	if from.caller == p.phone {
		from.caller = nil
	}
	p.phone.call = to
	moved := to.join(p.phone)
	from.notifyPhones()
	return moved
}

// moveHere moves people from another call of the application to this one.
func (c *call) moveHere(from *call, raws []string, context, callbackURI string) {
	for _, raw := range raws {
		who := identify(raw)
		data := callbackData{OperationContext: context, Participant: &who, FromCall: from.connectionID, ResultInformation: &done}
		p := from.find(raw)
		if p == nil || c.state != stateConnected || from.state != stateConnected {
			data.ResultInformation = &hasLeft
			c.emitTo(callbackURI, "MoveParticipantFailed", data)
			continue
		}
		p.moveTo(c)
		c.emitTo(callbackURI, "MoveParticipantSucceeded", data)
		c.participantsUpdated()
		if len(from.people) == 0 && !from.group {
			from.end(movedAway)
			continue
		}
		from.afterLeaving()
	}
}
