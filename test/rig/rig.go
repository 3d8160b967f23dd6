// Package rig sets up a rig, which is everything on localhost, started together:
// Azurite, acssim, a Functions host with the built handler, and proxies between the
// handler and the other two. The proxies count the handler's requests and can hold or
// drop them. The demonstration and the tests of the built handler run on rigs.
//
// Each rig has a storage account of its own, so that fixed names, such as that of the
// queue of recordings, do not collide with those of another rig.
//
// Everything runs on free ports of the loopback interface and in temporary folders;
// Close ends and removes all of it.
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

	"switchboard/handler/app"
	"switchboard/handler/archive"
	"switchboard/handler/catalog"
	"switchboard/handler/store"
	"switchboard/handler/table"
	"switchboard/test/acssim"
	"switchboard/test/azurite"
	"switchboard/test/faultproxy"
	"switchboard/test/funcsim"
	"switchboard/test/scenario"
)

// Options configure a rig. The zero value is a rig on funcsim with a simulator that
// misbehaves a little.
type Options struct {
	// Func is the path of a real `func`; empty: funcsim.
	Func string
	// Settings are settings of the app, in addition to or instead of those that the rig makes.
	Settings map[string]string
	// ACS is a simulator whose knobs are set and which has not been started. The rig
	// sets its addresses, and, if it has no Subscriptions, one that sends the events of
	// recordings to the app's queue. Nil: a simulator with default knobs.
	ACS *acssim.Server
	// Azurite is a running server, which Close does not end. Nil: the rig starts one.
	Azurite *azurite.Server
	// App is the folder of a staged app. Empty: the rig stages one.
	App string
	// Beside is a running rig. The new one adds another host of the same app, on the
	// same storage and for the same ACS. ACS has one address only: requests of the new
	// handler to ACS go through the Hook of the running rig.
	Beside *Rig
	// Hook sees every request of the handler to storage and to ACS, and those of the
	// host to the same storage (see FromHandler). Nil: a hook that only counts.
	Hook *faultproxy.Hook
	// Direct leaves the proxies out: Hook sees no request.
	Direct bool
	// Log is called with each line of host and handler.
	Log func(line string)
	// Notify is called with a line before a step that takes a while.
	Notify func(text string)
}

// Rig is a running rig.
type Rig struct {
	ACS     *acssim.Server
	ACSURL  string          // without the proxy
	Azurite azurite.Account // without the proxies
	Host    Host
	Env     scenario.Env
	Hook    *faultproxy.Hook

	direct  bool
	closers []func()
}

