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

// reply writes v as the JSON body of a reply with status 200.
func reply(w http.ResponseWriter, v any) error {
	doc, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(doc) // the client is gone if this fails
	return nil
}

// nonNil returns l, or an empty list if l is nil: [] in JSON instead of null.
func nonNil[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}

// notFound maps an error of storage about one resource to a reply: 404 if it does not exist, else 503.
func notFound(kind string, err error) error {
	if errors.Is(err, table.ErrNotFound) || errors.Is(err, table.ErrInvalid) { // an invalid id names no resource
		return &invoke.Problem{Status: http.StatusNotFound, Detail: "There is no such " + kind + ".", Err: err}
	}
	return storageError(err)
}

// storageError maps an error of storage to a reply with status 503; the request may be repeated.
func storageError(err error) error {
	return &invoke.Problem{Status: http.StatusServiceUnavailable, Err: err}
}

// badRequest returns the reply with status 400 to a request with faults. It names all of them.
func badRequest(faults problem.Faults) error {
	type fault struct {
		Field  string `json:"field"` // a JSON path; "$" is the document itself
		Detail string `json:"detail"`
	}
	all := make([]fault, len(faults))
	for i, f := range faults {
		// A client may have put a telephone number into any member's name or value.
		all[i] = fault{Field: acs.MaskNumbers(f.Path), Detail: acs.MaskNumbers(f.Text)}
	}
	return &invoke.Problem{
		Status: http.StatusBadRequest,
		Detail: fmt.Sprintf("Nothing was done. Faults: %d.", len(all)),
		Fields: map[string]any{"errors": all},
	}
}
