// Package rig sets the whole exchange up on this machine: Azurite, acssim, a
// Functions host with the built handler, and between the handler and the world
// loopback proxies that count its requests and can stop at one of them. The
// demonstration and the tests of the built program stand on it.
//
// Everything runs on free ports of the loopback and in temporary folders; Close
// ends and removes all of it.
package rig

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync/atomic"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"

	"switchboard/handler/catalog"
	"switchboard/handler/exchange"
	"switchboard/handler/store"
	"switchboard/test/acssim"
	"switchboard/test/azurite"
	"switchboard/test/faultproxy"
	"switchboard/test/scenario"
)

// Options say what the rig is made of. The zero value is a rig on funcsim with
// a simulator that misbehaves a little.
type Options struct {
	// Func is the path of a real `func`; empty: funcsim.
	Func string
	// Env adds settings of the app, over those that the rig makes.
	Env map[string]string
	// ACS is a simulator whose knobs are set and which has not been started; the
	// rig fills in addresses. Nil: one with default knobs.
	ACS *acssim.Server
	// Azurite is one that runs already and is left running; nil: one of the rig's own.
	Azurite *azurite.Server
	// App is the folder of an app that has been put together already; empty: the
	// rig stages one.
	App string
	// Beside is a rig that runs: the new one is but another host of the same app, on
	// the same storage and for the same ACS.
	Beside *Rig
	// Moments sees every request of the handler to its tables, its documents and
	// ACS; nil: one that only counts.
	Moments *faultproxy.Moments
	// Log gets the lines of host and handler.
	Log func(line string)
	// Notify gets a line before something begins that takes a while.
	Notify func(text string)
}

// Rig is the running whole.
type Rig struct {
	ACS     *acssim.Server
	ACSURL  string
	Azurite *azurite.Server
	Host    Host
	World   scenario.World
	Moments *faultproxy.Moments

	prefix  string // of the app's tables and containers
	closers []func()
}

// rigs numbers the rigs of this process, so that those on one Azurite stay apart.
var rigs atomic.Int64

// Start sets up a rig and waits until its host serves. What it has started is
// ended if it fails.
func Start(ctx context.Context, o Options) (r *Rig, err error) {
	r = &Rig{ACS: o.ACS, Azurite: o.Azurite, Moments: o.Moments}
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
		r.ACS, r.ACSURL, r.Azurite, r.prefix = b.ACS, b.ACSURL, b.Azurite, b.prefix
	}
	if r.ACS == nil {
		r.ACS = &acssim.Server{}
	}
	if r.Moments == nil {
		r.Moments = &faultproxy.Moments{}
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
	if r.Azurite == nil {
		notify("starting Azurite")
		if r.Azurite, err = azurite.Start(ctx, &azurite.Options{Notify: notify}); err != nil {
			return r, err
		}
		r.closers = append(r.closers, r.Azurite.Close)
	}
	port, err := freePort()
	if err != nil {
		return r, err
	}
	front := fmt.Sprintf("http://127.0.0.1:%d", port)
	if o.Beside == nil {
		if err := r.serveACS(front); err != nil {
			return r, err
		}
		r.prefix = fmt.Sprintf("r%dx%d", os.Getpid(), rigs.Add(1))
	}
	env, err := r.settings(front)
	if err != nil {
		return r, err
	}
	maps.Copy(env, o.Env)
	if r.World, err = world(ctx, r, front); err != nil {
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

// serveACS gives the simulator its addresses and a listener.
func (r *Rig) serveACS(front string) error {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	r.ACSURL = "http://" + l.Addr().String()
	r.ACS.Endpoint = r.ACSURL
	r.ACS.EventGridURL = front + "/runtime/webhooks/eventgrid?functionName=incomingcall"
	server := &http.Server{Handler: r.ACS}
	go server.Serve(l)
	r.closers = append(r.closers, func() {
		r.ACS.Close()
		server.Close()
	})
	return nil
}

// settings are the app's settings: storage and ACS lie behind the proxies.
func (r *Rig) settings(front string) (map[string]string, error) {
	connection := r.Azurite.ConnectionString()
	for _, direct := range []string{r.Azurite.TableURL, r.Azurite.BlobURL} {
		behind, err := r.proxy(direct)
		if err != nil {
			return nil, err
		}
		connection = strings.ReplaceAll(connection, direct, behind)
	}
	acs, err := r.proxy(r.ACSURL)
	if err != nil {
		return nil, err
	}
	return map[string]string{
		"AzureWebJobsStorage":           connection,
		"AzureFunctionsWebHost__hostid": r.prefix,
		"FUNCTIONS_WORKER_RUNTIME":      "custom",
		"STORAGE_PREFIX":                r.prefix,
		"ACS_ENDPOINT":                  acs,
		"ACS_ACCESS_KEY":                acssim.DevelopmentKey,
		"ACS_RESOURCE_ID":               acssim.DevelopmentResourceID,
		"ACS_ISSUER":                    r.ACSURL,
		"ACS_JWKS_URL":                  r.ACSURL + "/calling/keys",
		"COGNITIVE_SERVICES_ENDPOINT":   "https://speech.example", // the simulator asks only whether there is one
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
	p, err := faultproxy.Start(target, r.Moments)
	if err != nil {
		return "", err
	}
	r.closers = append(r.closers, p.Close)
	return p.URL, nil
}

// Requests counts the requests of the handler so far: to storage and to ACS. The
// host keeps things of its own in the same account, but no tables; the app's
// prefix tells the handler's blobs from the host's.
func (r *Rig) Requests() (storage, acs int) {
	for _, q := range r.Moments.Seen() {
		switch q.Target {
		case hostOf(r.Azurite.TableURL):
			storage++
		case hostOf(r.Azurite.BlobURL):
			if strings.Contains(q.Path, "/"+r.prefix) {
				storage++
			}
		case hostOf(r.ACSURL):
			acs++
		}
	}
	return storage, acs
}

// hostOf is the host and port of an http address.
func hostOf(address string) string {
	host, _, _ := strings.Cut(strings.TrimPrefix(address, "http://"), "/")
	return host
}

// world is the rig as a scenario sees it, past the proxies.
func world(ctx context.Context, r *Rig, front string) (scenario.World, error) {
	tables, err := store.Open(r.Azurite.ConnectionString(), r.prefix, nil)
	if err != nil {
		return scenario.World{}, err
	}
	blobs, err := service.NewClientFromConnectionString(r.Azurite.ConnectionString(), nil)
	if err != nil {
		return scenario.World{}, err
	}
	documents := catalog.Azure{Container: blobs.NewContainerClient(r.prefix + exchange.Container)}
	if err := errors.Join(tables.Create(ctx, exchange.Tables...), documents.Create(ctx)); err != nil {
		return scenario.World{}, err
	}
	return scenario.World{
		ACS:     r.ACS,
		Host:    http.DefaultClient,
		URL:     front,
		Catalog: catalog.New(documents),
		Calls:   store.NewCalls(tables.Table(store.TableCalls), tables.Table(store.TableLive)),
	}, nil
}

// Ports for hosts lie below those that systems give to outgoing connections, of
// which the tests have so many that one may take a port before its host does.
const firstPort, ports = 20000, 12000

// freePort returns a port that nobody listens on now.
func freePort() (port int, err error) {
	for range 100 {
		port = firstPort + rand.IntN(ports)
		l, failed := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
		if failed == nil {
			return port, l.Close()
		}
		err = failed
	}
	return 0, err
}
