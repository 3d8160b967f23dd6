// Package rig sets the whole exchange up on this machine: Azurite, acssim, a
// Functions host with the built handler, and between the handler and the world
// loopback proxies that count its requests and can stop at one of them. The
// demonstration and the tests of the built program stand on it.
//
// Each rig has a storage account of its own, so that names which are fixed, such
// as that of the queue of recordings, do not meet those of another rig.
//
// Everything runs on free ports of the loopback and in temporary folders; Close
// ends and removes all of it.
package rig

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"

	"switchboard/handler/archive"
	"switchboard/handler/catalog"
	"switchboard/handler/exchange"
	"switchboard/handler/store"
	"switchboard/handler/table"
	"switchboard/test/acssim"
	"switchboard/test/azurite"
	"switchboard/test/faultproxy"
	"switchboard/test/funcsim"
	"switchboard/test/scenario"
)

// Options say what the rig is made of. The zero value is a rig on funcsim with
// a simulator that misbehaves a little.
type Options struct {
	// Func is the path of a real `func`; empty: funcsim.
	Func string
	// Env adds settings of the app, over those that the rig makes.
	Settings map[string]string
	// ACS is a simulator whose knobs are set and which has not been started; the
	// rig fills in addresses and, unless there are Subscriptions already, one that
	// announces finished recordings in the app's queue. Nil: one with default knobs.
	ACS *acssim.Server
	// Azurite is one that runs already and is left running; nil: one of the rig's own.
	Azurite *azurite.Server
	// App is the folder of an app that has been put together already; empty: the
	// rig stages one.
	App string
	// Beside is a rig that runs: the new one is but another host of the same app, on
	// the same storage and for the same ACS, of which there is one address only: what
	// the new handler asks of ACS goes through the Hook of the rig that runs.
	Beside *Rig
	// Hook sees every request of the handler to storage and to ACS, and those of
	// the host to the same storage (FromHandler tells them apart); nil: one that
	// only counts.
	Hook *faultproxy.Hook
	// Log gets the lines of host and handler.
	Log func(line string)
	// Notify gets a line before something begins that takes a while.
	Notify func(text string)
}

// Rig is the running whole.
type Rig struct {
	ACS     *acssim.Server
	ACSURL  string          // past the proxy
	Azurite azurite.Account // past the proxies
	Host    Host
	Env   scenario.Env
	Hook    *faultproxy.Hook

	closers []func()
}

// prefix is that of the app's tables and containers. It tells them from what the
// host keeps in the same account.
const prefix = "rig"

// Start sets up a rig and waits until its host serves. What it has started is
// ended if it fails.
func Start(ctx context.Context, o Options) (r *Rig, err error) {
	r = &Rig{ACS: o.ACS, Hook: o.Hook}
	defer func() {
		if err != nil {
			r.Close()
			r = nil
		}
	}()
	notify := o.Notify
	if notify == nil {
		notify = func(string) {}
	}
	if b := o.Beside; b != nil {
		r.ACS, r.ACSURL, r.Azurite = b.ACS, b.ACSURL, b.Azurite
	}
	if r.ACS == nil {
		r.ACS = &acssim.Server{}
	}
	if r.Hook == nil {
		r.Hook = &faultproxy.Hook{}
	}
	app := o.App
	if app == "" {
		app, err = stage(notify)
		if app != "" {
			r.closers = append(r.closers, func() { os.RemoveAll(app) })
		}
		if err != nil {
			return r, fmt.Errorf("stage the app: %w", err)
		}
	}
	port, err := funcsim.FreePort()
	if err != nil {
		return r, err
	}
	front := fmt.Sprintf("http://127.0.0.1:%d", port)
	if o.Beside == nil {
		if err := r.openStorage(ctx, o.Azurite, notify); err != nil {
			return r, err
		}
		if err := r.subscribeRecordings(ctx); err != nil {
			return r, err
		}
		if err := r.serveACS(front); err != nil {
			return r, err
		}
	}
	env, err := r.settings(front)
	if err != nil {
		return r, err
	}
	maps.Copy(env, o.Settings)
	if r.Env, err = newEnv(ctx, r, front); err != nil {
		return r, err
	}
	if o.Func != "" {
		notify("starting the Functions host: " + o.Func)
		r.Host = newFunc(o.Func, app, port, env, o.Log)
	} else {
		notify("starting funcsim, the stand-in for the Functions host")
		r.Host = newFuncsim(app, port, env, o.Log)
	}
	if err := r.Host.Start(ctx); err != nil {
		return r, err
	}
	r.closers = append(r.closers, r.Host.Stop)
	r.ACS.Start()
	return r, nil
}

