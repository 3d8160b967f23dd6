// Package config turns the app's settings, which the Functions host hands over as environment variables, into
// one Config. No other room reads the environment or knows the name of a setting; docs/settings.md lists them
// all.
package config

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/rs/zerolog"
)

// Config is what the app was told. Load has checked it: every URL is absolute and, but for the issuer,
// without a trailing slash, every duration within its bounds.
type Config struct {
	Port     string        // on which the host expects us to listen
	LogLevel zerolog.Level // lines below it are not written

	Storage   Storage
	ACS       ACS
	Callbacks Callbacks

	// CognitiveServices is the endpoint of the Azure AI services that speak texts and understand speech;
	// empty if none.
	CognitiveServices string
	// Lines are the raw ids of the lines this app serves; none means every line that calls reach it from.
	Lines []string
	// LineCalls is how many calls to telephones a line may hold at a time.
	LineCalls int
	// RecordingHosts are hosts that keep recordings, besides the service's own: in lower case, one with a dot
	// before it for all hosts under it. They are sent credentials.
	RecordingHosts []string

	Timeouts Timeouts
}

// Storage says where tables, blobs and queues are.
type Storage struct {
	// ConnectionString is empty if the account is used by identity.
	ConnectionString Secret
	Account          string // its name, if used by identity
	ClientID         string // of a user-assigned identity; empty: the system-assigned one
	Prefix           string // of the names of tables and containers; may be empty
}

// ACS is the Communication Services resource that calls come through.
type ACS struct {
	Endpoint   string
	AccessKey  Secret // base64, as the portal shows it; empty: requests are authorized by identity
	ResourceID string // its immutable id, the audience of callback tokens
	Issuer     string // of callback tokens
	JWKSURL    string // where the keys of callback tokens are published
}

// Callbacks says how ACS reaches us and how we know our own URLs again.
type Callbacks struct {
	BaseURL string // in front of /api/callbacks/…
	Keys    []Key  // one or two: the first signs, all verify
}

// Key is a secret with the name it is known by.
type Key struct {
	ID     string
	Secret Secret // raw bytes
}

// Timeouts are the deadlines of a call, of the requests made for it, and of what is left when it is over.
type Timeouts struct {
	ACS            time.Duration // one request with its retries; an action is its run's for 3 times as long
	Answer         time.Duration // after the offer, no Answer begins later
	Connect        time.Duration // from the answer's request to CallConnected
	Prompt         time.Duration // the end of a prompt or a recognition
	InviteGrace    time.Duration // beyond the ring time of an invited agent
	RecordingStart time.Duration // until a recording runs
	Hangup         time.Duration // until a call that was hung up is gone
	KeepAlive      time.Duration // a connected call without news for so long is looked up
	Call           time.Duration // the longest call
	Ring           time.Duration // how long a callee's telephone rings
	Confirm        time.Duration // an attempt of which nothing was heard for so long has ended
	Recording      time.Duration // from a call's end until its recording's files are there
	RecordingCopy  time.Duration // for which one run copies a recording
}

// Load reads the settings through getenv (os.Getenv outside tests). It reports every fault at once, each with
// the name of its setting, so that one failed start is enough to repair them all. No error contains the value
// of a secret.
func Load(getenv func(string) string) (Config, error) {
	var c Config
	var errs []error
	given := make(map[string]bool)
	for _, s := range settings {
		value := cmp.Or(strings.TrimSpace(getenv(s.name)), s.fallback)
		given[s.name] = value != ""
		if value == "" {
			if s.required {
				errs = append(errs, fmt.Errorf("%s is not set", s.name))
			}
			continue
		}
		if err := s.set(&c, value); err != nil {
			errs = append(errs, fmt.Errorf("%s %w", s.name, err))
		}
	}
	for _, check := range checks {
		errs = append(errs, check(&c, given))
	}
	if err := errors.Join(errs...); err != nil {
		return Config{}, err
	}
	return c, nil
}
