package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"switchboard/handler/acs"
	"switchboard/handler/call"
	"switchboard/handler/call/outbox"
	"switchboard/handler/flow"
)

// fakeTransport records the request and returns a prepared response.
type fakeTransport struct {
	status int // 0: no response
	header http.Header
	body   string

	got  *http.Request
	sent string // the body of the request
}

func (tr *fakeTransport) Do(req *http.Request) (*http.Response, error) {
	tr.got, tr.sent = req, ""
	if req.Body != nil {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		tr.sent = string(body)
	}
	if tr.status == 0 {
		return nil, errors.New("connection reset")
	}
	return &http.Response{
		StatusCode: tr.status, Header: tr.header, Body: io.NopCloser(strings.NewReader(tr.body)), Request: req,
	}, nil
}

func newGateway(t *testing.T, tr *fakeTransport) *Gateway {
	t.Helper()
	options := &acs.ClientOptions{ClientOptions: azcore.ClientOptions{
		Transport: tr, Retry: policy.RetryOptions{MaxRetries: -1},
	}}
	client, err := acs.NewClientWithKey("https://contoso.communication.azure.com", "a2V5", options)
	if err != nil {
		t.Fatal(err)
	}
	return &Gateway{
		Client:            client,
		CallbackURL:       func(id call.ID, op int) string { return fmt.Sprintf("https://app.example/%s/%d", id, op) },
		CognitiveServices: "https://speech.example",
	}
}

const (
	callID = call.ID("in-1")
	caller = "4:+12065550100"
)

var firstSent = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

func TestEachVerbSendsItsRequest(t *testing.T) {
	const connection = "/calling/callConnections/conn-1"
	tests := []struct {
		name   string
		action outbox.Action
		status int
		method string
		path   string
		paired bool // with a Repeatability pair
		body   string
	}{
		{
			"answer", outbox.Action{Verb: outbox.VerbAnswer}, 200, "POST", "/calling/callConnections:answer", true,
			`{"incomingCallContext":"token","callbackUri":"https://app.example/in-1/0","operationContext":"in-1/7.1",
			"callIntelligenceOptions":{"cognitiveServicesEndpoint":"https://speech.example"}}`,
		},
		{
			"play a text", outbox.Action{Verb: outbox.VerbPlay, Prompt: &flow.Prompt{Text: "Hello."}}, 202,
			"POST", connection + ":play", false,
			`{"playSources":[{"kind":"text","text":{"text":"Hello.","voiceName":"` + flow.DefaultVoice + `"}}],
			"playTo":[],"playOptions":{"loop":false},"operationContext":"in-1/7.1"}`,
		},
		{
			"play a file in a loop",
			outbox.Action{Verb: outbox.VerbPlay, Loop: true, Prompt: &flow.Prompt{File: "https://x/y.wav"}}, 202,
			"POST", connection + ":play", false,
			`{"playSources":[{"kind":"file","file":{"uri":"https://x/y.wav"}}],
			"playTo":[],"playOptions":{"loop":true},"operationContext":"in-1/7.1"}`,
		},
		{
			"recognize a key",
			outbox.Action{
				Verb: outbox.VerbRecognize, Target: caller, Silence: 7 * time.Second,
				Prompt: &flow.Prompt{Text: "Press 1.", Voice: "en-GB-SoniaNeural"},
			}, 202, "POST", connection + ":recognize", false,
			`{"recognizeInputType":"dtmf","playPrompt":
			{"kind":"text","text":{"text":"Press 1.","voiceName":"en-GB-SoniaNeural"}},
			"recognizeOptions":{"targetParticipant":{"rawId":"4:+12065550100",
			"phoneNumber":{"value":"+12065550100","isAnonymous":false}},
			"interruptPrompt":true,"initialSilenceTimeoutInSeconds":7,
			"dtmfOptions":{"interToneTimeoutInSeconds":2,"maxTonesToCollect":1}},"operationContext":"in-1/7.1"}`,
		},
		{"stop all media", outbox.Action{Verb: outbox.VerbCancelMedia}, 202, "POST", connection + ":cancelAllMediaOperations", false, ``},
		{
			"invite an agent", outbox.Action{Verb: outbox.VerbAdd, Target: "8:acs:r_t_u", Ring: 20500 * time.Millisecond}, 202,
			"POST", connection + "/participants:add", true,
			`{"participantToAdd":{"kind":"teamsExtensionUser","rawId":"8:acs:r_t_u",
			"teamsExtensionUser":{"userId":"u","tenantId":"t","resourceId":"r","cloud":"public"}},
			"invitationTimeoutInSeconds":21,"operationContext":"in-1/7.1"}`,
		},
		{
			"invite a telephone from a Teams line, without a caller id",
			outbox.Action{Verb: outbox.VerbAdd, Target: "4:+12065550111", Ring: 20 * time.Second}, 202,
			"POST", connection + "/participants:add", true,
			`{"participantToAdd":{"kind":"phoneNumber","rawId":"4:+12065550111",
			"phoneNumber":{"value":"+12065550111","isAnonymous":false}},
			"invitationTimeoutInSeconds":20,"operationContext":"in-1/7.1"}`,
		},
		{
			"record", outbox.Action{Verb: outbox.VerbStartRecording, Channels: "unmixed"}, 200, "POST", "/calling/recordings", true,
			`{"callConnectionId":"conn-1","recordingStateCallbackUri":"https://app.example/in-1/7",
			"recordingContentType":"audio","recordingChannelType":"unmixed","recordingFormatType":"wav"}`,
		},
		{"hang up", outbox.Action{Verb: outbox.VerbHangUp}, 204, "POST", connection + ":terminate", true, ``},
		{"check participants", outbox.Action{Verb: outbox.VerbCheckParticipants}, 200, "GET", connection + "/participants", false, ``},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tr := &fakeTransport{status: tt.status, body: `{"callConnectionId":"conn-1","serverCallId":"server-1",
				"recordingId":"rec-1","value":[]}`}
			tt.action.Ref, tt.action.Leases, tt.action.FirstSent = outbox.Ref{Op: 7, Send: 1}, 1, firstSent
			c := call.Call{ID: callID, Line: "28:orgid:6f1c0a52-3a51-4a1e-9a55-2f4b8f0c7d11", ConnectionID: "conn-1", IncomingCallContext: "token"}
			reply := newGateway(t, tr).Send(t.Context(), c, tt.action)

			done := call.Replied{Verdict: call.VerdictOK}
			if tt.action.Verb == outbox.VerbStartRecording {
				done.RecordingID = "rec-1"
			}
			if d := cmp.Diff(call.Body(done), reply.Body); d != "" || reply.Key != "reply 7.1 1" || reply.Ref != tt.action.Ref {
				t.Errorf("reply = %+v (-want +got):\n%s", reply, d)
			}
			if tt.action.Verb == outbox.VerbAnswer && (reply.ConnectionID != "conn-1" || reply.ServerCallID != "server-1") {
				t.Errorf("reply = %+v, want conn-1 and server-1", reply)
			}
			if tr.got.Method != tt.method || tr.got.URL.Path != tt.path {
				t.Errorf("request = %s %s, want %s %s", tr.got.Method, tr.got.URL.Path, tt.method, tt.path)
			}
			if d := cmp.Diff(decode(t, tt.body), decode(t, tr.sent)); d != "" {
				t.Errorf("body (-want +got):\n%s", d)
			}
			gotID, gotSent := tr.got.Header.Get("Repeatability-Request-ID"), tr.got.Header.Get("Repeatability-First-Sent")
			wantID, wantSent := "", ""
			if tt.paired {
				wantID, wantSent = requestID(callID, tt.action.Ref), "Wed, 04 Mar 2026 05:06:07 GMT"
			}
			if gotID != wantID || gotSent != wantSent {
				t.Errorf("pair = %q, %q, want %q, %q", gotID, gotSent, wantID, wantSent)
			}
		})
	}
}