// Start sets up a rig and waits until its host serves. If it fails, it ends what it has
// started.
func Start(ctx context.Context, o Options) (*Rig, error) {
	if o.Notify == nil {
		o.Notify = func(string) {}
	}
	r := &Rig{ACS: o.ACS, Hook: o.Hook, direct: o.Direct}
	if r.ACS == nil {
		r.ACS = &acssim.Server{}
	}
	if r.Hook == nil {
		r.Hook = &faultproxy.Hook{}
	}
	if err := r.start(ctx, o); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// start starts what the options ask for.
func (r *Rig) start(ctx context.Context, o Options) error {
	app, err := r.appFolder(o)
	if err != nil {
		return fmt.Errorf("stage the app: %w", err)
	}
	port, err := funcsim.FreePort()
	if err != nil {
		return err
	}
	frontend := fmt.Sprintf("http://127.0.0.1:%d", port)
	if b := o.Beside; b != nil {
		r.ACS, r.ACSURL, r.Azurite = b.ACS, b.ACSURL, b.Azurite
	} else if err := r.startServices(ctx, o, frontend); err != nil {
		return err
	}
	env, err := r.settings(frontend)
	if err != nil {
		return err
	}
	maps.Copy(env, o.Settings)
	if r.Env, err = newEnv(ctx, r, frontend); err != nil {
		return err
	}
	if o.Func != "" {
		o.Notify("starting the Functions host: " + o.Func)
		r.Host = newFunc(o.Func, app, port, env, o.Log)
	} else {
		o.Notify("starting funcsim, the simulator of a Functions host")
		r.Host = newFuncsim(app, port, env, o.Log)
	}
	if err := r.Host.Start(ctx); err != nil {
		return err
	}
	r.closers = append(r.closers, r.Host.Stop)
	r.ACS.Start()
	return nil
}

// appFolder returns the folder of the staged app. It stages one if the options name none.
func (r *Rig) appFolder(o Options) (string, error) {
	if o.App != "" {
		return o.App, nil
	}
	app, err := stage(o.Notify)
	if app != "" {
		r.closers = append(r.closers, func() { os.RemoveAll(app) })
	}
	return app, err
}

// startServices starts what the app needs besides its host: storage and ACS.
func (r *Rig) startServices(ctx context.Context, o Options, frontend string) error {
	if err := r.openStorage(ctx, o.Azurite, o.Notify); err != nil {
		return err
	}
	if err := r.subscribeRecordings(ctx); err != nil {
		return err
	}
	return r.serveACS(frontend)
}

// Close ends everything that Start has started.
func (r *Rig) Close() {
	for i := len(r.closers) - 1; i >= 0; i-- {
		r.closers[i]()
	}
	r.closers = nil
}

// openStorage gives the rig an account of the server; if server is nil, it starts one.
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

// serveACS gives the simulator a listener and its addresses. Its own address is that of
// the handler's proxy: the handler signs requests for it, and locations of recordings
// contain it.
func (r *Rig) serveACS(frontend string) error {
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
	r.ACS.EventGridURL = frontend + "/runtime/webhooks/eventgrid?functionName=incomingcall"
	go server.Serve(l)
	r.closers = append(r.closers, func() {
		r.ACS.Close()
		server.Close()
	})
	return nil
}

// settings returns the app's settings, with the addresses of the proxies for storage and
// ACS.
func (r *Rig) settings(frontend string) (map[string]string, error) {
	storage := r.Azurite
	for _, service := range []*string{&storage.BlobURL, &storage.QueueURL, &storage.TableURL} {
		address, err := r.proxy(*service)
		if err != nil {
			return nil, err
		}
		*service = address
	}
	return map[string]string{
		"AzureWebJobsStorage":           storage.ConnectionString(),
		"AzureFunctionsWebHost__hostid": storage.Name,
		"FUNCTIONS_WORKER_RUNTIME":      "custom",
		"ACS_ENDPOINT":                  r.ACS.Endpoint,
		"ACS_ACCESS_KEY":                acssim.DevelopmentKey,
		"ACS_RESOURCE_ID":               acssim.DevelopmentResourceID,
		"ACS_ISSUER":                    r.ACS.Endpoint,
		"ACS_JWKS_URL":                  r.ACSURL + "/calling/keys", // without the proxy: read at any time
		"COGNITIVE_SERVICES_ENDPOINT":   "https://speech.example",   // must not be empty for the simulator
		"RECORDING_HOSTS":               "127.0.0.1",
		"LINES":                         scenario.Line,
		"CALLBACK_BASE_URL":             frontend,
		"CALLBACK_KEYS":                 "rig:c3dpdGNoYm9hcmQtZGV2ZWxvcG1lbnQtb25seS1jYWxsYmFjay1rZXk=",
	}, nil
}

// proxy starts a proxy for an address and returns the proxy's address; without proxies it
// returns the address.
func (r *Rig) proxy(address string) (string, error) {
	if r.direct {
		return address, nil
	}
	target, err := url.Parse(address)
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

// newEnv returns what a scenario needs to run on the rig, with addresses without proxies.
func newEnv(ctx context.Context, r *Rig, frontend string) (scenario.Env, error) {
	tables, err := table.Open(r.Azurite.ConnectionString(), nil)
	if err != nil {
		return scenario.Env{}, err
	}
	blobs, err := service.NewClientFromConnectionString(r.Azurite.ConnectionString(), nil)
	if err != nil {
		return scenario.Env{}, err
	}
	documents := catalog.Azure{Container: blobs.NewContainerClient(app.CatalogContainer)}
	files := archive.Azure{Container: blobs.NewContainerClient(app.RecordingsContainer)}
	err = errors.Join(tables.Create(ctx, app.Tables...), documents.Create(ctx), files.Create(ctx))
	if err != nil {
		return scenario.Env{}, err
	}
	worklist := tables.Table(store.TableWorklist)
	return scenario.Env{
		ACS:     r.ACS,
		Host:    http.DefaultClient,
		URL:     frontend,
		Catalog: catalog.New(documents),
		Calls:   store.NewCalls(tables.Table(store.TableCalls), worklist),
		Ledger: store.NewLedger(tables.Table(store.TableCampaigns), tables.Table(store.TableContacts),
			tables.Table(store.TableNumbers), tables.Table(store.TableLines)),
		Recordings: store.NewRecordings(tables.Table(store.TableRecordings), worklist),
		Files:      files,
		Contacts:   tables.Table(store.TableContacts),
	}, nil
}
