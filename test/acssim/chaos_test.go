package acssim

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// Random requests in random order get answers that the rules allow, every event fits
// the schema, and all calls end.
func TestRandomRequestsFollowTheRules(t *testing.T) {
	seeds := uint64(10)
	if testing.Short() {
		seeds = 2
	}
	for seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			faults := Faults{
				Duplicate: .1, Swap: .1, Delay: .1, Early: .05, Throttle: .05, LoseAnswer: .05, ServerError: .05,
				Slow: .02, Loss: .05, Batch: .1, Skew: .1, Media: .1,
			}
			sim := &Server{
				Seed: seed + 1, Faults: &faults, Lines: []string{"+12065550170"}, ChunkLength: 2 * time.Second, CallsPerNumber: int(seed%3) * 2,
				FileLengths: map[string]time.Duration{"https://x.example/gone.wav": -1}, ListApplication: seed%2 == 0, Keep: 20,
				Subscriptions: []Subscription{{Types: []string{"RecordingFileStatusUpdated"}, URL: "http://127.0.0.1:7071/eventgrid"}},
			}
			inBubble(t, sim, func(t *testing.T, app *application) {
				(&randomRequests{app: app, rand: rand.New(rand.NewPCG(seed, 1))}).run()
			})
		})
	}
}

// randomRequests is an application that sends random requests.
type randomRequests struct {
	app  *application
	rand *rand.Rand

	mu         sync.Mutex
	offers     []string
	calls      []string // paths
	recordings []string
}

// chaosPeople are whom the requests are about; the first are called, too.
var chaosPeople = []string{
	agent, expert, caller, "4:+12065550131", "4:+12065550183", "4:+12065550188", "8:orgid:o", "4:+12065550170", "28:orgid:other",
}

// chaosScripts are scripts of their telephones.
var chaosScripts = []string{
	"answer", "ring 1s; answer; talk 2s; press 12#; hang up", "busy", "no answer", "ring 1s; answer; wait prompt; press 1",
	`answer; say "yes"; talk 3s; hang up after 20s`, "decline", "ring 2s; answer; hang up",
}

func (a *randomRequests) run() {
	a.app.onOffer = func(context string) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.offers = append(a.offers, context)
	}
	a.app.on = func(e callbackEvent) {
		a.mu.Lock()
		defer a.mu.Unlock()
		if e.Data.RecordingID != "" {
			a.recordings = append(a.recordings, "/calling/recordings/"+strings.ReplaceAll(e.Data.RecordingID, "=", "%3D"))
		}
	}
	for range 300 {
		a.mu.Lock()
		offer, path, recording := a.one(a.offers), a.one(a.calls), a.one(a.recordings)
		a.mu.Unlock()
		a.request(offer, path, recording)
		a.app.wait(time.Duration(a.rand.IntN(1500)) * time.Millisecond)
	}
	for _, path := range a.calls {
		a.ask("POST", path+":terminate", "")
	}
	a.app.wait(5 * time.Minute)
	for _, c := range a.app.sim.Calls() {
		if c.State != "disconnected" && !c.Group && len(c.Participants) == 0 {
			a.app.fault("a call without people goes on: %+v", c)
		}
	}
}

// one returns one of the list at random.
func (a *randomRequests) one(list []string) string {
	if len(list) == 0 {
		return "nothing"
	}
	return list[a.rand.IntN(len(list))]
}

func (a *randomRequests) person() string { return fmt.Sprintf(`{"rawId":%q}`, a.one(chaosPeople)) }

func (a *randomRequests) file() string {
	return fmt.Sprintf(`{"kind":"file","file":{"uri":%q}}`, a.one([]string{"https://x.example/a.wav", "https://x.example/gone.wav"}))
}

func (a *randomRequests) streams() string {
	return fmt.Sprintf(streamOptions, "unmixed", a.rand.IntN(20) == 0, streamURL, a.rand.IntN(2) == 0)
}

// request changes the surroundings, or sends a request about one of these.
func (a *randomRequests) request(offer, path, recording string) {
	switch a.rand.IntN(20) {
	case 0:
		_ = a.app.sim.SetPhone(a.one(chaosPeople[:3]), a.one(chaosScripts))
	case 1:
		_, _ = a.app.sim.Ring(Caller{From: a.one(chaosPeople[:4]), To: line, Script: "wait answer; talk 5s; press 1; wait 20s; hang up"})
	case 2:
		_, _ = a.app.sim.StartConversation(Conversation{GroupID: "g", People: []Person{{RawID: agent}, {RawID: expert, Script: "wait 9s; hang up"}}})
	case 3:
		a.begin("/calling/callConnections", fmt.Sprintf(`{"targets":[%s],"callbackUri":%q,"teamsAppSource":{"appId":"a"}%s}`, a.person(), a.app.self+"/callbacks", a.streams()))
	case 4:
		a.begin("/calling/callConnections:answer", fmt.Sprintf(`{"incomingCallContext":%q,"callbackUri":%q%s}`, offer, a.app.self+"/callbacks", a.streams()))
	case 5:
		a.begin("/calling/callConnections:connect", fmt.Sprintf(`{"callLocator":{"groupCallId":"g"},"callbackUri":%q%s}`, a.app.self+"/callbacks", a.streams()))
	case 6:
		a.ask("POST", "/calling/callConnections:redirect", fmt.Sprintf(`{"incomingCallContext":%q,"target":%s}`, offer, a.person()))
	case 7:
		a.ask("POST", "/calling/recordings", fmt.Sprintf(`{"callConnectionId":%q,"recordingContentType":"audio","recordingFormatType":"wav",
			"recordingChannelType":%q,"pauseOnStart":%t,"recordingStateCallbackUri":%q}`, path[strings.LastIndexByte(path, '/')+1:],
			a.one([]string{"mixed", "unmixed"}), a.rand.IntN(3) == 0, a.app.self+"/callbacks"))
	case 8:
		a.ask("POST", recording+a.one([]string{":pause", ":resume"}), "")
	case 9:
		a.ask("GET", path+a.one([]string{"", "/participants"}), "")
	case 10:
		a.ask("DELETE", a.one([]string{path, recording}), "")
	default:
		a.askAbout(path)
	}
}

