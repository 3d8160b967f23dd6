package acssim

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// overSockets returns an application that is connected to sim over sockets.
func overSockets(t *testing.T, sim *Server) *application {
	t.Helper()
	app := &application{t: t, sim: sim, http: http.DefaultClient}
	server := httptest.NewServer(app)
	t.Cleanup(server.Close)
	app.self = server.URL
	simServer := httptest.NewUnstartedServer(sim)
	sim.Endpoint = "http://" + simServer.Listener.Addr().String()
	sim.EventGridURL = app.self + "/eventgrid"
	simServer.Start()
	t.Cleanup(simServer.Close)
	t.Cleanup(sim.Close)
	t.Cleanup(func() {
		for _, f := range app.faults {
			t.Error(f)
		}
	})
	return app
}

// sendControl sends a request to the control API, expects a status and returns the
// body of the answer.
func sendControl(t *testing.T, app *application, want int, method, path, body string) []byte {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	w := httptest.NewRecorder()
	app.sim.ServeHTTP(w, r)
	if w.Code != want {
		t.Errorf("%s %s = %d, want %d: %s", method, path, w.Code, want, w.Body)
	}
	if want >= 400 && w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("%s %s is refused as %s, want a problem document", method, path, w.Header().Get("Content-Type"))
	}
	return w.Body.Bytes()
}

// A call over sockets is started, asked and hung up through the control API, and
// appears on the timeline.
func TestCallOverSockets(t *testing.T) {
	app := overSockets(t, &Server{Strict: true})
	ended := make(chan struct{})
	var once sync.Once
	var path string
	app.onOffer = func(context string) {
		path = app.pathOf(app.must(200, "POST", "/calling/callConnections:answer", app.answerBody(context)))
	}
	app.on = func(e callbackEvent) {
		switch e.Type {
		case "CallConnected":
			app.must(202, "POST", path+":recognize", fmt.Sprintf(
				`{"recognizeInputType":"dtmf","recognizeOptions":{"targetParticipant":{"rawId":%q},"dtmfOptions":{"maxTonesToCollect":2}}}`, caller))
			sendControl(t, app, 204, "POST", "/sim/calls/call-1/press", `{"tones":"4"}`)
			sendControl(t, app, 204, "POST", "/sim/calls/"+path[len("/calling/callConnections/"):]+"/press", `{"tones":"2"}`)
		case "RecognizeCompleted":
			sendControl(t, app, 204, "POST", "/sim/calls/call-1/say", `{"text":"bye"}`)
			sendControl(t, app, 204, "POST", "/sim/calls/call-1/hangup", "")
		case "CallDisconnected":
			once.Do(func() { close(ended) })
		}
	}
	timeline, err := http.Get(app.sim.Endpoint + "/sim/timeline")
	if err != nil {
		t.Fatal(err)
	}
	defer timeline.Body.Close()
	sendControl(t, app, 202, "POST", "/sim/calls", fmt.Sprintf(`{"from":"+12065550100","to":%q,"displayName":"Ada"}`, line))
	<-ended
	if tones := app.last("RecognizeCompleted").Data.DTMFResult.Tones; len(tones) != 2 {
		t.Errorf("tones = %v, want 2", tones)
	}
	if app.offers[0].CallerDisplayName != "Ada" {
		t.Errorf("caller = %q, want Ada", app.offers[0].CallerDisplayName)
	}
	var calls []CallInfo
	if err := json.Unmarshal(sendControl(t, app, 200, "GET", "/sim/calls", ""), &calls); err != nil || len(calls) != 1 || calls[0].State != "disconnected" {
		t.Errorf("calls = %+v, %v, want one that is disconnected", calls, err)
	}
	for lines := bufio.NewScanner(timeline.Body); lines.Scan(); {
		if strings.Contains(lines.Text(), "12065550100") {
			t.Errorf("timeline = %s, want no number in it", lines.Text())
		}
		if strings.Contains(lines.Text(), `"kind":"ended"`) {
			return
		}
	}
	t.Error("the timeline does not report the end, want it to")
}

