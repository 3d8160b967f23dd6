package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"switchboard/handler/acs"
	"switchboard/handler/invoke"
	"switchboard/handler/problem"
	"switchboard/handler/table"
)

// reply sends v, which is what was asked for.
func reply(w http.ResponseWriter, v any) error {
	doc, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(doc) // the client is gone if this fails
	return nil
}

// list makes an empty list of none, which is [] in JSON.
func nonNil[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}

// missing is the reply to a request for one thing of a kind, which met err.
func notFound(kind string, err error) error {
	if errors.Is(err, table.ErrNotFound) || errors.Is(err, table.ErrInvalid) { // what cannot be an id is not one
		return &invoke.Problem{Status: http.StatusNotFound, Detail: "There is no such " + kind + ".", Err: err}
	}
	return storageError(err)
}

// unavailable is the reply to a request that storage stood in the way of: it may be
// sent again.
func storageError(err error) error {
	return &invoke.Problem{Status: http.StatusServiceUnavailable, Err: err}
}

// refused is the reply to a request with faults, all of which it names.
func badRequest(faults problem.Faults) error {
	type fault struct {
		Field  string `json:"field"` // a JSON path; "$" is the document itself
		Detail string `json:"detail"`
	}
	all := make([]fault, len(faults))
	for i, f := range faults {
		all[i] = fault{Field: acs.MaskNumbers(f.Path), Detail: acs.MaskNumbers(f.Text)} // a client may write a number where none belongs
	}
	return &invoke.Problem{
		Status: http.StatusBadRequest,
		Detail: fmt.Sprintf("Nothing was done. Faults: %d.", len(all)),
		Fields: map[string]any{"errors": all},
	}
}
