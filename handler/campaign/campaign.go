// Package campaign decides whom to dial, when and from which line: campaigns,
// their contacts, and what is known of numbers and lines.
//
// The package is pure: no context, I/O, clock, randomness or logger. Each type is
// a row as it is stored; each method says what the row is after something has
// happened to it, and may be repeated: it knows its own work when it sees it.
// Remembering is for package store, dialling for package engine.
package campaign

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"switchboard/handler/flow"
)

// Schema is the version of the rows of this package as they are stored.
const Schema = 1

// ID names a campaign.
type ID string

// State is where a campaign is in its life.
type State string

// The states of a campaign, which follow each other in this order.
const (
	StateDraft   State = "draft"   // its contacts are being written down
	StateRunning State = "running" // they are dialled
	StateDone    State = "done"    // each of them has come to an end
)

// Campaign is one order to dial a list of contacts and take each who answers
// through a flow.
type Campaign struct {
	Schema int    `json:"schema"`
	ID     ID     `json:"id"`
	Name   string `json:"name"`
	State  State  `json:"state"`

	Flow     flow.Ref      `json:"flow"`  // pinned when the campaign was created
	Lines    []string      `json:"lines"` // raw ids, in the order to try
	Attempts int           `json:"attempts"`
	Ring     time.Duration `json:"ring"` // how long a contact's telephone rings

	Contacts int `json:"contacts"` // how many
	Shards   int `json:"shards"`   // over how many partitions they are spread

	Created  time.Time `json:"created"`
	Started  time.Time `json:"started,omitzero"`
	Finished time.Time `json:"finished,omitzero"`
}

// Columns makes State a column, to be asked by.
func (c Campaign) Columns() map[string]any { return map[string]any{"State": string(c.State)} }

// Start lets a campaign be dialled whose contacts are all written down.
func (c Campaign) Start(now time.Time) Campaign {
	if c.State == StateDraft {
		c.State, c.Started = StateRunning, now
	}
	return c
}

// Finish ends a running campaign of whose contacts so many have come to an end,
// if those are all.
func (c Campaign) Finish(over int, now time.Time) Campaign {
	if c.State == StateRunning && over >= c.Contacts {
		c.State, c.Finished = StateDone, now
	}
	return c
}

// perShard is how many contacts a partition is meant for: it takes some hundred
// writes a second, and few enough partitions are quickly asked for what is due.
const perShard = 500

// maxShards bounds the partitions of a campaign.
const maxShards = 16

// Shards is over how many partitions so many contacts are spread.
func Shards(contacts int) int { return min(max((contacts+perShard-1)/perShard, 1), maxShards) }

// ContactID names a contact within its campaign.
type ContactID string

// NewContactID derives the id of the contact with this number, so that a list
// that is sent twice is written down once.
func NewContactID(number string) ContactID {
	sum := sha256.Sum256([]byte(number))
	return ContactID(hex.EncodeToString(sum[:16]))
}

// Shard is the partition of a contact among so many.
func (id ContactID) Shard(shards int) int {
	sum := sha256.Sum256([]byte(id))
	return int(sum[0]) % shards
}
