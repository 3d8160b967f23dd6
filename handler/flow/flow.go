// Package flow holds flows: the steps that a call is taken through, as data.
//
// A flow is a JSON document, {"name","start","nodes":{id:{"kind",…}}}. Parse reads one and
// reports every fault at once; Lint finds the faults of the graph. The package is pure: no I/O,
// no clock, no randomness. Package call decides what a node does to a call.
package flow

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"
)

// Flow is one parsed flow. It must not be changed after Parse.
type Flow struct {
	Name  string
	Start string // id of the first node
	Nodes map[string]Node
}

// Node is one step of a flow: *Play, *Menu, *Agent, *Record, *Talk, *Set, *OptOut or
// *Hangup.
type Node interface {
	// edges returns the edges to other nodes, in a fixed order.
	edges() []edge
	// check reports faults of the node's own members.
	check(report func(member, text string))
}

// edge leads from one node to another.
type edge struct {
	member string // JSON member that names the target, e.g. "next" or "keys.1"
	target string // node id
	choice bool   // taken only after a person has done something; a cycle through it is allowed
}

// Prompt is played to people. It has exactly one of Text and File.
type Prompt struct {
	Text  string `json:"text,omitempty"`  // is spoken
	Voice string `json:"voice,omitempty"` // name of a neural voice; empty: DefaultVoice
	File  string `json:"file,omitempty"`  // https URL of a WAV file: mono, 16 bit, 16 kHz
}

// DefaultVoice speaks a text that names no voice.
const DefaultVoice = "en-US-AvaMultilingualNeural"

// Spoken returns about how long it takes to speak the prompt's text slowly; zero for a file,
// whose length is not known.
func (p Prompt) Spoken() time.Duration {
	const bytesPerSecond = 10 // of a slow voice; others are 1.5 times as fast
	return time.Duration(len(p.Text)) * time.Second / bytesPerSecond
}

// Play plays a prompt to all participants of the call.
type Play struct {
	Prompt Prompt `json:"prompt"`
	Next   string `json:"next"`
	Failed string `json:"failed,omitempty"` // where to go if it cannot be played; empty: Next
}

// Menu plays a prompt to the remote party and continues at the node of the key that is pressed.
type Menu struct {
	Prompt  Prompt            `json:"prompt"`
	Keys    map[string]string `json:"keys"`              // node ids by key: "0".."9", "*", "#"
	Repeats int               `json:"repeats,omitempty"` // number of times that the prompt is repeated, 0 to 9
	Silence Duration          `json:"silence,omitempty"` // how long to wait for a key, 1 s to 5 min; 0: 5 s
	Nothing string            `json:"nothing"`           // where to go if none of the keys is pressed
}

// Agent invites agents one after another, until one of them joins the call.
type Agent struct {
	Agents     []string `json:"agents"`          // raw ids, in the order to try
	Music      *Prompt  `json:"music,omitempty"` // played to the remote party in a loop until an agent joins
	Ring       Duration `json:"ring,omitempty"`  // ring timeout of each agent, 5 s to 180 s; 0: 20 s
	Answered   string   `json:"answered"`
	Unanswered string   `json:"unanswered"`
}

// Record starts recording the call and continues at once: the people in the call do not wait for
// the recording, which may fail to start.
type Record struct {
	Channels string `json:"channels,omitempty"` // "mixed" (default) or "unmixed"
	Next     string `json:"next"`
}

// Talk lets the remote party and the agents talk, until the last agent has left the call.
type Talk struct {
	Next string `json:"next"`
}

// Set sets variables of the call. A campaign stores them with the contact.
type Set struct {
	Values map[string]string `json:"values"` // by name of the variable
	Next   string            `json:"next"`
}

// OptOut opts the remote party's number out of all campaigns, from now on. It does nothing if
// the number is not known.
type OptOut struct {
	Next string `json:"next"`
}

// Hangup ends the call for all participants.
type Hangup struct{}

// Duration is a time.Duration written as text in a document, e.g. "20s".
type Duration time.Duration

// MarshalJSON writes the duration as time.Duration prints it.
func (d Duration) MarshalJSON() ([]byte, error) {
	return json.Marshal(time.Duration(d).String())
}

// UnmarshalJSON reads a duration such as "20s" or "1m30s".
func (d *Duration) UnmarshalJSON(doc []byte) error {
	var text string
	if err := json.Unmarshal(doc, &text); err != nil {
		return errors.New(`is not a duration such as "20s"`)
	}
	v, err := time.ParseDuration(text)
	if err != nil {
		return errors.New(`is not a duration such as "20s"`)
	}
	*d = Duration(v)
	return nil
}

// Or returns d, or def if d is zero.
func (d Duration) Or(def time.Duration) time.Duration {
	if d == 0 {
		return def
	}
	return time.Duration(d)
}

// Version returns the version of a document: a hash of its content. A call pins it.
func Version(doc []byte) string {
	sum := sha256.Sum256(doc)
	return hex.EncodeToString(sum[:])
}

func (n *Play) edges() []edge {
	out := []edge{{member: "next", target: n.Next}}
	if n.Failed != "" {
		out = append(out, edge{member: "failed", target: n.Failed})
	}
	return out
}

func (n *Menu) edges() []edge {
	var out []edge
	for _, key := range telephoneKeys {
		if to, ok := n.Keys[key]; ok {
			out = append(out, edge{member: "keys." + key, target: to, choice: true})
		}
	}
	return append(out, edge{member: "nothing", target: n.Nothing})
}

func (n *Agent) edges() []edge {
	return []edge{{member: "answered", target: n.Answered, choice: true}, {member: "unanswered", target: n.Unanswered}}
}

func (n *Record) edges() []edge { return []edge{{member: "next", target: n.Next}} }

// edges returns an edge without a choice: with no agent in the call, talk ends at once.
func (n *Talk) edges() []edge   { return []edge{{member: "next", target: n.Next}} }
func (n *Set) edges() []edge    { return []edge{{member: "next", target: n.Next}} }
func (n *OptOut) edges() []edge { return []edge{{member: "next", target: n.Next}} }
func (n *Hangup) edges() []edge { return nil }

// telephoneKeys are the keys that a menu may have.
var telephoneKeys = []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "#"}
