package rig

import (
	"regexp"
	"strings"

	"switchboard/handler/app"
)

// Requests counts the requests of the handler so far: to storage and to ACS.
func (r *Rig) Requests() (storage, acs int) {
	for _, q := range r.Hook.Seen() {
		switch {
		case !FromHandler(q.Method, q.Path):
		case q.Target == hostOf(r.ACSURL):
			acs++
		default:
			storage++
		}
	}
	return storage, acs
}

// handlerRequest matches the requests that only the handler sends: to ACS; to the app's tables, and to create tables; to the
// containers of documents and of recordings, whose files begin with a year; to create the queue and that container,
// which have one name; and to put messages into the queue.
var handlerRequest = regexp.MustCompile(`^\w+ /(calling|v1/objects)/` +
	`|^\w+ /\w+/(Tables|\$batch)$` +
	`|^\w+ /\w+/(` + strings.Join(app.Tables, "|") + `)\(` +
	`|^POST /\w+/(` + strings.Join(app.Tables, "|") + `)$` +
	`|^\w+ /\w+/` + app.CatalogContainer + `(/|$)` +
	`|^\w+ /\w+/` + app.RecordingsContainer + `/\d{4}(/|%2F)` +
	`|^PUT /\w+/` + app.RecordingQueue + `$` +
	`|^POST /\w+/` + app.RecordingQueue + `/messages$`)

// FromHandler reports whether a request to a proxy is one of the handler, by its method
// and its escaped path. The host has the same connection string: it keeps leases, status
// and secrets in containers of its own, receives messages from the queue, and has a queue
// of its own for those that fail.
func FromHandler(method, path string) bool { return handlerRequest.MatchString(method + " " + path) }

// hostOf returns the host and port of an http address.
func hostOf(address string) string {
	host, _, _ := strings.Cut(strings.TrimPrefix(address, "http://"), "/")
	return host
}
