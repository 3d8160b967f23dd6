package acs

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

const (
	conn     = "421f0b00-d97f-49ad-a6ff-3f8c05dc64d7"
	callback = "https://app.contoso.example/api/callbacks/calls?tenant=7&lang=en-US"
	offer    = "eyJhbGciOiJub25lIn0.eyJjYyI6Ikg0c0lBQSJ9."
	acsUser  = "8:acs:b8b0cd37-5d7c-4b1c-9c0a-1f2f3a4b5c6d_00000014-2222-3333-4444-555566667777"
	resource = "b8b0cd37-5d7c-4b1c-9c0a-1f2f3a4b5c6d"
	tenant   = "92e44f95-2dd2-4ab9-8ae8-2a9ab4b7d7d1"
	user     = "45ab2481-1c1c-4005-be24-0ffb879b1130"

	phoneJSON     = `{"kind":"phoneNumber","phoneNumber":{"isAnonymous":false,"value":"+14255550123"},"rawId":"4:+14255550123"}`
	mediaPhone    = `{"phoneNumber":{"isAnonymous":false,"value":"+14255550123"},"rawId":"4:+14255550123"}`
	userJSON      = `{"communicationUser":{"id":"` + acsUser + `"},"kind":"communicationUser","rawId":"` + acsUser + `"}`
	agentRawID    = "8:acs:" + resource + "_" + tenant + "_" + user
	agentJSON     = `{"kind":"teamsExtensionUser","rawId":"` + agentRawID + `","teamsExtensionUser":` + agentMember + `}`
	agentMember   = `{"cloud":"public","resourceId":"` + resource + `","tenantId":"` + tenant + `","userId":"` + user + `"}`
	teamsUserJSON = `{"kind":"microsoftTeamsUser","microsoftTeamsUser":{"cloud":"public","isAnonymous":false,"userId":"` + user + `"},"rawId":"8:orgid:` + user + `"}`
	recordingID   = "eyJQbGF0Zm9ybSI6IjEifQ=="

	streamingJSON = `{"transportType":"websocket","audioChannelType":"unmixed","transportUrl":"wss://media.contoso.example/audio?call=7",
		"contentType":"audio","startMediaStreaming":true,"enableBidirectional":false,"audioFormat":"pcm24KMono","enableDtmfTones":true}`
	transcriptionJSON = `{"transportType":"websocket","locale":"en-CA","transportUrl":"wss://media.contoso.example/text",
		"speechModelEndpointId":"a259c255","startTranscription":false,"enableIntermediateResults":true}`
)

var (
	pair = Repeatability{
		RequestID: "7cbd1a45-4d1e-4e1a-9d4c-0f6c0c3f4a11",
		FirstSent: time.Date(2026, 2, 3, 4, 5, 6, 7, time.FixedZone("", 3600)),
	}
	phone = PhoneNumber("+14255550123")

	streamingOptions = &MediaStreamingOptions{
		AudioChannelType: AudioUnmixed, TransportURL: "wss://media.contoso.example/audio?call=7", ContentType: "audio",
		StartMediaStreaming: new(true), EnableBidirectional: new(false), AudioFormat: AudioFormatPCM24KMono, EnableDTMFTones: new(true),
	}
	transcriptionOptions = &TranscriptionOptions{
		Locale: "en-CA", TransportURL: "wss://media.contoso.example/text", SpeechModelEndpointID: "a259c255",
		StartTranscription: new(false), EnableIntermediateResults: new(true),
	}
	agent = TeamsExtensionUser(user, tenant, resource)
)

