// Package campaign decides whom to dial, when and from which line. It holds campaigns, their
// contacts and attempts, and the rows of telephone numbers and lines.
//
// The package is pure: no context, I/O, clock, randomness or logger. Each type is a row as it
// is stored. Each method returns the row after one change and may be repeated: a change that is
// made already changes nothing. Package store reads and writes the rows; the dialler dials.
package campaign

import (
	"time"

	"switchboard/handler/digest"
	"switchboard/handler/flow"
)

// Schema is the version of the rows of this package as they are stored.
const Schema = 1

// ID identifies a campaign.
type ID string

// State is the state of a campaign.
type State string

// The states of a campaign, in the order in which it goes through them.
const (
	StateDraft   State = "draft"   // its contacts are being stored
	StateRunning State = "running" // its contacts are dialled
	StateDone    State = "done"    // all its contacts have ended
)

// Campaign dials a list of contacts and takes the call of each one who answers through a
// flow.
type Campaign struct {
	Schema int    `json:"schema"`
	ID     ID     `json:"id"`
	Name   string `json:"name"`
	State  State  `json:"state"`

	Flow     flow.Ref      `json:"flow"`     // version that was current when the campaign was created
	Lines    []string      `json:"lines"`    // raw ids of the lines to dial from, in the order to try
	Attempts int           `json:"attempts"` // budget of each contact
	Ring     time.Duration `json:"ring"`     // ring timeout of each attempt

	Contacts int `json:"contacts"` // number of contacts
	Shards   int `json:"shards"`   // number of partitions that the contacts are spread over

	Created  time.Time `json:"created"`
	Started  time.Time `json:"started,omitzero"`
	Finished time.Time `json:"finished,omitzero"`
}

// Columns returns State as a column of its own, so that rows can be selected by it.
func (c Campaign) Columns() map[string]any { return map[string]any{"State": string(c.State)} }

// Start returns c as running, from now on. It changes nothing unless c is a draft. All
// contacts must be stored.
func (c Campaign) Start(now time.Time) Campaign {
	if c.State == StateDraft {
		c.State, c.Started = StateRunning, now
	}
	return c
}

// Finish returns c as done, as of now, if c is running and ended, the number of its contacts
// that have ended, is the number of all its contacts.
func (c Campaign) Finish(ended int, now time.Time) Campaign {
	if c.State == StateRunning && ended >= c.Contacts {
		c.State, c.Finished = StateDone, now
	}
	return c
}

// perShard is the number of contacts that one partition is meant for. A partition takes some
// hundred writes a second; and with few partitions, all due contacts are found with few
// queries.
const perShard = 500

// maxShards is the largest number of partitions of a campaign.
const maxShards = 16

// Shards returns the number of partitions that n contacts are spread over.
func Shards(n int) int { return min(max((n+perShard-1)/perShard, 1), maxShards) }

// ContactID identifies a contact within its campaign.
type ContactID string

// NewContactID derives the id of the contact with this number. The same number gives the same
// id, so a list that is sent twice is stored once.
func NewContactID(number string) ContactID { return ContactID(digest.Hex(16, number)) }

// Shard returns the contact's partition, 0 to shards-1.
func (id ContactID) Shard(shards int) int {
	return int(digest.Sum(string(id))[0]) % shards
}
