package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv("FUNCSIM_TEST_PART") == "" {
		goleak.VerifyTestMain(m)
		return
	}
	fmt.Println("handler is up")
	fmt.Println(http.ListenAndServe("127.0.0.1:"+os.Getenv("FUNCTIONS_CUSTOMHANDLER_PORT"), nil))
	os.Exit(1)
}

// output is a buffer that can be read and written at the same time.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

func TestRunPrintsFunctionsAndTheHandlersLines(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("FUNCSIM_TEST_PART", "handler")
	t.Setenv("AzureFunctionsJobHost__customHandler__description__defaultExecutablePath", self)
	// There is no storage at this address: the triggers are not tested here.
	t.Setenv("AzureWebJobsStorage", "AccountName=a;AccountKey=AAAA;BlobEndpoint=http://127.0.0.1:1/a;QueueEndpoint=http://127.0.0.1:1/a")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out := &output{}
	ended := make(chan error)
	go func() { ended <- run(ctx, []string{"-root", "../../testdata/golden-app", "-port", "0"}, out, out) }()
	for !strings.Contains(out.String(), "handler is up") {
		select {
		case err := <-ended:
			t.Fatal(err)
		case <-time.After(time.Millisecond):
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	for _, want := range []string{
		"/api/echo/{id?} GET,POST,PUT,DELETE,OPTIONS",
		"/api/v1/{*path}",
		"/runtime/webhooks/eventgrid?functionName=EventGridOne",
		"*/15 * * * * *",
		"Information stdout handler is up",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("output\n%s\nwant %q in it", out, want)
		}
	}
}

func TestAFolderWithoutAnAppIsRefused(t *testing.T) {
	err := run(t.Context(), []string{"-root", t.TempDir(), "-port", "0"}, &output{}, &output{})
	if err == nil || !strings.Contains(err.Error(), "host.json") {
		t.Errorf("err = %v, want one that names host.json", err)
	}
}