// The golden requests are those of Microsoft's JavaScript client.
func TestEveryOperationSendsItsRequest(t *testing.T) {
	checkSent(t, []requestCase{
		{
			"a call to an ACS user",
			func(ctx context.Context, c *Client) error {
				_, err := c.CreateCall(ctx, []Identifier{CommunicationUser(acsUser)}, callback, nil)
				return err
			},
			201, "POST", "/calling/callConnections", true,
			`{"callbackUri":"` + callback + `","targets":[` + userJSON + `]}`,
		},
		{
			"a call to a telephone, with everything",
			func(ctx context.Context, c *Client) error {
				_, err := c.CreateCall(ctx, []Identifier{phone}, callback, &CreateCallOptions{
					Repeatability:           pair,
					SourceCallerIDNumber:    PhoneNumber("+18005550100"),
					SourceDisplayName:       "Contoso Sales",
					Source:                  CommunicationUser("8:acs:r_u"),
					OperationContext:        "order-8812/attempt 1 é✓",
					CallIntelligenceOptions: &CallIntelligenceOptions{"https://contoso-cog.cognitiveservices.azure.com/"},
					MediaStreamingOptions:   streamingOptions,
					TranscriptionOptions:    transcriptionOptions,
				})
				return err
			},
			201, "POST", "/calling/callConnections", true,
			`{"callIntelligenceOptions":{"cognitiveServicesEndpoint":"https://contoso-cog.cognitiveservices.azure.com/"},
			"callbackUri":"` + callback + `","operationContext":"order-8812/attempt 1 é✓","source":{"id":"8:acs:r_u"},
			"sourceCallerIdNumber":{"isAnonymous":false,"value":"+18005550100"},"sourceDisplayName":"Contoso Sales",
			"targets":[` + phoneJSON + `],"mediaStreamingOptions":` + streamingJSON + `,"transcriptionOptions":` + transcriptionJSON + `}`,
		},
		{
			"a Teams Phone call",
			func(ctx context.Context, c *Client) error {
				_, err := c.CreateCall(ctx, []Identifier{phone}, callback, &CreateCallOptions{
					TeamsAppSource: TeamsApp("28ab0f1c-6a5e-4b0e-9d53-07cd4de7f7b2"),
				})
				return err
			},
			201, "POST", "/calling/callConnections", true,
			`{"callbackUri":"` + callback + `","targets":[` + phoneJSON + `],"teamsAppSource":{"appId":"28ab0f1c-6a5e-4b0e-9d53-07cd4de7f7b2"}}`,
		},
		{
			"a call to a group of every kind",
			func(ctx context.Context, c *Client) error {
				_, err := c.CreateCall(ctx, []Identifier{
					CommunicationUser(acsUser), phone, TeamsUser(user), agent, ParseRawID("48:conference-bot"),
				}, callback, &CreateCallOptions{SourceCallerIDNumber: PhoneNumber("+18005550100")})
				return err
			},
			201, "POST", "/calling/callConnections", true,
			`{"callbackUri":"` + callback + `","sourceCallerIdNumber":{"isAnonymous":false,"value":"+18005550100"},"targets":[` +
				userJSON + `,` + phoneJSON + `,` + teamsUserJSON + `,` + agentJSON + `,{"kind":"unknown","rawId":"48:conference-bot"}]}`,
		},
		{
			"a Teams Phone call from a resource account of another cloud",
			func(ctx context.Context, c *Client) error {
				_, err := c.CreateCall(ctx, []Identifier{phone}, callback, &CreateCallOptions{
					TeamsAppSource: ParseRawID("28:gcch:28ab0f1c"),
				})
				return err
			},
			201, "POST", "/calling/callConnections", true,
			`{"callbackUri":"` + callback + `","targets":[` + phoneJSON + `],"teamsAppSource":{"appId":"28ab0f1c","cloud":"gcch"}}`,
		},
		{
			"an answer",
			func(ctx context.Context, c *Client) error {
				_, err := c.AnswerCall(ctx, offer, callback, &AnswerCallOptions{
					Repeatability:           pair,
					OperationContext:        "c/1.1",
					CallIntelligenceOptions: &CallIntelligenceOptions{"https://contoso-cog.cognitiveservices.azure.com/"},
					AnsweredBy:              CommunicationUser("8:acs:r_u"),
				})
				return err
			},
			200, "POST", "/calling/callConnections:answer", true,
			`{"answeredBy":{"id":"8:acs:r_u"},"callIntelligenceOptions":{"cognitiveServicesEndpoint":
			"https://contoso-cog.cognitiveservices.azure.com/"},"callbackUri":"` + callback + `",
			"incomingCallContext":"` + offer + `","operationContext":"c/1.1"}`,
		},
		{
			"a rejection with a reason",
			func(ctx context.Context, c *Client) error {
				_, err := c.RejectCall(ctx, offer, &RejectCallOptions{Reason: RejectBusy})
				return err
			},
			204, "POST", "/calling/callConnections:reject", true,
			`{"callRejectReason":"busy","incomingCallContext":"` + offer + `"}`,
		},
		{
			"a rejection without one",
			func(ctx context.Context, c *Client) error {
				_, err := c.RejectCall(ctx, offer, nil)
				return err
			},
			204, "POST", "/calling/callConnections:reject", true,
			`{"incomingCallContext":"` + offer + `"}`,
		},
		{
			"the properties of a call",
			func(ctx context.Context, c *Client) error {
				_, err := c.GetCall(ctx, conn, nil)
				return err
			},
			200, "GET", "/calling/callConnections/" + conn, false, ``,
		},
		{
			"leaving a call",
			func(ctx context.Context, c *Client) error {
				_, err := c.HangupCall(ctx, conn, nil)
				return err
			},
			204, "DELETE", "/calling/callConnections/" + conn, false, ``,
		},
		{
			"ending a call for everyone",
			func(ctx context.Context, c *Client) error {
				_, err := c.TerminateCall(ctx, conn, nil)
				return err
			},
			204, "POST", "/calling/callConnections/" + conn + ":terminate", true, ``,
		},
		{
			"the participants",
			func(ctx context.Context, c *Client) error {
				_, err := c.NewGetParticipantsPager(conn, nil).NextPage(ctx)
				return err
			},
			200, "GET", "/calling/callConnections/" + conn + "/participants", false, ``,
		},
		{
			"an agent added",
			func(ctx context.Context, c *Client) error {
				_, err := c.AddParticipant(ctx, conn, agent, nil)
				return err
			},
			202, "POST", "/calling/callConnections/" + conn + "/participants:add", true,
			`{"participantToAdd":` + agentJSON + `}`,
		},
		{
			"a telephone added, with everything",
			func(ctx context.Context, c *Client) error {
				_, err := c.AddParticipant(ctx, conn, phone, &AddParticipantOptions{
					Repeatability:              pair,
					SourceCallerIDNumber:       PhoneNumber("+18005550100"),
					SourceDisplayName:          "Contoso Sales",
					InvitationTimeoutInSeconds: new(int32(0)),
					OperationContext:           "c/2.1",
					OperationCallbackURI:       "https://app.contoso.example/op",
				})
				return err
			},
			202, "POST", "/calling/callConnections/" + conn + "/participants:add", true,
			`{"invitationTimeoutInSeconds":0,"operationCallbackUri":"https://app.contoso.example/op",
			"operationContext":"c/2.1","participantToAdd":` + phoneJSON + `,
			"sourceCallerIdNumber":{"isAnonymous":false,"value":"+18005550100"},"sourceDisplayName":"Contoso Sales"}`,
		},
		{
			"an invitation withdrawn",
			func(ctx context.Context, c *Client) error {
				_, err := c.CancelAddParticipant(ctx, conn, "a5f5b5c1", &CancelAddParticipantOptions{
					OperationContext: "c/3.1", OperationCallbackURI: "https://app.contoso.example/op",
				})
				return err
			},
			202, "POST", "/calling/callConnections/" + conn + "/participants:cancelAddParticipant", true,
			`{"invitationId":"a5f5b5c1","operationCallbackUri":"https://app.contoso.example/op","operationContext":"c/3.1"}`,
		},
		{
			"a participant removed",
			func(ctx context.Context, c *Client) error {
				_, err := c.RemoveParticipant(ctx, conn, phone, &RemoveParticipantOptions{OperationContext: "c/4.1"})
				return err
			},
			202, "POST", "/calling/callConnections/" + conn + "/participants:remove", true,
			`{"operationContext":"c/4.1","participantToRemove":` + phoneJSON + `}`,
		},
		{
			"a file played to everyone in a loop",
			func(ctx context.Context, c *Client) error {
				_, err := c.Play(ctx, conn, []PlaySource{PlayFile("https://media.contoso.example/hold.wav")}, &PlayOptions{
					Loop: true, InterruptCallMediaOperation: new(true), OperationContext: "c/5.1",
				})
				return err
			},
			202, "POST", "/calling/callConnections/" + conn + ":play", false,
			`{"interruptCallMediaOperation":true,"operationContext":"c/5.1","playOptions":{"loop":true},
			"playSources":[{"file":{"uri":"https://media.contoso.example/hold.wav"},"kind":"file"}],"playTo":[]}`,
		},
		{
			"sources of every kind played to one participant",
			func(ctx context.Context, c *Client) error {
				_, err := c.Play(ctx, conn, []PlaySource{
					PlayText("Hello & welcome", "en-US"),
					{Text: &TextSource{
						Text: "Bienvenue", SourceLocale: "fr-CA", VoiceKind: VoiceFemale,
						VoiceName: "fr-CA-SylvieNeural", CustomVoiceEndpointID: "6e1a9f0c",
					}, CacheID: "welcome-fr"},
					PlaySSML(`<speak version="1.0">Hello</speak>`),
				}, &PlayOptions{PlayTo: []Identifier{phone}})
				return err
			},
			202, "POST", "/calling/callConnections/" + conn + ":play", false,
			`{"playOptions":{"loop":false},"playSources":[{"kind":"text","text":{"sourceLocale":"en-US","text":"Hello & welcome"}},
			{"kind":"text","playSourceCacheId":"welcome-fr","text":{"customVoiceEndpointId":"6e1a9f0c","sourceLocale":"fr-CA",
			"text":"Bienvenue","voiceKind":"female","voiceName":"fr-CA-SylvieNeural"}},
			{"kind":"ssml","ssml":{"ssmlText":"<speak version=\"1.0\">Hello</speak>"}}],"playTo":[` + mediaPhone + `]}`,
		},
		{
			"keys recognized, with the defaults",
			func(ctx context.Context, c *Client) error {
				_, err := c.Recognize(ctx, conn, phone, InputDTMF, nil)
				return err
			},
			202, "POST", "/calling/callConnections/" + conn + ":recognize", false,
			`{"recognizeInputType":"dtmf","recognizeOptions":{"dtmfOptions":{"interToneTimeoutInSeconds":2},
			"initialSilenceTimeoutInSeconds":5,"targetParticipant":` + mediaPhone + `}}`,
		},
		{
			"keys recognized, with everything",
			func(ctx context.Context, c *Client) error {
				prompt := PlayFile("https://media.contoso.example/menu.wav")
				_, err := c.Recognize(ctx, conn, agent, InputDTMF, &RecognizeOptions{
					PlayPrompt:                     &prompt,
					InterruptPrompt:                new(false),
					InitialSilenceTimeoutInSeconds: new(int32(12)),
					InterToneTimeoutInSeconds:      new(int32(7)),
					MaxTonesToCollect:              new(int32(4)),
					StopTones:                      []Tone{TonePound, ToneAsterisk},
					InterruptCallMediaOperation:    new(true),
					OperationContext:               "c/6.1",
					OperationCallbackURI:           "https://app.contoso.example/op",
				})
				return err
			},
			202, "POST", "/calling/callConnections/" + conn + ":recognize", false,
			`{"interruptCallMediaOperation":true,"operationCallbackUri":"https://app.contoso.example/op",
			"operationContext":"c/6.1","playPrompt":{"file":{"uri":"https://media.contoso.example/menu.wav"},"kind":"file"},
			"recognizeInputType":"dtmf","recognizeOptions":{"dtmfOptions":{"interToneTimeoutInSeconds":7,
			"maxTonesToCollect":4,"stopTones":["pound","asterisk"]},"initialSilenceTimeoutInSeconds":12,
			"interruptPrompt":false,"targetParticipant":{"rawId":"` + agentRawID + `","teamsExtensionUser":` + agentMember + `}}}`,
		},
		{
			"a choice recognized",
			func(ctx context.Context, c *Client) error {
				_, err := c.Recognize(ctx, conn, phone, InputChoices, &RecognizeOptions{
					PlayPrompts:                      []PlaySource{PlaySSML("<speak/>")},
					Choices:                          []Choice{{"Confirm", []string{"Yes", "One"}, Tone1}, {Label: "Help", Phrases: []string{"Help me"}}},
					SpeechLanguage:                   "en-GB",
					SpeechRecognitionModelEndpointID: "a259c255",
				})
				return err
			},
			202, "POST", "/calling/callConnections/" + conn + ":recognize", false,
			`{"playPrompts":[{"kind":"ssml","ssml":{"ssmlText":"<speak/>"}}],"recognizeInputType":"choices",
			"recognizeOptions":{"choices":[{"label":"Confirm","phrases":["Yes","One"],"tone":"one"},
			{"label":"Help","phrases":["Help me"]}],"initialSilenceTimeoutInSeconds":5,"speechLanguage":"en-GB",
			"speechRecognitionModelEndpointId":"a259c255","targetParticipant":` + mediaPhone + `}}`,
		},
		{
			"speech or keys recognized",
			func(ctx context.Context, c *Client) error {
				_, err := c.Recognize(ctx, conn, phone, InputSpeechOrDTMF, nil)
				return err
			},
			202, "POST", "/calling/callConnections/" + conn + ":recognize", false,
			`{"recognizeInputType":"speechOrDtmf","recognizeOptions":{"dtmfOptions":{"interToneTimeoutInSeconds":2},
			"initialSilenceTimeoutInSeconds":5,"speechOptions":{"endSilenceTimeoutInMs":2000},"targetParticipant":` + mediaPhone + `}}`,
		},
		{
			"all media cancelled",
			func(ctx context.Context, c *Client) error {
				_, err := c.CancelAllMediaOperations(ctx, conn, nil)
				return err
			},
			202, "POST", "/calling/callConnections/" + conn + ":cancelAllMediaOperations", false, ``,
		},
		{
			"a recording of a connection",
			func(ctx context.Context, c *Client) error {
				_, err := c.StartRecording(ctx, RecordingTarget{CallConnectionID: conn}, &StartRecordingOptions{
					Repeatability: pair, RecordingStateCallbackURI: "https://app.contoso.example/rec",
					Content: ContentAudio, Channel: ChannelUnmixed, Format: FormatWAV, PauseOnStart: new(false),
					AudioChannelParticipantOrdering: []Identifier{phone},
					ChannelAffinity:                 []ChannelAffinity{{new(int32(0)), phone}, {Participant: agent}},
				})
				return err
			},
			202, "POST", "/calling/recordings", true,
			`{"audioChannelParticipantOrdering":[` + phoneJSON + `],"callConnectionId":"` + conn + `",
			"channelAffinity":[{"channel":0,"participant":` + phoneJSON + `},{"participant":` + agentJSON + `}],
			"pauseOnStart":false,"recordingChannelType":"unmixed","recordingContentType":"audio",
			"recordingFormatType":"wav","recordingStateCallbackUri":"https://app.contoso.example/rec"}`,
		},
		{
			"a recording of a call that is found by its server call id, into a container",
			func(ctx context.Context, c *Client) error {
				_, err := c.StartRecording(ctx, RecordingTarget{CallLocator: &CallLocator{ServerCallLocator, "aHR0cHM6"}},
					&StartRecordingOptions{ContainerURL: "https://contosorec.blob.core.windows.net/recordings/2026"})
				return err
			},
			200, "POST", "/calling/recordings", true,
			`{"callLocator":{"kind":"serverCallLocator","serverCallId":"aHR0cHM6"},"externalStorage":
			{"recordingDestinationContainerUrl":"https://contosorec.blob.core.windows.net/recordings/2026",
			"recordingStorageKind":"azureBlobStorage"}}`,
		},
		{
			"a recording of a group call",
			func(ctx context.Context, c *Client) error {
				_, err := c.StartRecording(ctx, RecordingTarget{CallLocator: &CallLocator{GroupCallLocator, "29228d3e"}}, nil)
				return err
			},
			204, "POST", "/calling/recordings", true,
			`{"callLocator":{"groupCallId":"29228d3e","kind":"groupCallLocator"}}`,
		},
		{
			"a recording stopped",
			func(ctx context.Context, c *Client) error {
				_, err := c.StopRecording(ctx, recordingID, nil)
				return err
			},
			204, "DELETE", "/calling/recordings/eyJQbGF0Zm9ybSI6IjEifQ%3D%3D", false, ``,
		},
	})
}

