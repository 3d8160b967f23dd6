// Package flow holds flows: the steps that a call is taken through, as data.
//
// A flow is a JSON document, {"name","start","nodes":{id:{"kind",…}}}. Parse
// reads one and reports every fault at once; Lint says what is wrong with the
// graph. The package is pure: no I/O, no clock, no randomness. What a node does
// to a call is decided in package call.
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
	// edges are the ways out, in a fixed order.
	edges() []edge
	// check reports faults of the node's own members.
	check(report func(member, text string))
}

// edge is a way from one node to another.
type edge struct {
	member string // JSON member that names the target, e.g. "next" or "keys.1"
	target string // node id
	choice bool   // taken only when a person does something, so a cycle through it is bounded
}

// Prompt is what is played to people: exactly one of Text and File.
type Prompt struct {
	Text  string `json:"text,omitempty"`  // to be spoken
	Voice string `json:"voice,omitempty"` // name of a neural voice; empty: DefaultVoice
	File  string `json:"file,omitempty"`  // https URL of a WAV file: mono, 16 bit, 16 kHz
}

// DefaultVoice speaks a text that names none.
const DefaultVoice = "en-US-AvaMultilingualNeural"

// Spoken is about how long the prompt's text takes to speak, slowly; zero for a
// file, whose length is not known.
func (p Prompt) Spoken() time.Duration {
	const bytesPerSecond = 10 // of a voice that takes its time; others speak half as fast again
	return time.Duration(len(p.Text)) * time.Second / bytesPerSecond
}

// Play plays a prompt to everybody in the call.
type Play struct {
	Prompt Prompt `json:"prompt"`
	Next   string `json:"next"`
	Failed string `json:"failed,omitempty"` // where to go if it cannot be played; empty: Next
}

// Menu plays a prompt to the person who called, or was called, and goes where the
// pressed key leads.
type Menu struct {
	Prompt  Prompt            `json:"prompt"`
	Keys    map[string]string `json:"keys"`              // "0".."9", "*", "#" to node id
	Repeats int               `json:"repeats,omitempty"` // how often it is asked again, 0 to 9
	Silence Duration          `json:"silence,omitempty"` // how long to wait for a key, 1 s to 5 min; 0: 5 s
	Nothing string            `json:"nothing"`           // where to go when no usable key was pressed
}

// Agent invites agents one after another, until one of them joins the call.
type Agent struct {
	Agents     []string `json:"agents"`          // raw ids, in the order to try
	Music      *Prompt  `json:"music,omitempty"` // what the caller hears meanwhile, again and again
	Ring       Duration `json:"ring,omitempty"`  // how long each one's telephone rings, 5 s to 180 s; 0: 20 s
	Answered   string   `json:"answered"`
	Unanswered string   `json:"unanswered"`
}

// Record starts recording the call and goes on at once; whether a recording
// came of it does not hold up the people in the call.
type Record struct {
	Channels string `json:"channels,omitempty"` // "mixed" (default) or "unmixed"
	Next     string `json:"next"`
}

// Talk leaves the people in the call to themselves, until the last agent has left it.
type Talk struct {
	Next string `json:"next"`
}

// Set gives values to variables of the call, which a campaign keeps with its contact.
type Set struct {
	Values map[string]string `json:"values"` // by the variable's name
	Next   string            `json:"next"`
}

// OptOut writes down that the person on the telephone does not want to be called
// any more: by any campaign, from now on. Without a number it does nothing.
type OptOut struct {
	Next string `json:"next"`
}

// Hangup ends the call for everybody.
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

// Version names a document by its content: the hash that a call pins.
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
	for _, key := range keys {
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

// Where no agent is, talk is over at once: nobody's choice.
func (n *Talk) edges() []edge   { return []edge{{member: "next", target: n.Next}} }
func (n *Set) edges() []edge    { return []edge{{member: "next", target: n.Next}} }
func (n *OptOut) edges() []edge { return []edge{{member: "next", target: n.Next}} }
func (n *Hangup) edges() []edge { return nil }

// keys are the keys of a telephone that a menu may offer.
var keys = []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "#"}
