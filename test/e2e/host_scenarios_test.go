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

// forVirtualTime is a conversation of minutes; inbound.txt has a shorter one.
const longScenario = "recorded.txt"

func TestStoriesOnTheBuiltProgram(t *testing.T) {
	t.Parallel()
	onFuncsim.runAll(t, parallelTests, nil)
}

// TestStoriesOnTheBuiltProgramInTheOtherFraming has bodies with Content-Length,
// which is what a host sends under Core Tools; in Azure they come chunked.
func TestStoriesOnTheBuiltProgramInTheOtherFraming(t *testing.T) {
	t.Parallel()
	onFuncsim.runAll(t, parallelTests, map[string]string{"FUNCTIONS_CORETOOLS_ENVIRONMENT": "true"})
}

func TestStoriesUnderFunc(t *testing.T) {
	t.Parallel()
	onFunc(t).runAll(t, 3, nil)
}

// forTrouble is how the names of stories end that are told when things go wrong; the
// same is told in more detail for when nothing does.
const faultScenarios = "-faults.txt"

// stories plays each story on a rig of its own, so many at a time, and looks at
// what the handler has logged when nothing went wrong.
func (h host) runAll(t *testing.T, atOnce int, env map[string]string) {
	var all errgroup.Group
	all.SetLimit(atOnce)
	for _, story := range readScenarios(t) {
		if story.File == longScenario || strings.HasSuffix(story.File, faultScenarios) {
			continue
		}
		all.Go(func() error {
			t.Run(story.File, func(t *testing.T) {
				eavesdropper := &tokenRecorder{}
				r, log := h.start(t, &acssim.Server{Strict: true, Transport: eavesdropper}, nil, env)
				runOnRig(t, r, log, story.File)
				log.mustHaveNoWarnings(t)
				log.mustHaveNoSecrets(t, r, eavesdropper)
			})
			return nil
		})
	}
	_ = all.Wait() // the tests say it themselves
}

// What no line of the handler may hold: keys in addresses, tokens of any kind,
// contexts of offers, whole numbers.
var secretPattern = regexp.MustCompile(`(?i)code=|[?&]t=|bearer|incomingCallContext|eyJ[\w-]{8}|\+\d{8}|4:\d{8}`)

// mustBeDiscreet fails the test for each line of the handler that tells what it
// must not, and if there was none to look at.
func (j *logBuffer) mustHaveNoSecrets(t *testing.T, r *rig.Rig, e *tokenRecorder) {
	t.Helper()
	secrets := []string{acssim.DevelopmentKey, "c3dpdGNoYm9hcmQtZGV2ZWxvcG1lbnQtb25seS1jYWxsYmFjay1rZXk=", e.latest()}
	for _, info := range r.ACS.Calls() {
		if _, after, ok := strings.Cut(info.CallbackURI, "?t="); ok {
			secrets = append(secrets, after)
		}
	}
	lines := j.handlerLines()
	if len(lines) == 0 {
		t.Error("no line of the handler was seen")
	}
	for _, line := range lines {
		if found := secretPattern.FindString(line); found != "" {
			t.Errorf("the handler logged %q: %s", found, line)
		}
		for _, secret := range secrets {
			if secret != "" && strings.Contains(line, secret) {
				t.Errorf("the handler logged a secret: %s", line)
			}
		}
	}
}

// handlers are the handler's lines, as it wrote them.
func (j *logBuffer) handlerLines() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	var all []string
	for _, line := range j.lines {
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

// latest is the latest token that was sent, or nothing.
func (e *tokenRecorder) latest() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.token
}
