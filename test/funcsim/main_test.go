package funcsim

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// asProcess is the variable that makes the test binary run as another program: a
// handler, or a host that runs one.
const asProcess = "FUNCSIM_TEST_PART"

func TestMain(m *testing.M) {
	switch os.Getenv(asProcess) {
	case "":
		m.Run()
	case "handler":
		serveHandler()
	case "deaf handler":
		time.Sleep(time.Hour)
	case "host":
		serveHost()
	}
}

var word = regexp.MustCompile(`^\w*`)

// serveHandler runs a handler: the recorder, with additional replies that concern
// its process.
func serveHandler() {
	fmt.Println("listening")
	l, err := net.Listen("tcp", "127.0.0.1:"+os.Getenv("FUNCTIONS_CUSTOMHANDLER_PORT"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
	rec := &recorder{}
	err = http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		_, do, _ := strings.Cut(r.RequestURI+" "+string(body), "do=")
		switch do = word.FindString(do); do {
		case "exit0":
			os.Exit(0)
		case "exit1":
			fmt.Fprintln(os.Stderr, "out of memory")
			os.Exit(1)
		case "exit200":
			os.Exit(200)
		case "print":
			fmt.Fprintln(os.Stderr, "a Warning about something")
			fmt.Fprint(os.Stdout, "no end of line")
		case "environment":
			_ = json.NewEncoder(w).Encode(os.Environ())
		case "pid":
			fmt.Fprint(w, os.Getpid())
		default:
			rec.ServeHTTP(w, r)
		}
	}))
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// serveHost runs a host with a handler, and prints the handler's pid.
func serveHost() {
	h := &Host{Root: "testdata/golden-app", Env: processEnv("handler"),
		Queues: map[string]Queue{"texts": &MemoryQueue{}}, Blobs: &MemoryBlobs{}}
	if err := h.Start(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for h.PID() == 0 {
		time.Sleep(time.Millisecond)
	}
	fmt.Println(h.PID())
	time.Sleep(time.Hour)
}

// processEnv returns settings with which a host runs the test binary as its handler.
func processEnv(part string) map[string]string {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return map[string]string{
		asProcess:             part,
		"AzureWebJobsStorage": "UseDevelopmentStorage=true",
		"AzureFunctionsJobHost__customHandler__description__defaultExecutablePath": self,
	}
}
