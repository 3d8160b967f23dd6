package funcsim

import (
	"io"
	"net/http"
	"strings"
)

const (
	eventGridPath = "/runtime/webhooks/eventgrid"
	adminPath     = "/admin/"
)

// ServeHTTP serves the front end: Event Grid's webhook, the admin API, the home
// page, and the HTTP functions. Every other method or path is 404 without a body.
func (in *instance) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !in.enter() {
		http.Error(w, "Function host is not running.", http.StatusServiceUnavailable)
		return
	}
	defer in.work.Done()
	path := requestPath(r)
	lower := strings.ToLower(path)
	switch {
	case path == "/":
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<!DOCTYPE html><title>funcsim</title><p>Your function app is up and running.\n")
	case lower == eventGridPath:
		in.serveEventGrid(w, r)
	case strings.HasPrefix(lower, adminPath):
		in.serveAdmin(w, r, path[len(adminPath):])
	default:
		in.serveFunction(w, r, path)
	}
}

// serveFunction passes a request on to its HTTP function.
func (in *instance) serveFunction(w http.ResponseWriter, r *http.Request, path string) {
	f := in.app.httpFunction(r.Method, path)
	if f == nil {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if !in.mayCall(r, f) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	in.forward(w, r, f, path)
}

// httpFunction returns the function for path and method, or nil. Of several it
// returns the one with the most exact route.
func (a *app) httpFunction(method, path string) *function {
	prefix := "/" + a.routePrefix
	if a.routePrefix != "" {
		if len(path) < len(prefix) || !strings.EqualFold(path[:len(prefix)], prefix) {
			return nil
		}
		path = path[len(prefix):]
		if path != "" && path[0] != '/' {
			return nil
		}
	}
	var best *function
	for _, f := range a.functions {
		if f.trigger != httpTrigger || !f.allows(method) || !f.route.match(path) {
			continue
		}
		if best == nil || f.route.before(best.route) {
			best = f
		}
	}
	return best
}

// text answers with a plain text, as the host's webhooks do even for JSON.
func text(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}
