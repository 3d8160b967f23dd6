package filing

import (
	"encoding/json"
	"slices"
	"time"
)

// RecordingSchema is the version of Recording as it is stored.
const Schema = 1

// RecordingState is where the files of a recording are on their way to us.
type State string

// The states of a recording. A row that knows nothing yet has none.
const (
	StateLinked State = "linked" // its call is known; no word of its files
	StateFiling State = "filing" // its files wait to be fetched
	StateFiled  State = "filed"  // they are where they belong
	StateLost   State = "lost"   // one of them will never be; Reason says why
)

// Recording is one recording by ACS's id: what ACS has said of it, how far the
// fetching of its files is, and which call has asked for it. Each method says what
// it is after something has happened to it.
type Recording struct {
	Schema int    `json:"schema"`
	ID     string `json:"id,omitempty"` // ACS's
	State  State  `json:"state,omitempty"`

	// Call and Op are the debt that it pays: the call, and the operation that asked
	// for it. Zero: it is not linked.
	Call string `json:"call,omitempty"`
	Op   int    `json:"op,omitempty"`

	Messages []string `json:"messages,omitempty"` // keys of the latest messages

	Start        time.Time     `json:"start,omitzero"`
	Duration     time.Duration `json:"duration,omitempty"`
	ContentType  string        `json:"contentType,omitempty"`
	ChannelType  string        `json:"channelType,omitempty"`
	Format       string        `json:"format,omitempty"`
	EndReason    string        `json:"endReason,omitempty"`
	ACSCallID    string        `json:"acsCallId,omitempty"`
	ServerCallID string        `json:"serverCallId,omitempty"`

	Since      time.Time `json:"since,omitzero"`  // when the first message came
	Owner      string    `json:"owner,omitempty"` // the run that is at it, until Until
	LeaseUntil time.Time `json:"leaseUntil,omitzero"`
	Tries      int       `json:"tries,omitempty"`    // that have failed, one after another
	NotBefore  time.Time `json:"notBefore,omitzero"` // when to try again
	Reason     string    `json:"reason,omitempty"`   // of the last failure, or of the loss

	Chunks []Chunk `json:"chunks,omitempty"`
}

// ChunkState is how far one file is.
type ChunkState string

// The states of a chunk.
const (
	ChunkWaiting ChunkState = "waiting"
	ChunkFiled   ChunkState = "filed"
	ChunkLost    ChunkState = "lost"
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
	Since    time.Time       `json:"since"`              // when the message came
	File     string          `json:"file,omitempty"`     // its name where it is filed
	Progress json.RawMessage `json:"progress,omitempty"` // of the copy under way; the copier's own
	Size     int64           `json:"size,omitempty"`     // bytes, once it is filed
	SHA256   string          `json:"sha256,omitempty"`   // hexadecimal, once it is filed
	Reason   string          `json:"reason,omitempty"`   // why it is lost
}

// Finished is ACS's message that files of a recording wait to be fetched. Of a chunk
// it gives what ACS knows: the members before State.
type Message struct {
	Key          string // names the message; a second delivery has the same
	Start        time.Time
	Duration     time.Duration
	ContentType  string
	ChannelType  string
	Format       string
	EndReason    string
	ACSCallID    string
	ServerCallID string
	Chunks       []Chunk
}

// messageKeys is how many keys of messages a recording keeps. An older message that
// comes again changes nothing, because its chunks are known.
const messageKeys = 16

// Owes reports whether files of the recording are to be fetched.
func (r Recording) HasWork() bool { return r.State == StateFiling }

// Linked is the recording once it is known which operation of which call asked for
// it. The first link stands. It may be repeated.
func (r Recording) LinkedTo(id string, op int) Recording {
	if r.Call != "" {
		return r
	}
	r.Schema, r.Call, r.Op = Schema, id, op
	if r.State == "" {
		r.State = StateLinked
	}
	return r
}

// heard reports whether the message is among the latest that came.
func (r Recording) Knows(m Message) bool { return slices.Contains(r.Messages, m.Key) }

// Informed is the recording after a message that came at the given time: with the
// chunks that were not known before, which are to be fetched, also if the recording
// was over. It may be repeated.
func (r Recording) WithMessage(m Message, now time.Time) Recording {
	if r.Knows(m) {
		return r
	}
	r.Schema = Schema
	r.Messages = append(slices.Clone(r.Messages), m.Key)
	r.Messages = r.Messages[max(0, len(r.Messages)-messageKeys):]
	if r.Since.IsZero() {
		r.Since = now
		r.Start, r.Duration = m.Start, m.Duration
		r.ContentType, r.ChannelType, r.Format = m.ContentType, m.ChannelType, m.Format
		r.EndReason, r.ACSCallID, r.ServerCallID = m.EndReason, m.ACSCallID, m.ServerCallID
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

// Moved is the recording with one chunk, by its document id, as it is now. When the
// last one is over the recording is filed or, if one of them is lost, lost. It may be
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
	r.Owner, r.LeaseUntil = "", time.Time{}
	return r
}

// Taken is the recording with a run at it that may be until a time, unless another run
// is, or it has to wait: of two runs at once, one would copy for nothing, and each
// would see to a next.
func (r Recording) LeasedBy(run string, now, until time.Time) Recording {
	if r.HasWork() && !now.Before(r.NotBefore) && (r.Owner == "" || r.Owner == run || !now.Before(r.LeaseUntil)) {
		r.Owner, r.LeaseUntil = run, until
	}
	return r
}

// Left is the recording once the run is not at it any more.
func (r Recording) Unleased(run string) Recording {
	if r.Owner == run {
		r.Owner, r.LeaseUntil = "", time.Time{}
	}
	return r
}

// chunk is the index of the chunk with the document id, or -1.
func (r Recording) chunk(documentID string) int {
	return slices.IndexFunc(r.Chunks, func(c Chunk) bool { return c.DocumentID == documentID })
}