func TestControlAPIRefusesInvalidRequests(t *testing.T) {
	inBubble(t, &Server{}, func(t *testing.T, app *application) {
		for _, tt := range []struct {
			method, path, body string
			want               int
		}{
			{"POST", "/sim/calls", `{`, 400},
			{"POST", "/sim/calls", `{"from":"+12065550100"}`, 400},
			{"POST", "/sim/calls", `{"from":"+12065550100","to":"28:orgid:x","script":"answer"}`, 400},
			{"POST", "/sim/calls", `{"from":"+12065550100","to":"28:orgid:x","scrpt":""}`, 400},
			{"POST", "/sim/calls/call-1/press", `{"tones":"1"}`, 404},
			{"POST", "/sim/calls/call-1/press", `{"tones":"x"}`, 400},
			{"POST", "/sim/calls/call-1/say", `{"text":""}`, 400},
			{"PUT", "/sim/phones/4:+12065550100", `{"script":"ring 2s"}`, 400},
			{"PUT", "/sim/faults", `{"duplicate":2}`, 400},
		} {
			sendControl(t, app, tt.want, tt.method, tt.path, tt.body)
		}
		sendControl(t, app, 204, "PUT", "/sim/phones/4:+12065550101", `{"script":"busy"}`)
		sendControl(t, app, 204, "PUT", "/sim/faults", `{"duplicate":0.5}`)
		sendControl(t, app, 200, "GET", "/sim/rings", "")
		sendControl(t, app, 200, "GET", "/sim/timeline?follow=false", "")
		app.create("4:+12065550101")
		app.wait(10 * time.Second)
		app.last("CreateCallFailed")
	})
}

func TestTheMetadataLeadsToTheKeys(t *testing.T) {
	app := overSockets(t, &Server{Strict: true})
	for next, member := range map[string]string{metadataPath: "jwks_uri", keysPath: "keys"} {
		response, err := http.Get(app.sim.Endpoint + next)
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		err = json.NewDecoder(response.Body).Decode(&got)
		response.Body.Close()
		if err != nil || got[member] == nil {
			t.Errorf("%s = %v, %v, want %s in it", next, got, err, member)
		}
		if member == "jwks_uri" && (got["issuer"] != app.sim.Endpoint || got[member] != app.sim.Endpoint+keysPath) {
			t.Errorf("metadata = %v, want addresses at %s", got, app.sim.Endpoint)
		}
	}
}

// In each of hundreds of concurrent calls the callee presses a key.
func TestHundredsOfConcurrentCalls(t *testing.T) {
	const n = 300
	inBubble(t, &Server{}, func(t *testing.T, app *application) {
		app.on = func(e callbackEvent) {
			path := "/calling/callConnections/" + e.Data.CallConnectionID
			switch e.Type {
			case "CallConnected":
				app.must(202, "POST", path+":recognize", fmt.Sprintf(
					`{"recognizeInputType":"dtmf","recognizeOptions":{"targetParticipant":{"rawId":%q},"dtmfOptions":{"maxTonesToCollect":1}}}`,
					e.Data.OperationContext))
			case "RecognizeCompleted":
				app.must(204, "DELETE", path, "")
			}
		}
		for i := range n {
			who := fmt.Sprintf("8:orgid:%d", i)
			if err := app.sim.SetPhone(who, "answer; wait prompt; press 1"); err != nil {
				t.Fatal(err)
			}
			app.must(201, "POST", "/calling/callConnections", fmt.Sprintf(
				`{"targets":[{"rawId":%q}],"callbackUri":"http://127.0.0.1:7071/callbacks","operationContext":%q}`, who, who))
		}
		app.wait(time.Minute)
		for _, c := range app.sim.Calls() {
			if c.State != "disconnected" || c.SubCode != 7000 {
				t.Errorf("call = %+v, want it disconnected, 7000", c)
			}
		}
		if got := len(app.received()); got != 4*n {
			t.Errorf("%d events, want %d", got, 4*n)
		}
	})
}
