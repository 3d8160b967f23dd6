package invoke

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
)

// Problem is a refusal or failure as an HTTP client sees it: a problem document of RFC 9457. It is an error,
// so that a handler of type HTTP may return it; Err is for the log alone.
type Problem struct {
	Status int            // of the reply
	Title  string         // the kind of problem, the same each time; the default is the status text
	Detail string         // the fault in this case, for the client's developer
	Fields map[string]any // further members of the document
	Err    error          // the cause; never sent
}

func (p *Problem) title() string { return cmp.Or(p.Title, http.StatusText(p.Status)) }

func (p *Problem) Error() string {
	if p.Err != nil {
		return fmt.Sprintf("%s: %v", p.title(), p.Err)
	}
	return p.title()
}

func (p *Problem) Unwrap() error { return p.Err }

// Write sends the document as the reply. Its members title, status and detail replace those of Fields.
//
// The document has no type, which means "about:blank": the title describes the problem.
// Source: RFC 9457, section 3.
func (p *Problem) Write(w http.ResponseWriter) {
	document := maps.Clone(p.Fields)
	if document == nil {
		document = make(map[string]any)
	}
	document["title"] = p.title()
	document["status"] = p.Status
	if p.Detail != "" {
		document["detail"] = p.Detail
	}
	writeJSON(w, p.Status, "application/problem+json", document)
}
