package azurite_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"switchboard/test/azurite"
	"switchboard/test/nodejs"
)

// TestMain also runs the process that TestAzuriteEndsWithTheProcessThatStartedIt
// starts and kills.
func TestMain(m *testing.M) {
	if os.Getenv("AZURITE_TEST_CHILD") == "" {
		os.Exit(m.Run())
	}
	s, err := azurite.Start(context.Background(), nil)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(s.TableURL)
	select {}
}

func TestAllServicesAnswerUntilClose(t *testing.T) {
	azurite.ForTest(t) // or skips
	s, err := azurite.Start(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, url := range []string{s.BlobURL, s.QueueURL, s.TableURL} {
		if !answers(url) {
			t.Errorf("%s does not answer, want an answer", url)
		}
		if !strings.Contains(s.ConnectionString(), "Endpoint="+url+";") {
			t.Errorf("connection string %s, want %s in it", s.ConnectionString(), url)
		}
	}
	s.Close()
	s.Close() // may be repeated
	for _, url := range []string{s.BlobURL, s.QueueURL, s.TableURL} {
		if answers(url) {
			t.Errorf("%s answers after Close, want no answer", url)
		}
	}
}

func TestAzuriteEndsWithTheProcessThatStartedIt(t *testing.T) {
	azurite.ForTest(t) // or skips
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "AZURITE_TEST_CHILD=1", "TMPDIR="+t.TempDir())
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	url := strings.TrimSpace(line)
	if err != nil || !answers(url) {
		t.Fatalf("child said %q, %v, want an address that answers", line, err)
	}
	cmd.Process.Kill()
	cmd.Wait()
	for killed := time.Now(); answers(url); time.Sleep(20 * time.Millisecond) {
		if after := time.Since(killed); after > 3*time.Minute { // only a failing test waits so long
			t.Fatalf("%s answers %v after the end of the process that started Azurite, want no answer", url, after)
		}
	}
}

func TestStartFailsWithoutNode(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, err := azurite.Start(t.Context(), nil); !errors.Is(err, nodejs.ErrNoNode) {
		t.Errorf("Start: %v, want %v", err, nodejs.ErrNoNode)
	}
}

func answers(url string) bool {
	c := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := c.Get(url)
	if err != nil {
		return false
	}
	resp.Body.Close()
	return true
}
