// Package exchange puts the program together: every function over given storage,
// ACS and settings, and the one table of routes. The program itself and the
// tests that run it in memory are put together by the same lines.
package exchange

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"switchboard/api"
	"switchboard/callbacks"
	"switchboard/handler/acs"
	"switchboard/handler/archive"
	"switchboard/handler/auth"
	"switchboard/handler/call"
	"switchboard/handler/catalog"
	"switchboard/handler/config"
	"switchboard/handler/engine"
	"switchboard/handler/invoke"
	"switchboard/handler/store"
	"switchboard/handler/table"
	"switchboard/incomingcall"
	"switchboard/outbound"
	"switchboard/recording"
	"switchboard/sweep"
)

// Parts are what the exchange is built on.
type Parts struct {
	Config    config.Config
	Tables    func(name string) table.Rows // an existing table, by its name without the prefix
	Documents catalog.Blobs
	Files     archive.Files // where recordings are filed
	Queue     engine.Queue  // the queue of the function recording
	ACS       *acs.Client
	Verifier  callbacks.TokenVerifier // checks the bearer tokens of ACS's callbacks
	// Go runs what outlives an invocation.
	Go func(ctx context.Context, f func(context.Context))
}

// Tables are the tables that the exchange uses.
var Tables = []string{
	store.TableCalls, store.TableWorklist,
	store.TableCampaigns, store.TableContacts, store.TableNumbers, store.TableLines,
	store.TableRecordings,
}

// Blob containers, before the prefix.
const (
	CatalogContainer    = "catalog"    // the documents
	RecordingsContainer = "recordings" // the files of recordings
)

// RecordingQueue is the queue of finished recordings. It has no prefix, because
// function.json names it.
const RecordingQueue = "recordings"

// New builds every function and returns the table of routes.
func New(p Parts) []invoke.Route {
	var keys []auth.Key
	for _, k := range p.Config.Callbacks.Keys {
		keys = append(keys, auth.Key{ID: k.ID, Secret: []byte(k.Secret)})
	}
	signer := auth.NewSigner(keys)
	live := p.Tables(store.TableWorklist)
	calls := store.NewCalls(p.Tables(store.TableCalls), live)
	ledger := store.NewLedger(p.Tables(store.TableCampaigns), p.Tables(store.TableContacts),
		p.Tables(store.TableNumbers), p.Tables(store.TableLines))
	recordings := store.NewRecordings(p.Tables(store.TableRecordings), live)
	documents := catalog.New(p.Documents)
	moves := &engine.Engine{
		Calls:      calls,
		Ledger:     ledger,
		Recordings: recordings,
		Sender: &engine.Gateway{
			Client:            p.ACS,
			CallbackURL:       callbackURL(p.Config.Callbacks.BaseURL, signer),
			CognitiveServices: p.Config.CognitiveServices,
		},
		Flows:       documents,
		Content:     p.ACS,
		Files:       p.Files,
		Queue:       p.Queue,
		Limits:      Limits(p.Config),
		LineCalls:   p.Config.LineCalls,
		CopyTimeout: p.Config.Timeouts.RecordingCopy,
		Go:          p.Go,
	}
	return routes(
		&incomingcall.Handler{Calls: moves, Routes: documents, Lines: p.Config.Lines, Limits: Limits(p.Config)},
		&callbacks.Handler{Calls: moves, Verifier: p.Verifier, Signer: signer},
		&outbound.Handler{Calls: moves},
		&recording.Handler{Recordings: moves},
		&sweep.Handler{Calls: moves},
		&api.Handler{
			Calls: calls, Campaigns: ledger, Recordings: recordings, Flows: documents, Dialler: moves,
			Lines: p.Config.Lines, Ring: p.Config.Timeouts.Ring,
		},
	)
}

// routes is the one table of routes. Each function folder's function.json says
// the same to the host; a test compares them.
func routes(
	incoming *incomingcall.Handler, back *callbacks.Handler, out *outbound.Handler,
	rec *recording.Handler, sweeper *sweep.Handler, app *api.Handler,
) []invoke.Route {
	get, post := []string{http.MethodGet}, []string{http.MethodPost}
	return []invoke.Route{
		{Function: "incomingcall", Binding: "event", Event: incoming.Handle},
		{
			Function: "callbacks", Binding: "req", Methods: post,
			Path: "/api/callbacks/{callId}", HTTP: invoke.HTTP(back.Handle),
		},
		{Function: "outbound", Binding: "timer", Event: out.Handle},
		{Function: "recording", Binding: "msg", Event: rec.Handle},
		{Function: "sweep", Binding: "timer", Event: sweeper.Handle},
		{Function: "api", Binding: "req", Methods: get, Path: "/api/v1/worklist", HTTP: invoke.HTTP(app.GetWorklist)},
		{Function: "api", Binding: "req", Methods: get, Path: "/api/v1/calls/{id}", HTTP: invoke.HTTP(app.GetCall)},
		{Function: "api", Binding: "req", Methods: get, Path: "/api/v1/calls/{id}/history", HTTP: invoke.HTTP(app.GetHistory)},
		{Function: "api", Binding: "req", Methods: post, Path: "/api/v1/campaigns", HTTP: invoke.HTTP(app.PostCampaign)},
		{Function: "api", Binding: "req", Methods: get, Path: "/api/v1/campaigns", HTTP: invoke.HTTP(app.GetCampaigns)},
		{Function: "api", Binding: "req", Methods: get, Path: "/api/v1/campaigns/{id}", HTTP: invoke.HTTP(app.GetCampaign)},
		{Function: "api", Binding: "req", Methods: get, Path: "/api/v1/campaigns/{id}/contacts", HTTP: invoke.HTTP(app.GetContacts)},
		{Function: "api", Binding: "req", Methods: get, Path: "/api/v1/recordings/{id}", HTTP: invoke.HTTP(app.GetRecording)},
	}
}

// callbackURL makes the addresses to which ACS reports.
func callbackURL(base string, signer *auth.Signer) func(id call.ID, op int) string {
	return func(id call.ID, op int) string {
		query := url.Values{"t": {signer.Sign(auth.CallbackSubject(string(id), op))}}
		if op > 0 {
			query.Set("op", strconv.Itoa(op))
		}
		return base + "/api/callbacks/" + url.PathEscape(string(id)) + "?" + query.Encode()
	}
}

// Limits are the deadlines of calls, from the settings.
func Limits(c config.Config) call.Limits {
	return call.Limits{
		Request:        c.Timeouts.ACS,
		Answer:         c.Timeouts.Answer,
		Connect:        c.Timeouts.Connect,
		Prompt:         c.Timeouts.Prompt,
		InviteGrace:    c.Timeouts.InviteGrace,
		RecordingStart: c.Timeouts.RecordingStart,
		Hangup:         c.Timeouts.Hangup,
		KeepAlive:      c.Timeouts.KeepAlive,
		Call:           c.Timeouts.Call,
		Ring:           c.Timeouts.Ring,
		Confirm:        c.Timeouts.Confirm,
		Recording:      c.Timeouts.Recording,
	}
}
