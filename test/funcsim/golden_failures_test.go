package funcsim

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// jsonReply matches a recorded request to HttpJson, and in it the reply that it requests.
var jsonReply = regexp.MustCompile(`^GET /api/json\?reply=(\w+) `)

// TestFailuresOfTheJSONFormAreThoseOfTheRealHost makes an Event Grid function, which
// is invoked in the same form, fail as HttpJson failed. The client must get the same
// status after the same time.
func TestFailuresOfTheJSONFormAreThoseOfTheRealHost(t *testing.T) {
	var rec recording
	readGolden(t, "failures", &rec)
	for _, c := range rec.Cases {
		m := jsonReply.FindStringSubmatch(c.Request.Line)
		if m == nil || strings.HasPrefix(m[1], "exit") {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c.playFailure(t, rec.HostJSON.FunctionTimeout, `[{"id":"e1","subject":"reply=`+m[1]+`"}]`)
			})
		})
	}
}

// playFailure delivers an event in place of the recorded request, and compares the answer.
func (c recordedCase) playFailure(t *testing.T, functionTimeout, event string) {
	handler := &recorder{}
	h := &Host{
		Root: "testdata/golden-app", Handler: handler, CoreTools: true,
		Env: map[string]string{"AzureFunctionsJobHost__functionTimeout": functionTimeout},
	}
	if err := h.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer h.Stop()
	began := time.Now()
	r, err := http.NewRequest(http.MethodPost, h.URL()+eventGridPath+"?functionName=EventGridOne", strings.NewReader(event))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Aeg-Event-Type", "Notification")
	resp, err := h.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.Status != c.Response.Status {
		t.Errorf("status = %q, want %q", resp.Status, c.Response.Status)
	}
	if took := time.Since(began); took.Round(time.Second) != time.Duration(c.TookSeconds)*time.Second {
		t.Errorf("took %v, want %d s", took, c.TookSeconds)
	}
	if seen := withoutTimers(handler.all()); len(seen) != c.HandlerReceivesCount {
		t.Errorf("handler received %d requests, want %d", len(seen), c.HandlerReceivesCount)
	}
}

// TestExitsAreThoseOfTheRealHost repeats the recorded exits of the handler in their
// order on one host, and after each exit the recorded request.
func TestExitsAreThoseOfTheRealHost(t *testing.T) {
	var rec recording
	readGolden(t, "failures", &rec)
	h, _ := startProcessHost(t, "handler", nil)
	exits := 0
	for i, c := range rec.Cases {
		m := jsonReply.FindStringSubmatch(c.Request.Line)
		if m == nil || !strings.HasPrefix(m[1], "exit") {
			continue
		}
		exits++
		fail(t, h, m[1])
		after := rec.Cases[i+1]
		if strings.HasPrefix(after.Response.Status, "ERROR") {
			<-h.Stopped()
			continue
		}
		resp, err := h.Client().Get(h.URL() + "/api/echo")
		if err != nil {
			t.Fatalf("after %s: %v", c.Name, err)
		}
		resp.Body.Close()
		if resp.Status != after.Response.Status {
			t.Errorf("after %s: %s, want %s", c.Name, resp.Status, after.Response.Status)
		}
	}
	if exits == 0 || h.Err() == nil {
		t.Errorf("%d exits, the host: %v, want an exit and an error", exits, h.Err())
	}
}