// decode reads JSON as values; an empty body is nil.
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

func checkPair(t *testing.T, h http.Header, want bool) {
	t.Helper()
	id, first := h.Get("Repeatability-Request-ID"), h.Get("Repeatability-First-Sent")
	switch {
	case !want && id+first != "":
		t.Errorf("Repeatability pair %q, %q, want none", id, first)
	case want && id == pair.RequestID:
		if first != "Tue, 03 Feb 2026 03:05:06 GMT" {
			t.Errorf("Repeatability-First-Sent = %q, want Tue, 03 Feb 2026 03:05:06 GMT", first)
		}
	case want:
		if u, err := uuid.Parse(id); err != nil || u.Version() != 4 {
			t.Errorf("Repeatability-Request-ID = %q, want a version 4 UUID", id)
		}
		if at, err := http.ParseTime(first); err != nil || time.Since(at).Abs() > time.Hour {
			t.Errorf("Repeatability-First-Sent = %q, want now", first)
		}
	}
}

func TestResponsesAreRead(t *testing.T) {
	_, c := newRecorder(t, answer{status: 200, body: `{
		"callConnectionId":"` + conn + `","serverCallId":"aHR0","correlationId":"53be6977","callConnectionState":"connected",
		"callbackUri":"` + callback + `","targets":[` + phoneJSON + `],"source":` + userJSON + `,
		"sourceCallerIdNumber":{"value":"+18005550100"},"sourceDisplayName":"Contoso","answeredBy":{"id":"` + acsUser + `"},
		"answeredFor":{"value":"+18005550199","assertedId":"7"},"somethingNew":{"a":1}}`})
	got, err := c.GetCall(t.Context(), conn, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := GetCallResponse{CallConnectionProperties{
		CallConnectionID: conn, ServerCallID: "aHR0", CorrelationID: "53be6977", State: StateConnected,
		CallbackURI: callback, Targets: []Identifier{phone}, Source: CommunicationUser(acsUser),
		SourceCallerIDNumber: PhoneNumber("+18005550100"), SourceDisplayName: "Contoso",
		AnsweredBy:  CommunicationUser(acsUser),
		AnsweredFor: Identifier{Kind: KindPhoneNumber, ID: "+18005550199", AssertedID: "7"},
	}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("GetCall (-want +got):\n%s", d)
	}

	_, c = newRecorder(t, answer{status: 202, body: `{"invitationId":"a5f5","operationContext":"c/1.1",
		"participant":{"identifier":` + agentJSON + `,"isMuted":true,"isOnHold":null}}`})
	added, err := c.AddParticipant(t.Context(), conn, agent, nil)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(AddParticipantResponse{CallParticipant{agent, true, false}, "c/1.1", "a5f5"}, added); d != "" {
		t.Errorf("AddParticipant (-want +got):\n%s", d)
	}

	_, c = newRecorder(t, answer{status: 202, body: `{"recordingId":"r","recordingState":"inactive","recordingKind":"azureCommunicationServices"}`})
	started, err := c.StartRecording(t.Context(), RecordingTarget{CallConnectionID: conn}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(RecordingProperties{"r", RecordingInactive, "azureCommunicationServices"}, started.RecordingProperties); d != "" {
		t.Errorf("StartRecording (-want +got):\n%s", d)
	}
}

func TestPagerFollowsNextLinks(t *testing.T) {
	const path = "/calling/callConnections/" + conn + "/participants"
	rec, c := newRecorder(t,
		answer{status: 200, body: `{"value":[{"identifier":` + phoneJSON + `}],"nextLink":"` + path + `?skipToken=cGFnZTI=&api-version=2026-03-12"}`},
		answer{status: 503},
		answer{status: 200, body: `{"value":[{"identifier":` + agentJSON + `}],"nextLink":"ABSOLUTE"}`},
		answer{status: 200, body: `{"value":[]}`},
	)
	rec.answers[2].body = strings.Replace(rec.answers[2].body, "ABSOLUTE", c.endpoint.String()+"/elsewhere?p=3", 1)
	var got []Identifier
	for pager := c.NewGetParticipantsPager(conn, nil); pager.More(); {
		page, err := pager.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range page.Value {
			got = append(got, p.Identifier)
		}
	}
	if d := cmp.Diff([]Identifier{phone, agent}, got); d != "" {
		t.Errorf("participants (-want +got):\n%s", d)
	}
	var uris []string
	for _, r := range rec.requests() {
		uris = append(uris, r.URI)
	}
	second := path + "?skipToken=cGFnZTI=&api-version=2026-03-12"
	if d := cmp.Diff([]string{path + "?api-version=2026-03-12", second, second, "/elsewhere?p=3"}, uris); d != "" {
		t.Errorf("requests (-want +got):\n%s", d)
	}
}

func TestNextLinksToOtherHostsAreRefused(t *testing.T) {
	for _, link := range []string{
		"http://192.0.2.1/next", "https://contoso.communication.azure.com/next", "//127.0.0.1/next", "http://me@HOST/next", "%",
	} {
		t.Run(link, func(t *testing.T) {
			rec, c := newRecorder(t, answer{status: 200, body: `{"value":[],"nextLink":"LINK"}`})
			rec.answers[0].body = strings.Replace(rec.answers[0].body, "LINK", strings.Replace(link, "HOST", c.endpoint.Host, 1), 1)
			pager := c.NewGetParticipantsPager(conn, nil)
			if _, err := pager.NextPage(t.Context()); err != nil {
				t.Fatal(err)
			}
			if _, err := pager.NextPage(t.Context()); !errors.Is(err, ErrInvalidRequest) || len(rec.requests()) != 1 {
				t.Errorf("err = %v after %d requests, want %v after one", err, len(rec.requests()), ErrInvalidRequest)
			}
		})
	}
}
