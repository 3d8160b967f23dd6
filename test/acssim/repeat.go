package acssim

import (
	"crypto/sha256"
	"net/http"
	"time"

	"github.com/google/uuid"
)

// repeatLife is the time for which a Repeatability pair is remembered.
//
// Source: learn.microsoft.com, Azure Communication Services REST reference,
// "Repeatable requests". It is written for other operations of the service;
// that it holds for calls is an inference.
const repeatLife = 5 * time.Minute

// pair identifies a repeatable request.
type pair struct {
	id      string
	content [sha256.Size]byte // of operation, call, First-Sent and body
}

// repeats has the answers to repeatable requests.
type repeats struct {
	answers map[string]repeat
	order   []string // ids, the oldest first
}

type repeat struct {
	pair
	answer  reply
	expires time.Time
}

// repeatabilityOf returns the pair of a request, or nil if it has none or its
// operation is not repeatable.
func repeatabilityOf(q *request, now time.Time) (*pair, error) {
	id, sent := q.header.Get("Repeatability-Request-ID"), q.header.Get("Repeatability-First-Sent")
	if !q.operation.repeatable || id == "" && sent == "" {
		return nil, nil
	}
	if uuid.Validate(id) != nil {
		return nil, refuse(http.StatusBadRequest, codeInvalidArgument, "Repeatability-Request-ID is not a UUID")
	}
	first, err := http.ParseTime(sent)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, codeInvalidArgument, "Repeatability-First-Sent is not an HTTP date")
	}
	if now.Sub(first).Abs() > repeatLife {
		return nil, refuse(http.StatusPreconditionFailed, "RepeatabilityExpired", "Repeatability-First-Sent is out of range")
	}
	hash := sha256.New()
	for _, part := range []string{q.operation.name, q.id, sent, string(q.body)} {
		hash.Write([]byte(part + "\x00"))
	}
	return &pair{id, [sha256.Size]byte(hash.Sum(nil))}, nil
}

// lookUp returns the earlier answer to the same request. An id that came with another
// request is refused, because its caller would get the wrong answer.
func (r *repeats) lookUp(p *pair, now time.Time) (answer reply, seen bool, err error) {
	old, ok := r.answers[p.id]
	switch {
	case !ok || now.After(old.expires):
		return reply{}, false, nil
	case old.content != p.content:
		return reply{}, false, refuse(http.StatusBadRequest, codeInvalidArgument, "the Repeatability-Request-ID belongs to another request")
	}
	return old.answer, true, nil
}

// remember stores an answer, except a 5xx: such a request is executed again.
func (r *repeats) remember(p *pair, answer reply, now time.Time) {
	for len(r.order) > 0 && now.After(r.answers[r.order[0]].expires) {
		delete(r.answers, r.order[0])
		r.order = r.order[1:]
	}
	if answer.status >= 500 {
		return
	}
	if r.answers == nil {
		r.answers = map[string]repeat{}
	}
	r.answers[p.id] = repeat{*p, answer, now.Add(repeatLife)}
	r.order = append(r.order, p.id)
}
