package rig

import (
	"regexp"
	"strings"

	"switchboard/handler/exchange"
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

// handlerRequest matches the requests that only the handler sends: to ACS, to the tables
// and containers of the app, and those that create the queue and send messages to it.
var handlerRequest = regexp.MustCompile(`^\w+ /(calling|v1/objects)/` +
	`|^\w+ /\w+/(` + prefix + `|Tables|\$batch$)` +
	`|^PUT /\w+/` + exchange.RecordingQueue + `$` +
	`|^POST /\w+/` + exchange.RecordingQueue + `/messages$`)

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
