package acssim

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"time"
)

// call is one call, with or without the application. Server.mu guards it.
type call struct {
	s  *Server
	n  int    // number of the call, from 1
	id string // simulator's id of the call, such as call-1

	connectionID  string // empty until the application creates or answers the call
	serverCallID  string
	conversation  string // id of the conversation, as recordings name it
	correlationID string

	inbound     bool
	teams       bool   // its line is a Teams resource account, not an ACS identity or number
	from, to    string // raw ids; to is the first target of an outbound call
	groupID     string // groupCallId that the application can connect to, or empty
	roomID      string // roomId that the application can connect to, or empty
	connections int    // number of times that the application has connected to it
	offerID     string // the id of the latest incomingCallContext
	offers      int    // number of offers so far
	targets     []string
	wanted      string // callee of an agent who calls on behalf of the line, or empty
	behalfForm  OnBehalfForm
	headers     customContext // custom headers of the caller
	displayName string
	callbackURI string
	context     string // operationContext of the create or answer request
	source      *phoneNumber
	speechReady bool // the call has a cognitive services endpoint, so text can be spoken

	state         callState
	group         bool // the call has had a third participant, or was created as a group
	appLeft       bool // the application has left, the people talk on
	rejected      bool // the application rejected the offer
	caller        *phone
	parent        *phone // stands for this leg in the parent call; nil: no leg, see ringApplicationLine
	people        []*participant
	invitations   map[string]*invitation // telephones that ring, by id of the invitation
	invited       int                    // number of invitations so far
	sequence      int                    // sequence number of the latest ParticipantsUpdated
	media         media
	sounds        sounds
	streaming     *stream // stream of the call's sound, or nil
	transcription *stream // stream of the call's words, or nil
	answeredBy    *communicationUser
	recordings    []*recording
	ringing       *time.Timer // ends an offer, or an attempt to connect
	alone         *time.Timer // ends a call that only the application is in
	callbacks     callbackQueue
	events        int            // number of callbacks so far
	requests      map[string]int // number of requests by operation, see requestFault
	changed       chan struct{}  // closed and replaced by notifyPhones

	started, rung, connected, ended time.Time
	ending                          *result
	presences                       []*Presence
}

type callState string

const (
	stateOffered      callState = "ringing" // to the application
	stateConnecting   callState = "connecting"
	stateConnected    callState = "connected"
	stateDisconnected callState = "disconnected"
)

const (
	// connectTime is the time that the network takes from the answer to the conversation.
	connectTime = 150 * time.Millisecond
	// aloneTimeout ends a group call that only the application is in. It is the
	// service's limit for rejoining a call; that it applies here is an inference.
	aloneTimeout = 120 * time.Second
)

// newCall registers a call. The caller holds s.mu.
func (s *Server) newCall(from, to string) *call {
	s.begun++
	n := s.begun
	conversation := s.id("conversation", n)
	c := &call{
		s: s, n: n, id: "call-" + strconv.Itoa(n), from: from, to: to,
		correlationID: s.id("correlation", n),
		serverCallID:  opaque("conv/" + conversation),
		conversation:  conversation,
		invitations:   map[string]*invitation{},
		requests:      map[string]int{},
		changed:       make(chan struct{}),
		started:       time.Now(),
	}
	s.calls = append(s.calls, c)
	s.ongoing[c] = struct{}{}
	return c
}

// connect gives the call a connection of the application, with callbacks to uri.
func (c *call) connect(uri, context string) {
	c.state = stateConnecting
	c.connectionID = c.s.id("connection", c.n, c.connections)
	c.callbackURI, c.context = uri, context
	c.s.connections[c.connectionID] = c
}

// establish starts the conversation and reports CallConnected.
func (c *call) establish() {
	c.s.stop(c.ringing)
	c.state, c.connected = stateConnected, time.Now()
	c.emit("CallConnected", callbackData{OperationContext: c.context, ResultInformation: &done})
	c.startStreams()
	c.s.note(c, "connected", "%d in the call", 1+len(c.people))
}

// abandon ends a call whose caller hung up before the conversation began.
func (c *call) abandon() {
	if c.state == stateConnecting {
		c.emit("AnswerFailed", callbackData{OperationContext: c.context, ResultInformation: &cancelled})
	}
	c.end(cancelled)
}

// fail ends an outbound call that was not answered.
func (c *call) fail(why result) {
	c.emit("CreateCallFailed", callbackData{OperationContext: c.context, ResultInformation: &why})
	c.end(why)
}

// hangUp lets the application leave: a 1:1 call ends, in a group the others stay.
func (c *call) hangUp() {
	if !c.group || len(c.people) < 2 {
		c.terminate()
		return
	}
	c.disconnectApplication(terminated)
}

// disconnectApplication disconnects the application from people who go on talking.
func (c *call) disconnectApplication(why result) {
	c.endOperations()
	c.emit("CallDisconnected", callbackData{OperationContext: c.context, ResultInformation: &why})
	c.appLeft = true
	delete(c.s.connections, c.connectionID)
	c.s.note(c, "leave", "the application leaves")
}

