package acssim

import (
	"cmp"
	"errors"
	"fmt"
	"time"
)

// Conversation is people who talk without the application, which may connect to them.
type Conversation struct {
	GroupID string   `json:"groupId,omitempty"` // optional; excludes RoomID
	RoomID  string   `json:"roomId,omitempty"`  // optional; excludes GroupID
	People  []Person `json:"people"`
}

// Person is one of the people in a Conversation.
type Person struct {
	RawID  string `json:"rawId"`            // raw id, or a number in E.164
	Script string `json:"script,omitempty"` // as for a caller; empty: listens and stays
}

// StartConversation starts a call of people without the application and returns
// the simulator's id of it. CallInfo has the serverCallId to connect to. An error
// names the invalid person.
func (s *Server) StartConversation(conversation Conversation) (id string, err error) {
	if len(conversation.People) == 0 || conversation.GroupID != "" && conversation.RoomID != "" {
		return "", errors.New("want people, and at most one of groupId and roomId")
	}
	scripts := make([]Script, len(conversation.People))
	for i, person := range conversation.People {
		if scripts[i], err = ParseScript(person.Script); err == nil {
			err = scripts[i].checkCaller()
		}
		if err == nil && person.RawID == "" {
			err = errors.New("no rawId")
		}
		if err != nil {
			return "", fmt.Errorf("person %d: %w", i+1, err)
		}
	}
	s.Start()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return "", errors.New("the simulator is closed")
	}
	people := conversation.People
	c := s.newCall(rawID(people[0].RawID), rawID(people[len(people)-1].RawID))
	c.groupID, c.roomID = conversation.GroupID, conversation.RoomID
	c.group = len(people) > 2 || cmp.Or(c.groupID, c.roomID) != ""
	c.state, c.connected, c.appLeft = stateConnected, time.Now(), true
	for i, person := range people {
		c.targets = append(c.targets, rawID(person.RawID))
		c.join(c.pickUp(rawID(person.RawID), scripts[i], nil))
	}
	return c.id, nil
}

// enter connects the application to an ongoing conversation. With missing there is
// none, and the connection fails.
func (c *call) enter(callbackURI, context string, missing bool) {
	c.connections++
	c.connect(callbackURI, context)
	c.appLeft = false
	c.ringing = c.s.after(connectTime, func() {
		if missing {
			c.emit("ConnectFailed", callbackData{OperationContext: context, ResultInformation: &noSuchCall})
			c.appLeft = true // no other event follows
			c.end(noSuchCall)
			return
		}
		c.group = c.group || len(c.people) > 1
		c.establish()
		c.participantsUpdated()
		c.startAloneTimeout()
	})
}
