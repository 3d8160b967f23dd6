// Package filing holds the rules of a recording on the way to its files: which files wait to be fetched, who
// fetches them, and when the recording is filed or lost. A Recording is a value; each method returns the
// recording after something has happened to it. Package store keeps it, and package filer moves its files.
//
// Its one rule: it is pure. It has no context, I/O, clock or randomness; times are passed in.
package filing

import (
	"encoding/json"
	"slices"
	"time"
)

// Schema is the version of Recording as it is stored.
const Schema = 1

// State is how far the files of a recording are.
type State string

// The states of a recording. An empty row has none.
const (
	StateLinked State = "linked" // its call is known, but no file is
	StateFiling State = "filing" // files of it wait to be fetched
	StateFiled  State = "filed"  // all of its files are filed
	StateLost   State = "lost"   // a file of it cannot be fetched; Reason says why
)

// Recording is one recording: what ACS has reported about it, how far the fetching of its files is, and
// which call asked for it.
type Recording struct {
	Schema int    `json:"schema"`
	ID     string `json:"id,omitempty"` // given by ACS
	State  State  `json:"state,omitempty"`

	Call string `json:"call,omitempty"` // the call that asked for the recording; empty: it is not linked
	Op   int    `json:"op,omitempty"`   // the call's operation that asked for it

	Messages []string `json:"messages,omitempty"` // keys of the latest messages

	Details           // of the first message
	Since   time.Time `json:"since,omitzero"` // when the first message arrived

	Lease
	Tries     int       `json:"tries,omitempty"`    // consecutive runs that failed
	NotBefore time.Time `json:"notBefore,omitzero"` // when the next run may begin, after a failure
	Reason    string    `json:"reason,omitempty"`   // of the latest failure, or of the loss

	Chunks []Chunk `json:"chunks,omitempty"`
}

// Details are what ACS reports of a recording, besides its files.
type Details struct {
	Start        time.Time     `json:"start,omitzero"`
	Duration     time.Duration `json:"duration,omitempty"`
	ContentType  string        `json:"contentType,omitempty"`
	ChannelType  string        `json:"channelType,omitempty"`
	Format       string        `json:"format,omitempty"`
	EndReason    string        `json:"endReason,omitempty"`
	ACSCallID    string        `json:"acsCallId,omitempty"`
	ServerCallID string        `json:"serverCallId,omitempty"`
}

// Lease is a run's lease of a recording; zero for none.
type Lease struct {
	Owner      string    `json:"owner,omitempty"`     // the run
	LeaseUntil time.Time `json:"leaseUntil,omitzero"` // when the lease expires
}

// ChunkState is how far one file of a recording is.
type ChunkState string

// The states of a chunk.
const (
	ChunkWaiting ChunkState = "waiting" // to be fetched
	ChunkFiled   ChunkState = "filed"   // stored in the archive
	ChunkLost    ChunkState = "lost"    // given up
)

// Chunk is one file of a recording.
type Chunk struct {
	DocumentID       string `json:"documentId"`
	Index            int64  `json:"index"`
	ContentLocation  string `json:"contentLocation"`
	MetadataLocation string `json:"metadataLocation,omitempty"`
	DeleteLocation   string `json:"deleteLocation,omitempty"`
	EndReason        string `json:"endReason,omitempty"`

	State    ChunkState      `json:"state"`
	Since    time.Time       `json:"since"`              // when its message arrived
	File     string          `json:"file,omitempty"`     // its name in the archive
	Progress json.RawMessage `json:"progress,omitempty"` // of the copy under way; opaque
	Size     int64           `json:"size,omitempty"`     // bytes, once it is filed
	SHA256   string          `json:"sha256,omitempty"`   // hexadecimal, once it is filed
	Reason   string          `json:"reason,omitempty"`   // why it is lost
}

// Message is ACS's message that files of a recording can be fetched. Of each chunk only the fields before
// State are set.
type Message struct {
	Key string // names the message; the same in every delivery
	Details
	Chunks []Chunk
}

// messageKeys is the maximum number of message keys that a recording keeps. If an older message is delivered
// again, it changes nothing, because its chunks are known.
const messageKeys = 16

// HasWork reports whether files of the recording wait to be fetched.
func (r Recording) HasWork() bool { return r.State == StateFiling }

// LinkedTo returns the recording with the call and the operation that asked for it. The first link stands.
// It may be repeated.
func (r Recording) LinkedTo(callID string, op int) Recording {
	if r.Call != "" {
		return r
	}
	r.Schema, r.Call, r.Op = Schema, callID, op
	if r.State == "" {
		r.State = StateLinked
	}
	return r
}

// Knows reports whether the message is among the latest that were added.
func (r Recording) Knows(m Message) bool { return slices.Contains(r.Messages, m.Key) }

// WithMessage returns the recording with the message, which arrived at now. Chunks that were not known are
// added and wait to be fetched, also if the recording was filed or lost. It may be repeated.
func (r Recording) WithMessage(m Message, now time.Time) Recording {
	if r.Knows(m) {
		return r
	}
	r.Schema = Schema
	r.Messages = append(slices.Clone(r.Messages), m.Key)
	r.Messages = r.Messages[max(0, len(r.Messages)-messageKeys):]
	if r.Since.IsZero() {
		r.Since, r.Details = now, m.Details
	}
	known := len(r.Chunks)
	r.Chunks = slices.Clone(r.Chunks)
	for _, c := range m.Chunks {
		if r.chunk(c.DocumentID) < 0 {
			c.State, c.Since = ChunkWaiting, now
			r.Chunks = append(r.Chunks, c)
		}
	}
	if len(r.Chunks) > known {
		r.State, r.Tries, r.NotBefore, r.Reason = StateFiling, 0, time.Time{}, ""
	}
	return r
}

// WithChunk returns the recording with c in place of the chunk that has the same document id. When no chunk
// waits any more, the recording is lost if one of its chunks is, else filed, and its lease ends. It may be
// repeated.
func (r Recording) WithChunk(c Chunk) Recording {
	i := r.chunk(c.DocumentID)
	if i < 0 {
		return r
	}
	r.Chunks = slices.Clone(r.Chunks)
	r.Chunks[i] = c
	state, reason := StateFiled, ""
	for _, c := range r.Chunks {
		switch c.State {
		case ChunkWaiting:
			return r
		case ChunkLost:
			state, reason = StateLost, c.Reason
		}
	}
	r.State, r.Reason, r.Tries, r.NotBefore = state, reason, 0, time.Time{}
	r.Lease = Lease{}
	return r
}

// Leased returns the recording with the lease, or unchanged if another run's lease has not expired, if it is
// too early to try again, or if no file waits. Without a lease two runs would copy the same files, and each
// would start a run after it.
func (r Recording) Leased(l Lease, now time.Time) Recording {
	if r.HasWork() && !now.Before(r.NotBefore) && (r.Owner == "" || r.Owner == l.Owner || !now.Before(r.LeaseUntil)) {
		r.Lease = l
	}
	return r
}

// Unleased returns the recording without the lease. Another run's lease stays.
func (r Recording) Unleased(l Lease) Recording {
	if r.Owner == l.Owner {
		r.Lease = Lease{}
	}
	return r
}

// chunk returns the index of the chunk with the document id, or -1.
func (r Recording) chunk(documentID string) int {
	return slices.IndexFunc(r.Chunks, func(c Chunk) bool { return c.DocumentID == documentID })
}