// decode returns a JSON document in a form that can be compared, whatever the order of its members.
func decode(t *testing.T, doc string) (v any) {
	t.Helper()
	if doc == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(doc), &v); err != nil {
		t.Fatalf("%s: %v", doc, err)
	}
	return v
}

func TestRepeatedPromptInterruptsTheFirst(t *testing.T) {
	for _, a := range []outbox.Action{
		{Verb: outbox.VerbPlay, Prompt: &flow.Prompt{Text: "Hello."}},
		{Verb: outbox.VerbRecognize, Target: caller, Prompt: &flow.Prompt{Text: "Press 1."}},
	} {
		tr := &fakeTransport{status: 202}
		a.Ref, a.Leases, a.MaybeSent = outbox.Ref{Op: 7, Send: 2}, 1, true
		newGateway(t, tr).Send(t.Context(), call.Call{ID: callID, ConnectionID: "conn-1"}, a)
		body, _ := decode(t, tr.sent).(map[string]any)
		if body["interruptCallMediaOperation"] != true {
			t.Errorf("%s: body = %s, want it to interrupt", a.Verb, tr.sent)
		}
	}
}

func TestVerdictOfEachAnswer(t *testing.T) {
	const refused, noResponse, throttled = call.VerdictRefused, call.VerdictNoResponse, call.VerdictThrottled
	tests := []struct {
		name    string
		status  int
		code    string // in the body
		verdict call.Verdict
		want    string // the code of the verdict
		sub     int    // of the result
	}{
		{"no response", 0, "", noResponse, "", 0},
		{"500", 500, "", noResponse, "", 0},
		{"503 with a code", 503, "9999", noResponse, "9999", 9999},
		{"408", 408, "", noResponse, "", 0},
		{"an unexpected success", 206, "", noResponse, "", 0},
		{"a redirection, which is not followed", 302, "", refused, "", 0},
		{"429", 429, "", throttled, "", 0},
		{"400 with a code", 400, "8523", refused, "8523", 8523},
		{"404", 404, "8522", refused, call.CodeGone, 8522},
		{"404 without a body", 404, "", refused, call.CodeGone, 0},
		{"a call that was terminated", 400, "8528", refused, call.CodeGone, 8528},
		{"a code that is not a number", 403, "Forbidden", refused, "", 0},
		{"409 without a code", 409, "", refused, "", 0},
		{"412 without a code", 412, "", refused, "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tr := &fakeTransport{status: tt.status}
			want, result := call.Replied{Verdict: tt.verdict, Code: tt.want}, call.Result{}
			if tt.verdict == refused {
				want.Status = tt.status
			}
			if tt.status >= 400 {
				result = call.Result{Code: tt.status, SubCode: tt.sub}
			}
			if tt.code != "" {
				tr.body = `{"error":{"code":"` + tt.code + `","message":"No."}}`
				result.Message = "No."
			}
			if tt.verdict == throttled {
				tr.header = http.Header{"Retry-After": {"7"}}
				want.RetryAfter = 7 * time.Second
			}
			c := call.Call{ID: callID, ConnectionID: "conn-1"}
			a := outbox.Action{Ref: outbox.Ref{Op: 7, Send: 1}, Verb: outbox.VerbHangUp, FirstSent: firstSent}
			reply := newGateway(t, tr).Send(t.Context(), c, a)
			if d := cmp.Diff(call.Body(want), reply.Body); d != "" {
				t.Errorf("verdict (-want +got):\n%s", d)
			}
			if d := cmp.Diff(result, reply.Result); d != "" {
				t.Errorf("result (-want +got):\n%s", d)
			}
		})
	}
	t.Run("a request that cannot be made is refused", func(t *testing.T) {
		for _, a := range []outbox.Action{{Verb: "sing"}, {Verb: outbox.VerbHangUp}} {
			reply := newGateway(t, &fakeTransport{status: 204}).Send(t.Context(), call.Call{ID: callID}, a)
			if b, _ := reply.Body.(call.Replied); b.Verdict != call.VerdictRefused {
				t.Errorf("%s without a connection: %+v, want it refused", a.Verb, reply)
			}
		}
	})
}

