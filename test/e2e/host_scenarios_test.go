package e2e

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"switchboard/test/acssim"
	"switchboard/test/rig"
)

// longScenario takes minutes in real time; inbound.txtar has a shorter conversation.
const longScenario = "recorded.txtar"

func TestScenariosOnTheBuiltHandler(t *testing.T) {
	t.Parallel()
	onFuncsim.runAll(t, parallelTests, nil)
}

// TestScenariosOnTheBuiltHandlerWithContentLength has a host that sends bodies with
// Content-Length, as under Core Tools; in Azure they are chunked.
func TestScenariosOnTheBuiltHandlerWithContentLength(t *testing.T) {
	t.Parallel()
	onFuncsim.runAll(t, parallelTests, map[string]string{"FUNCTIONS_CORETOOLS_ENVIRONMENT": "true"})
}

func TestScenariosUnderFunc(t *testing.T) {
	t.Parallel()
	onFunc(t).runAll(t, 3, nil)
}

// faultScenarios is the suffix of the scenarios that are for runs with faults. Without
// faults, each has a counterpart that expects more.
const faultScenarios = "-faults.txtar"

// runAll runs each scenario on a rig of its own, limit of them at a time, and checks the
// handler's log.
func (h host) runAll(t *testing.T, limit int, settings map[string]string) {
	var all errgroup.Group
	all.SetLimit(limit)
	for _, s := range readScenarios(t) {
		if s.File == longScenario || strings.HasSuffix(s.File, faultScenarios) {
			continue
		}
		all.Go(func() error {
			t.Run(s.File, func(t *testing.T) {
				recorder := &tokenRecorder{}
				r, log := h.start(t, &acssim.Server{Strict: true, Transport: recorder}, nil, settings)
				runOnRig(t, r, log, s.File)
				log.mustHaveNoWarnings(t)
				log.mustHaveNoSecrets(t, r, recorder)
			})
			return nil
		})
	}
	_ = all.Wait() // failures are reported by the subtests
}

// secretPattern matches what no line of the handler may contain: keys in addresses,
// tokens, contexts of offers, and whole numbers.
var secretPattern = regexp.MustCompile(`(?i)code=|[?&]t=|bearer|incomingCallContext|eyJ[\w-]{8}|\+\d{8}|4:\d{8}`)

// mustHaveNoSecrets fails the test for each line of the handler that contains a secret,
// and if there is no line.
func (b *logBuffer) mustHaveNoSecrets(t *testing.T, r *rig.Rig, recorder *tokenRecorder) {
	t.Helper()
	secrets := []string{acssim.DevelopmentKey, "c3dpdGNoYm9hcmQtZGV2ZWxvcG1lbnQtb25seS1jYWxsYmFjay1rZXk=", recorder.latest()}
	for _, info := range r.ACS.Calls() {
		if _, after, ok := strings.Cut(info.CallbackURI, "?t="); ok {
			secrets = append(secrets, after)
		}
	}
	lines := b.handlerLines()
	if len(lines) == 0 {
		t.Errorf("the log has no line of the handler, want some\n%s", b)
	}
	for _, line := range lines {
		if found := secretPattern.FindString(line); found != "" {
			t.Errorf("the handler logged %s, want no %q in it", line, found)
		}
		for _, secret := range secrets {
			if secret != "" && strings.Contains(line, secret) {
				t.Errorf("the handler logged %s, want no secret in it", line)
			}
		}
	}
}

// handlerLines returns the handler's lines as it wrote them.
func (b *logBuffer) handlerLines() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []string
	for _, line := range b.lines {
		for rest := line; ; {
			at := strings.IndexByte(rest, '{')
			if at < 0 {
				break
			}
			var raw json.RawMessage
			var e entry
			text := json.NewDecoder(strings.NewReader(rest[at:]))
			if text.Decode(&raw) != nil || json.Unmarshal(raw, &e) != nil || e.Level == "" {
				rest = rest[at+1:]
				continue
			}
			all = append(all, string(raw))
			rest = rest[at+int(text.InputOffset()):]
		}
	}
	return all
}

// latest returns the last token that was sent, or "".
func (r *tokenRecorder) latest() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.token
}
