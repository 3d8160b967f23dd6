// Package azurite starts Azurite, Microsoft's emulator of Azure Storage, at the
// version that test/package.json pins. Azurite keeps everything in memory, listens on
// free ports of the loopback, and ends with the process that started it.
package azurite

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"sync/atomic"
	"time"

	"switchboard/test"
	"switchboard/test/nodejs"
)

// startTimeout is the longest time from Azurite's start to its first answers. On an
// idle machine that is one or two seconds.
const startTimeout = time.Minute

//go:embed run.js
var runScript string

// Options are the optional settings of Start; nil means none.
type Options struct {
	// Notify gets a line to be printed before Start begins something slow.
	Notify func(string)
}

// Server is a running Azurite.
type Server struct {
	// Account is the well-known account. All of its users share it.
	Account

	given   atomic.Int64 // number of other accounts that NewAccount has returned
	process *nodejs.Process
	home    string // working folder of the process, with its log
	close   sync.Once
}

// Start installs Azurite if necessary, starts it and waits until its three services
// answer. The context bounds the start, not the server, which runs until Close or the
// end of this process. Start fails with nodejs.ErrNoNode if there is no Node.js.
func Start(ctx context.Context, o *Options) (*Server, error) {
	if o == nil {
		o = &Options{}
	}
	packages, err := nodejs.Install(ctx, test.NodePackages, o.Notify)
	if err != nil {
		return nil, err
	}
	s, err := launch(packages)
	if err != nil {
		return nil, fmt.Errorf("start Azurite: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := s.ready(ctx); err != nil {
		log, _ := os.ReadFile(s.logPath())
		s.Close()
		return nil, fmt.Errorf("start Azurite: %w:\n%s", err, nodejs.LastLines(log, 10))
	}
	return s, nil
}

// launch starts the process. Azurite chooses its ports itself and writes them into its
// log, so that two servers that start at once cannot choose the same.
func launch(packages string) (*Server, error) {
	home, err := os.MkdirTemp("", "azurite-")
	if err != nil {
		return nil, err
	}
	s := &Server{Account: Account{Name: knownAccount, Key: knownKey}, home: home}
	log, err := os.Create(s.logPath())
	if err != nil {
		os.RemoveAll(home)
		return nil, err
	}
	defer log.Close() // the process has its own descriptor
	s.process, err = nodejs.Program{
		Script: runScript,
		Args: []string{
			filepath.Join(packages, "node_modules/azurite/dist/src/azurite.js"),
			"--inMemoryPersistence", "--disableTelemetry", "--silent",
			"--skipApiVersionCheck", // azblob 1.8.0 speaks a version that Azurite 3.35.0 does not know by name
			"--blobPort", "0", "--queuePort", "0", "--tablePort", "0",
			// Longer than any test, so that no idle connection is closed under a request.
			"--blobKeepAliveTimeout", "3600", "--queueKeepAliveTimeout", "3600", "--tableKeepAliveTimeout", "3600",
		},
		Dir:    home,
		Env:    []string{"AZURITE_ACCOUNTS=" + accountList()},
		Output: log,
	}.Start()
	if err != nil {
		os.RemoveAll(home)
		return nil, err
	}
	return s, nil
}

func (s *Server) logPath() string { return filepath.Join(s.home, "azurite.log") }

var listening = regexp.MustCompile(`Azurite (Blob|Queue|Table) service is successfully listening at (http://\S+)`)

// ready waits until the log names the three addresses and they answer.
func (s *Server) ready(ctx context.Context) error {
	for {
		log, err := os.ReadFile(s.logPath())
		if err != nil {
			return err
		}
		for _, m := range listening.FindAllSubmatch(log, -1) {
			url := string(m[2]) + "/" + s.Name
			switch string(m[1]) {
			case "Blob":
				s.BlobURL = url
			case "Queue":
				s.QueueURL = url
			case "Table":
				s.TableURL = url
			}
		}
		if s.BlobURL != "" && s.QueueURL != "" && s.TableURL != "" {
			return errors.Join(answers(ctx, s.BlobURL), answers(ctx, s.QueueURL), answers(ctx, s.TableURL))
		}
		select {
		case <-s.process.Exited():
			return errors.New("it ended")
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// answers returns an error unless a server at url answers. A refusal is an answer.
func answers(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// Close ends Azurite, deletes everything in it, and waits for the end.
func (s *Server) Close() {
	s.close.Do(func() {
		s.process.Close()
		os.RemoveAll(s.home)
	})
}
