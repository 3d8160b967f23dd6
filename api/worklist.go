package api

import (
	"net/http"
	"time"

	"switchboard/handler/store"
)

// WorkItem is a call or recording with outstanding work, as the API shows it.
type WorkItem struct {
	Kind store.WorkKind `json:"kind"`
	ID   string         `json:"id"`  // of the call, or key of the recording
	Due  time.Time      `json:"due"` // when it is attended to, at the latest

	// Line, Callee, Campaign and Contact describe an outbound call whose row may not be written yet.
	Line     string `json:"line,omitempty"`   // raw id
	Callee   string `json:"callee,omitempty"` // raw id
	Campaign string `json:"campaign,omitempty"`
	Contact  string `json:"contact,omitempty"`
}

// GetWorklist answers GET /api/v1/worklist with the calls and recordings that have outstanding work.
func (h *Handler) GetWorklist(w http.ResponseWriter, r *http.Request) error {
	items, err := h.Calls.Worklist(r.Context())
	if err != nil {
		return storageError(err)
	}
	shown := make([]WorkItem, len(items))
	for i, item := range items {
		shown[i] = WorkItem{Kind: item.Kind, ID: item.ID, Due: item.Due}
		if d := item.Dial; d != nil {
			shown[i].Line, shown[i].Callee = d.Line, d.Callee
			shown[i].Campaign, shown[i].Contact = d.Attempt.Campaign, d.Attempt.Contact
		}
	}
	return reply(w, map[string]any{"worklist": shown})
}