// askAbout sends a request about a call.
func (a *randomRequests) askAbout(path string) {
	bodies := a.bodies()
	var verbs []string
	for _, op := range operations { // in the order of the table, which is the same in every run
		if _, verb, ok := strings.Cut(op.path, "{id}"); ok && bodies[verb] != nil {
			verbs = append(verbs, verb)
		}
	}
	verb := a.one(verbs)
	if (verb == ":terminate" || verb == ":startMediaStreaming") && a.rand.IntN(4) > 0 {
		return // the first ends the call, the second slows the test down
	}
	a.ask("POST", path+verb, bodies[verb]())
}

// bodies returns what makes the bodies of requests about a call, by what follows its path.
func (a *randomRequests) bodies() map[string]func() string {
	return map[string]func() string{
		":transferToParticipant": func() string { return fmt.Sprintf(`{"targetParticipant":%s,"transferee":%s}`, a.person(), a.person()) },
		"/participants:add": func() string {
			return fmt.Sprintf(`{"participantToAdd":%s,"invitationTimeoutInSeconds":%d}`, a.person(), a.rand.IntN(20))
		},
		"/participants:remove": func() string { return fmt.Sprintf(`{"participantToRemove":%s}`, a.person()) },
		"/participants:mute":   func() string { return fmt.Sprintf(`{"targetParticipants":[%s]}`, a.person()) },
		"/participants:moveHere": func() string {
			from := a.one(a.calls)
			return fmt.Sprintf(`{"targetParticipants":[%s,%s],"fromCall":%q}`, a.person(), a.person(), from[strings.LastIndexByte(from, '/')+1:])
		},
		":play": func() string {
			return fmt.Sprintf(`{"playSources":[%s,%s],"playOptions":{"loop":%t}}`, spoken(2), a.file(), a.rand.IntN(3) == 0)
		},
		":recognize": func() string {
			return fmt.Sprintf(`{"recognizeInputType":"speechOrDtmf","recognizeOptions":{"targetParticipant":%s,"interruptPrompt":true},"playPrompt":%s,"interruptCallMediaOperation":%t}`, a.person(), a.file(), a.rand.IntN(2) == 0)
		},
		":cancelAllMediaOperations":       func() string { return "" },
		":startContinuousDtmfRecognition": func() string { return fmt.Sprintf(`{"targetParticipant":%s}`, a.person()) },
		":stopContinuousDtmfRecognition":  func() string { return fmt.Sprintf(`{"targetParticipant":%s}`, a.person()) },
		":sendDtmfTones":                  func() string { return fmt.Sprintf(`{"targetParticipant":%s,"tones":["one","two"]}`, a.person()) },
		":hold": func() string {
			return fmt.Sprintf(`{"targetParticipant":%s,"playSourceInfo":%s}`, a.person(), a.file())
		},
		":unhold":              func() string { return fmt.Sprintf(`{"targetParticipant":%s}`, a.person()) },
		":startTranscription":  func() string { return `{"locale":"en-GB"}` },
		":updateTranscription": func() string { return `{"locale":"de-DE"}` },
		":stopTranscription":   func() string { return `{}` },
		":startMediaStreaming": func() string { return `{}` },
		":stopMediaStreaming":  func() string { return `{}` },
		":terminate":           func() string { return "" },
	}
}

// begin requests a call and keeps its path.
func (a *randomRequests) begin(path, body string) {
	if answer := a.ask("POST", path, body); answer.status/100 == 2 {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.calls = append(a.calls, a.app.pathOf(answer))
	}
}

// ask sends a request and expects one of the documented statuses. tryAt checks the
// answer against the schema.
func (a *randomRequests) ask(method, path, body string) simAnswer {
	answer, err := a.app.try(method, path, body, nil)
	if err != nil {
		return answer // cut
	}
	switch answer.status {
	case 200, 201, 202, 204, 400, 404, 405, 409, 412, 429:
	case http.StatusInternalServerError, http.StatusServiceUnavailable:
	default:
		a.app.fault("%s %s = %s", method, path, answer.code())
	}
	return answer
}