// Close ends everything that Start has started.
func (r *Rig) Close() {
	for i := len(r.closers) - 1; i >= 0; i-- {
		r.closers[i]()
	}
	r.closers = nil
}

// openStorage gives the rig an account: of the server, or of one of its own.
func (r *Rig) openStorage(ctx context.Context, server *azurite.Server, notify func(string)) (err error) {
	if server == nil {
		notify("starting Azurite")
		if server, err = azurite.Start(ctx, &azurite.Options{Notify: notify}); err != nil {
			return err
		}
		r.closers = append(r.closers, server.Close)
	}
	r.Azurite, err = server.NewAccount()
	return err
}

// serveACS gives the simulator a listener and its addresses. It goes by that of
// the handler's proxy: that is the name in what the handler signs, and where
// recordings are said to be.
func (r *Rig) serveACS(front string) error {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: r.ACS}
	r.ACSURL = "http://" + l.Addr().String()
	if r.ACS.Endpoint, err = r.proxy(r.ACSURL); err != nil {
		l.Close()
		return err
	}
	r.ACS.EventGridURL = front + "/runtime/webhooks/eventgrid?functionName=incomingcall"
	go server.Serve(l)
	r.closers = append(r.closers, func() {
		r.ACS.Close()
		server.Close()
	})
	return nil
}

// settings are the app's settings: storage and ACS lie behind the proxies.
func (r *Rig) settings(front string) (map[string]string, error) {
	storage := r.Azurite
	for _, service := range []*string{&storage.BlobURL, &storage.QueueURL, &storage.TableURL} {
		behind, err := r.proxy(*service)
		if err != nil {
			return nil, err
		}
		*service = behind
	}
	return map[string]string{
		"AzureWebJobsStorage":           storage.ConnectionString(),
		"AzureFunctionsWebHost__hostid": storage.Name,
		"FUNCTIONS_WORKER_RUNTIME":      "custom",
		"STORAGE_PREFIX":                prefix,
		"ACS_ENDPOINT":                  r.ACS.Endpoint,
		"ACS_ACCESS_KEY":                acssim.DevelopmentKey,
		"ACS_RESOURCE_ID":               acssim.DevelopmentResourceID,
		"ACS_ISSUER":                    r.ACS.Endpoint,
		"ACS_JWKS_URL":                  r.ACSURL + "/calling/keys", // past the proxy: it is read now and then
		"COGNITIVE_SERVICES_ENDPOINT":   "https://speech.example",   // the simulator asks only whether there is one
		"RECORDING_HOSTS":               "127.0.0.1",
		"LINES":                         scenario.Line,
		"CALLBACK_BASE_URL":             front,
		"CALLBACK_KEYS":                 "rig:c3dpdGNoYm9hcmQtZGV2ZWxvcG1lbnQtb25seS1jYWxsYmFjay1rZXk=",
	}, nil
}

// proxy puts a proxy before the address and returns the address that replaces it.
func (r *Rig) proxy(direct string) (string, error) {
	target, err := url.Parse(direct)
	if err != nil {
		return "", err
	}
	p, err := faultproxy.Start(target, r.Hook)
	if err != nil {
		return "", err
	}
	r.closers = append(r.closers, p.Close)
	return p.URL, nil
}

// world is the rig as a scenario sees it, past the proxies.
func newEnv(ctx context.Context, r *Rig, front string) (scenario.Env, error) {
	tables, err := table.Open(r.Azurite.ConnectionString(), prefix, nil)
	if err != nil {
		return scenario.Env{}, err
	}
	blobs, err := service.NewClientFromConnectionString(r.Azurite.ConnectionString(), nil)
	if err != nil {
		return scenario.Env{}, err
	}
	documents := catalog.Azure{Container: blobs.NewContainerClient(prefix + exchange.CatalogContainer)}
	files := archive.Azure{Container: blobs.NewContainerClient(prefix + exchange.RecordingsContainer)}
	err = errors.Join(tables.Create(ctx, exchange.Tables...), documents.Create(ctx), files.Create(ctx))
	if err != nil {
		return scenario.Env{}, err
	}
	live := tables.Table(store.TableWorklist)
	return scenario.Env{
		ACS:     r.ACS,
		Host:    http.DefaultClient,
		URL:     front,
		Catalog: catalog.New(documents),
		Calls:   store.NewCalls(tables.Table(store.TableCalls), live),
		Ledger: store.NewLedger(tables.Table(store.TableCampaigns), tables.Table(store.TableContacts),
			tables.Table(store.TableNumbers), tables.Table(store.TableLines)),
		Recordings: store.NewRecordings(tables.Table(store.TableRecordings), live),
		Files:      files,
	}, nil
}
