package api

import (
	"net/http"

	"switchboard/handler/invoke"
)

// Routes returns the routes of the function, at /api/v1.
func (h *Handler) Routes() []invoke.Route {
	route := func(method, path string, handle invoke.HTTP) invoke.Route {
		return invoke.Route{Function: "api", Binding: "req", Methods: []string{method}, Path: "/api/v1/" + path, HTTP: handle}
	}
	return []invoke.Route{
		route(http.MethodGet, "worklist", h.GetWorklist),
		route(http.MethodGet, "calls/{id}", h.GetCall),
		route(http.MethodGet, "calls/{id}/history", h.GetHistory),
		route(http.MethodPost, "campaigns", h.PostCampaign),
		route(http.MethodGet, "campaigns", h.GetCampaigns),
		route(http.MethodGet, "campaigns/{id}", h.GetCampaign),
		route(http.MethodGet, "campaigns/{id}/contacts", h.GetContacts),
		route(http.MethodGet, "recordings/{id}", h.GetRecording),
	}
}