// connectionState returns the state that the application sees.
func (c *call) connectionState() string {
	if c.state == stateConnected && c.transferring() {
		return "transferring"
	}
	return string(c.state)
}

// terminate ends the call for all participants at the application's request.
func (c *call) terminate() {
	if c.state == stateConnecting && !c.inbound {
		c.fail(cancelled)
		return
	}
	c.end(terminated)
}

// endOperations ends the application's media operations, streams, recordings and
// invitations in the call.
func (c *call) endOperations() {
	c.stopMedia()
	for _, p := range c.people {
		p.tones = nil
	}
	c.streaming.close()
	c.transcription.close()
	for _, r := range c.recordings {
		r.end()
	}
	for _, id := range slices.Sorted(maps.Keys(c.invitations)) {
		c.invitations[id].stopRinging()
	}
}

// end ends the call for all participants. It may be repeated.
func (c *call) end(why result) {
	if c.state == stateDisconnected {
		return
	}
	known := c.connectionID != "" && !c.appLeft
	for _, r := range c.recordings {
		r.withCall = r.ongoing()
	}
	c.endOperations()
	c.state, c.ended, c.ending = stateDisconnected, time.Now(), &why
	for _, p := range slices.Clone(c.people) {
		p.removeFromCall()
	}
	if c.caller != nil {
		c.caller.cancel()
	}
	c.sounds = nil
	c.s.stop(c.ringing)
	c.s.stop(c.alone)
	if known {
		c.emit("CallDisconnected", callbackData{OperationContext: c.context, ResultInformation: &why})
		c.appLeft = true // no event follows
		delete(c.s.connections, c.connectionID)
	}
	c.s.note(c, "ended", "%d/%d %s", why.Code, why.SubCode, why.Message)
	c.s.forget(c)
	c.endParentLeg(why)
}

const defaultKeep = 10_000

// forget drops the oldest ended calls above Keep, after c has ended.
func (s *Server) forget(c *call) {
	delete(s.ongoing, c)
	s.ended = append(s.ended, c)
	for len(s.ended) > cmp.Or(s.Keep, defaultKeep) {
		old := s.ended[0]
		s.ended = s.ended[1:]
		at, _ := slices.BinarySearchFunc(s.calls, old.n, func(c *call, n int) int { return cmp.Compare(c.n, n) })
		s.calls = slices.Delete(s.calls, at, at+1)
	}
}

// callOfNumber returns the n-th call since the start, or nil if it is forgotten.
func (s *Server) callOfNumber(n int) *call {
	at, found := slices.BinarySearchFunc(s.calls, n, func(c *call, n int) int { return cmp.Compare(c.n, n) })
	if !found {
		return nil
	}
	return s.calls[at]
}

// notifyPhones makes the telephones of the call check again for their cues.
func (c *call) notifyPhones() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// Presence is the time that one person was in a call. A person who comes back has
// another one.
type Presence struct {
	RawID    string    `json:"rawId"`
	JoinedAt time.Time `json:"joinedAt"`
	LeftAt   time.Time `json:"leftAt,omitzero"`
}

// CallInfo describes a call for tests and people, beyond what the application sees.
type CallInfo struct {
	ID            string     `json:"id"`
	ConnectionID  string     `json:"callConnectionId,omitempty"`
	ServerCallID  string     `json:"serverCallId"`
	CorrelationID string     `json:"correlationId"`
	CallbackURI   string     `json:"-"`         // of the answer or create request; it may hold a secret
	Direction     string     `json:"direction"` // inbound or outbound, as the application sees it
	From          string     `json:"from"`
	To            string     `json:"to"`
	State         string     `json:"state"` // ringing, connecting, connected or disconnected
	Group         bool       `json:"group"`
	StartedAt     time.Time  `json:"startedAt"`
	ConnectedAt   time.Time  `json:"connectedAt,omitzero"`
	EndedAt       time.Time  `json:"endedAt,omitzero"`
	Code          int        `json:"code,omitempty"` // code of the call's end
	SubCode       int        `json:"subCode,omitempty"`
	Participants  []Presence `json:"participants"` // without the application, in the order they joined
}

// Calls returns the calls since the start, in the order they began. Of ended calls
// it has the latest, see Keep.
func (s *Server) Calls() []CallInfo {
	s.Start()
	s.mu.Lock()
	defer s.mu.Unlock()
	infos := make([]CallInfo, len(s.calls))
	for i, c := range s.calls {
		infos[i] = c.info()
	}
	return infos
}

func (c *call) info() CallInfo {
	info := CallInfo{
		ID: c.id, ConnectionID: c.connectionID, ServerCallID: c.serverCallID, CorrelationID: c.correlationID, CallbackURI: c.callbackURI,
		Direction: "outbound", From: c.from, To: c.to, State: string(c.state), Group: c.group,
		StartedAt: c.started, ConnectedAt: c.connected, EndedAt: c.ended, Participants: []Presence{},
	}
	if c.inbound {
		info.Direction = "inbound"
	}
	if c.ending != nil {
		info.Code, info.SubCode = c.ending.Code, c.ending.SubCode
	}
	for _, p := range c.presences {
		info.Participants = append(info.Participants, *p)
	}
	return info
}
