// Package config turns the app's settings, which the Functions host passes on as environment variables, into
// one Config. No other package reads the environment or knows the name of a setting; docs/settings.md lists
// them all.
package config

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/rs/zerolog"
)

// Config holds the app's settings. Load has checked them: every URL is absolute and, except the issuer, has
// no trailing slash; every duration is within its bounds.
type Config struct {
	Port     string        // the host sends requests to it
	LogLevel zerolog.Level // lines below it are not written

	Storage   Storage
	ACS       ACS
	Callbacks Callbacks

	// CognitiveServices is the endpoint of the Azure AI services that speak texts and understand speech;
	// empty if none.
	CognitiveServices string
	// Lines are the raw ids of the lines this app serves; none means every line on which calls arrive.
	Lines []string
	// LineCalls is the limit of calls to telephones on one line at a time.
	LineCalls int
	// RecordingHosts are hosts that keep recordings, besides the service's own, in lower case. An entry that
	// begins with a dot means all hosts of that domain. They are sent credentials.
	RecordingHosts []string

	Timeouts Timeouts
}

// Storage is the account of tables, blobs and queues.
type Storage struct {
	// ConnectionString is empty if the account is used by identity.
	ConnectionString Secret
	Account          string // the account's name, if it is used by identity
	ClientID         string // of a user-assigned identity; empty: the system-assigned one
}

// ACS is the Communication Services resource that calls come through.
type ACS struct {
	Endpoint   string
	AccessKey  Secret // base64, as the portal shows it; empty: requests are authorized by identity
	ResourceID string // the resource's immutable id, the audience of callback tokens
	Issuer     string // of callback tokens
	JWKSURL    string // where the keys of callback tokens are published
}

// Callbacks holds the address of our callback URLs and the keys that sign them.
type Callbacks struct {
	BaseURL string // the part before /api/callbacks/…
	Keys    []Key  // one or two: the first signs, all verify
}

// Key is a secret and its name.
type Key struct {
	ID     string
	Secret Secret // raw bytes
}

// Timeouts are the time limits of a call, of the requests made for it, and of its recordings.
type Timeouts struct {
	ACS            time.Duration // one request with its retries; an action's lease is 3 times as long
	Answer         time.Duration // from the offer to the latest start of an Answer
	Connect        time.Duration // from the request to answer to CallConnected
	Prompt         time.Duration // a prompt beyond its text, or a recognition after its prompt
	InviteGrace    time.Duration // an invited agent's answer, beyond the ring time
	RecordingStart time.Duration // until a recording runs
	Hangup         time.Duration // from the request to hang up to CallDisconnected
	KeepAlive      time.Duration // without an event, after which a connected call is checked
	Call           time.Duration // the longest call
	Ring           time.Duration // the ring time of a callee's telephone
	Confirm        time.Duration // without an event, after which an attempt has ended
	Recording      time.Duration // from a call's end until its recording's files exist
	RecordingCopy  time.Duration // one run that copies a recording
}

// Load reads the settings through getenv (os.Getenv outside tests). It reports all faults at once, each with
// the name of its setting, so that one failed start shows them all. No error contains the value of a secret.
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
