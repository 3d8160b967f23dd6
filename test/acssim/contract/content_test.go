package contract

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"switchboard/handler/acs"
	"switchboard/handler/acs/events"
	"switchboard/test/acssim"
)

// A download is complete although its connection breaks several times.
func TestDownloadOverBrokenConnections(t *testing.T) {
	ctx := t.Context()
	files := make(chan *events.RecordingFileStatusUpdated, 1)
	app := httptest.NewServer(events.Handshakes("", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		all, err := events.Parse(body)
		if err != nil {
			t.Error(err)
		}
		for _, e := range all {
			if file, ok := e.Data.(*events.RecordingFileStatusUpdated); ok {
				files <- file
			}
		}
	})))
	defer app.Close()
	sim := &acssim.Server{Strict: true, Speed: 20, Seed: 1, Subscriptions: []acssim.Subscription{
		{Types: []string{"RecordingFileStatusUpdated"}, URL: app.URL},
	}}
	client := serve(t, sim, &acs.ClientOptions{
		ClientOptions:  azcore.ClientOptions{Retry: policy.RetryOptions{MaxRetries: 20, RetryDelay: time.Millisecond, MaxRetryDelay: time.Millisecond}},
		RecordingHosts: []string{"127.0.0.1"},
	})
	record(t, sim, client, app.URL, &acs.StartRecordingOptions{TeamsPhone: true, Content: acs.ContentAudio, Format: acs.FormatWAV})
	location := (<-files).RecordingStorageInfo.RecordingChunks[0].ContentLocation
	download := func() []byte {
		t.Helper()
		response, err := client.DownloadRecording(ctx, location, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		content, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return content
	}
	whole := download()
	if err := sim.SetFaults(acssim.Faults{LoseAnswer: 0.9}); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		if got := download(); !bytes.Equal(got, whole) {
			t.Errorf("%d bytes arrived, want the %d of the file", len(got), len(whole))
		}
	}
}

// serve serves the simulator on the loopback, and returns a client of it.
func serve(t *testing.T, sim *acssim.Server, options *acs.ClientOptions) *acs.Client {
	t.Helper()
	server := httptest.NewUnstartedServer(sim)
	sim.Endpoint = "http://" + server.Listener.Addr().String()
	server.Start()
	t.Cleanup(server.Close)
	t.Cleanup(sim.Close)
	client, err := acs.NewClientWithKey(sim.Endpoint, acssim.DevelopmentKey, options)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// record calls the caller, who talks for 5 s and hangs up, and records the call.
func record(t *testing.T, sim *acssim.Server, client *acs.Client, callback string, options *acs.StartRecordingOptions) {
	t.Helper()
	if err := sim.SetPhone("+12065550100", "answer; wait 2s; talk 5s; hang up"); err != nil {
		t.Fatal(err)
	}
	call, err := client.CreateCall(t.Context(), []acs.Identifier{caller}, callback, &acs.CreateCallOptions{TeamsAppSource: lineID})
	if err != nil {
		t.Fatal(err)
	}
	until(t, "connected call", func() bool { return sim.Calls()[0].State == "connected" })
	target := acs.RecordingTarget{CallConnectionID: call.CallConnectionID}
	if _, err := client.StartRecording(t.Context(), target, options); err != nil {
		t.Fatal(err)
	}
}