func TestRequestIDIsTheSameForTheSameSendOnly(t *testing.T) {
	got := requestID(callID, outbox.Ref{Op: 7, Send: 1})
	parsed, err := uuid.Parse(got)
	if err != nil || parsed.Version() != 4 || parsed.Variant() != uuid.RFC4122 {
		t.Errorf("%s, error %v, want a UUID of version 4", got, err)
	}
	if again := requestID(callID, outbox.Ref{Op: 7, Send: 1}); again != got {
		t.Errorf("%s for the same send, want %s", again, got)
	}
	seen := map[string]bool{got: true}
	for _, other := range []string{
		requestID(callID, outbox.Ref{Op: 7, Send: 2}), requestID(callID, outbox.Ref{Op: 8, Send: 1}),
		requestID(callID, outbox.Ref{Op: 71, Send: 1}), requestID("in-2", outbox.Ref{Op: 7, Send: 1}),
	} {
		if seen[other] {
			t.Errorf("two requests have the id %s, want two ids", other)
		}
		seen[other] = true
	}
}

func TestCheckParticipantsReadsEveryPage(t *testing.T) {
	tr := &pagedTransport{bodies: []string{
		`{"value":[{"identifier":{"rawId":"4:+12065550100"},"isMuted":true}],
			"nextLink":"https://contoso.communication.azure.com/next"}`,
		`{"value":[{"identifier":{"rawId":"8:acs:r_t_anna"},"isOnHold":true}]}`,
	}}
	options := &acs.ClientOptions{ClientOptions: azcore.ClientOptions{Transport: tr}}
	client, err := acs.NewClientWithKey("https://contoso.communication.azure.com", "a2V5", options)
	if err != nil {
		t.Fatal(err)
	}
	c := call.Call{ID: callID, ConnectionID: "conn-1"}
	reply := (&Gateway{Client: client}).Send(t.Context(), c, outbox.Action{Verb: outbox.VerbCheckParticipants})
	want := call.Replied{Verdict: call.VerdictOK, Participants: []call.Participant{
		{ID: caller, Muted: true}, {ID: "8:acs:r_t_anna", OnHold: true},
	}}
	if d := cmp.Diff(call.Body(want), reply.Body); d != "" {
		t.Errorf("reply (-want +got):\n%s", d)
	}
}

// pagedTransport returns one body after another.
type pagedTransport struct{ bodies []string }

func (p *pagedTransport) Do(req *http.Request) (*http.Response, error) {
	body := p.bodies[0]
	p.bodies = p.bodies[1:]
	return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(body)), Request: req}, nil
}
