package acssim

import (
	"maps"
	"slices"
	"strconv"
	"time"
)

// call is one call, with or without the application. Server.mu guards it.
type call struct {
	s  *Server
	n  int    // counts from 1
	id string // the simulator's own name for it: call-1

	connectionID  string // empty until the application creates or answers the call
	serverCallID  string
	correlationID string

	inbound     bool
	teams       bool   // of a Teams resource account, not of an ACS identity or number
	from, to    string // raw ids; to is the first target of an outbound call
	targets     []string
	displayName string
	callbackURI string
	context     string // operationContext of the create or answer request
	source      *phoneNumber
	speechReady bool // a cognitive services endpoint was named, so text can be spoken

	state       callState
	group       bool // it has had a third participant, or was created as a group
	appLeft     bool // the application hung up, the people talk on
	rejected    bool // by the application, before it was answered
	caller      *phone
	people      []*participant
	invitations map[string]*invitation // those that ring, by id
	invited     int                    // how many there have been
	sequence    int                    // of ParticipantsUpdated
	media       media
	recordings  []*recording
	ringing     *time.Timer // ends an offer, or an attempt to connect
	alone       *time.Timer // ends a call that nobody but the application is in
	lane        lane
	events      int            // how many callbacks there have been
	requests    map[string]int // requests seen by operation, see requestFault
	changed     chan struct{}  // closed and replaced when telephones have something to notice

	started, connected, ended time.Time
	ending                    *result
	presences                 []*Presence
}

type callState string

const (
	offered      callState = "ringing" // to the application
	connecting   callState = "connecting"
	connected    callState = "connected"
	disconnected callState = "disconnected"
)

const (
	// connectTime is what the network takes from answering to talking.
	connectTime = 150 * time.Millisecond
	// aloneFor is how long a group call lasts with nobody but the application
	// in it: the service's limit for coming back to a call, applied here by
	// inference.
	aloneFor = 120 * time.Second
)

// newCall registers a call. The caller holds s.mu.
func (s *Server) newCall(from, to string) *call {
	n := len(s.calls) + 1
	c := &call{
		s: s, n: n, id: "call-" + strconv.Itoa(n), from: from, to: to,
		correlationID: s.id("correlation", n),
		serverCallID:  opaque("conv/" + s.id("conversation", n)),
		invitations:   map[string]*invitation{},
		requests:      map[string]int{},
		changed:       make(chan struct{}),
		started:       time.Now(),
	}
	s.calls = append(s.calls, c)
	return c
}

// connect makes the call known to the application, which is called back at uri.
func (c *call) connect(uri, context string) {
	c.state = connecting
	c.connectionID = c.s.id("connection", c.n)
	c.callbackURI, c.context = uri, context
	c.s.connections[c.connectionID] = c
}

// establish starts the conversation: who is in it can hear and be heard.
func (c *call) establish() {
	c.s.stop(c.ringing)
	c.state, c.connected = connected, time.Now()
	c.emit("CallConnected", callbackData{OperationContext: c.context, ResultInformation: &done})
	c.s.note(c, "connected", "%d in the call", 1+len(c.people))
}

// abandon is the caller hanging up before the conversation began.
func (c *call) abandon() {
	if c.state == connecting {
		c.emit("AnswerFailed", callbackData{OperationContext: c.context, ResultInformation: &cancelled})
	}
	c.end(cancelled)
}

// fail ends an outbound call that nobody answered.
func (c *call) fail(why result) {
	c.emit("CreateCallFailed", callbackData{OperationContext: c.context, ResultInformation: &why})
	c.end(why)
}

// hangUp is the application leaving: a 1:1 call ends, in a group the others stay.
func (c *call) hangUp() {
	if !c.group || len(c.people) < 2 {
		c.terminate()
		return
	}
	c.dismiss()
	c.emit("CallDisconnected", callbackData{OperationContext: c.context, ResultInformation: &terminated})
	c.appLeft = true
	delete(c.s.connections, c.connectionID)
	c.s.note(c, "leave", "the application leaves")
}

// terminate is the application ending the call for everybody.
func (c *call) terminate() {
	if c.state == connecting && !c.inbound {
		c.fail(cancelled)
		return
	}
	c.end(terminated)
}

// dismiss ends what the application has going on in the call.
func (c *call) dismiss() {
	c.stopMedia()
	for _, r := range c.recordings {
		r.end()
	}
	for _, id := range slices.Sorted(maps.Keys(c.invitations)) {
		c.invitations[id].over()
	}
}

// end is the end for everybody. It may be repeated.
func (c *call) end(why result) {
	if c.state == disconnected {
		return
	}
	known := c.connectionID != "" && !c.appLeft
	c.dismiss()
	for _, p := range slices.Clone(c.people) {
		p.gone()
	}
	if c.caller != nil {
		c.caller.cancel()
	}
	c.s.stop(c.ringing)
	c.s.stop(c.alone)
	if known {
		c.emit("CallDisconnected", callbackData{OperationContext: c.context, ResultInformation: &why})
		delete(c.s.connections, c.connectionID)
	}
	c.state, c.ended, c.ending = disconnected, time.Now(), &why
	c.s.note(c, "ended", "%d/%d %s", why.Code, why.SubCode, why.Message)
}

// wake tells the telephones of the call to look again for what they wait for.
func (c *call) wake() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// Presence is the time that one person was in a call. Who comes back has another.
type Presence struct {
	RawID    string    `json:"rawId"`
	JoinedAt time.Time `json:"joinedAt"`
	LeftAt   time.Time `json:"leftAt,omitzero"`
}

// CallInfo tells of a call what no application is told.
type CallInfo struct {
	ID            string     `json:"id"`
	ConnectionID  string     `json:"callConnectionId,omitempty"`
	ServerCallID  string     `json:"serverCallId"`
	CorrelationID string     `json:"correlationId"`
	CallbackURI   string     `json:"-"`         // where its callbacks go once it is answered or created; it may hold a secret
	Direction     string     `json:"direction"` // inbound or outbound, as the application sees it
	From          string     `json:"from"`
	To            string     `json:"to"`
	State         string     `json:"state"` // ringing, connecting, connected or disconnected
	Group         bool       `json:"group"`
	StartedAt     time.Time  `json:"startedAt"`
	ConnectedAt   time.Time  `json:"connectedAt,omitzero"`
	EndedAt       time.Time  `json:"endedAt,omitzero"`
	Code          int        `json:"code,omitempty"` // of the end, with SubCode
	SubCode       int        `json:"subCode,omitempty"`
	Participants  []Presence `json:"participants"` // people, not the application, in the order they came
}

// Calls are all calls since the start, in the order they began.
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
