// Package app wires the handler: every function, with the given storage, ACS and settings. The program and
// the tests that run it in memory share this wiring.
package app

import (
	"context"
	"net/url"
	"slices"
	"strconv"

	"switchboard/api"
	"switchboard/callbacks"
	"switchboard/deadline"
	"switchboard/handler/acs"
	"switchboard/handler/archive"
	"switchboard/handler/auth"
	"switchboard/handler/call"
	"switchboard/handler/catalog"
	"switchboard/handler/config"
	"switchboard/handler/dialler"
	"switchboard/handler/engine"
	"switchboard/handler/filer"
	"switchboard/handler/gateway"
	"switchboard/handler/invoke"
	"switchboard/handler/store"
	"switchboard/handler/table"
	"switchboard/incomingcall"
	"switchboard/outbound"
	"switchboard/recording"
	"switchboard/sweep"
)

// Parts are what the app is wired from.
type Parts struct {
	Config    config.Config
	Tables    func(name string) table.Rows // an existing table
	Documents catalog.Blobs
	Files     archive.Files // the archive of recordings
	ACS       *acs.Client
	// The queues of these names.
	RecordingQueue filer.Queue
	DeadlineQueue  engine.Queue
	Verifier       callbacks.TokenVerifier // of the bearer tokens of ACS's callbacks
	// Go runs f in a goroutine that outlives the invocation.
	Go func(ctx context.Context, f func(context.Context))
}

// Tables are the tables that the app uses.
var Tables = []string{
	store.TableCalls, store.TableWorklist,
	store.TableCampaigns, store.TableContacts, store.TableNumbers, store.TableLines,
	store.TableRecordings,
}

// Blob containers that the app uses.
const (
	CatalogContainer    = "catalog"    // documents
	RecordingsContainer = "recordings" // files of recordings
)

// Queues that the app uses; the function.json of the function that each triggers has the same name.
const (
	RecordingQueue = "recordings" // of recording: files wait to be fetched
	DeadlineQueue  = "deadlines"  // of deadline: calls must be attended to
)

// New wires every function and returns the routes of all of them. The function.json of each function's
// folder declares the same routes to the host; a test compares them.
func New(p Parts) []invoke.Route {
	var keys []auth.Key
	for _, k := range p.Config.Callbacks.Keys {
		keys = append(keys, auth.Key{ID: k.ID, Secret: []byte(k.Secret)})
	}
	signer := auth.NewSigner(keys)
	worklist := p.Tables(store.TableWorklist)
	calls := store.NewCalls(p.Tables(store.TableCalls), worklist)
	ledger := store.NewLedger(p.Tables(store.TableCampaigns), p.Tables(store.TableContacts),
		p.Tables(store.TableNumbers), p.Tables(store.TableLines))
	recordings := store.NewRecordings(p.Tables(store.TableRecordings), worklist)
	documents := catalog.New(p.Documents)
	limits := Limits(p.Config)

	e := engine.New(engine.Options{
		Calls: calls,
		Flows: documents,
		Sender: &gateway.Gateway{
			Client:            p.ACS,
			CallbackURL:       callbackURL(p.Config.Callbacks.BaseURL, signer),
			CognitiveServices: p.Config.CognitiveServices,
		},
		Queue: p.DeadlineQueue,
		Go:    p.Go,
	})
	dial := dialler.New(e, ledger, dialler.Options{Limits: limits, LineCalls: p.Config.LineCalls})
	file := filer.New(e, recordings, filer.Options{
		Content: p.ACS, Files: p.Files, Queue: p.RecordingQueue,
		CopyTimeout: p.Config.Timeouts.RecordingCopy, GiveUpAfter: limits.Recording,
	})

	return slices.Concat(
		(&incomingcall.Handler{Calls: e, Catalog: documents, Lines: p.Config.Lines, Limits: limits}).Routes(),
		(&callbacks.Handler{Calls: e, Verifier: p.Verifier, Signer: signer}).Routes(),
		(&deadline.Handler{Engine: e, Dialler: dial}).Routes(),
		(&outbound.Handler{Dialler: dial}).Routes(),
		(&recording.Handler{Filer: file}).Routes(),
		(&sweep.Handler{Engine: e}).Routes(),
		(&api.Handler{
			Calls: calls, Campaigns: ledger, Recordings: recordings,
			Creator: &dialler.Campaigns{Ledger: ledger, Flows: documents, Begin: dial.Begin},
			Lines:   p.Config.Lines, Ring: p.Config.Timeouts.Ring,
		}).Routes(),
	)
}

// callbackURL returns a function that returns the address to which ACS reports events; see gateway.Gateway.
func callbackURL(base string, signer *auth.Signer) func(id call.ID, op int) string {
	return func(id call.ID, op int) string {
		query := url.Values{"t": {signer.Sign(auth.CallbackSubject(string(id), op))}}
		if op > 0 {
			query.Set("op", strconv.Itoa(op))
		}
		return base + "/api/callbacks/" + url.PathEscape(string(id)) + "?" + query.Encode()
	}
}

// Limits returns the deadlines of calls, from the settings.
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
