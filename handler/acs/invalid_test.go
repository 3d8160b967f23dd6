package acs

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// invalidRequest is a request that the client must not send.
type invalidRequest struct {
	name string
	run  func(context.Context, *Client) error
	why  string // the message of the error
}

// wantNotSent runs each request, and checks that it is refused and not sent.
func wantNotSent(t *testing.T, tests []invalidRequest) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rec, c := newRecorder(t, answer{status: 500})
			err := tt.run(t.Context(), c)
			e, ok := errors.AsType[*Error](err)
			if !ok || !errors.Is(err, ErrInvalidRequest) || !e.Refused() || e.Temporary() {
				t.Fatalf("err = %v, want a certain ErrInvalidRequest", err)
			}
			if e.Message != tt.why {
				t.Errorf("why = %q, want %q", e.Message, tt.why)
			}
			if len(rec.requests()) != 0 {
				t.Errorf("%d requests were sent, want none", len(rec.requests()))
			}
		})
	}
}

func TestInvalidCallsAreNotCreated(t *testing.T) {
	targets := []Identifier{agent}
	create := func(targets []Identifier, uri string, o CreateCallOptions) func(context.Context, *Client) error {
		return func(ctx context.Context, c *Client) error {
			_, err := c.CreateCall(ctx, targets, uri, &o)
			return err
		}
	}
	wantNotSent(t, []invalidRequest{
		{"a call without a target", create(nil, callback, CreateCallOptions{}), "no target"},
		{"a call with a zero target", create([]Identifier{agent, {}}, callback, CreateCallOptions{}), "a target is empty"},
		{"a call without a callback", create(targets, "", CreateCallOptions{}), "no callback URI"},
		{"a call with a callback over plain http", create(targets, "http://app.contoso.example/x", CreateCallOptions{}), "the callback URI is not an absolute https URL"},
		{"a call with half a callback", create(targets, "/callbacks", CreateCallOptions{}), "the callback URI is not an absolute https URL"},
		{"a call from a number that is a user", create(targets, callback, CreateCallOptions{SourceCallerIDNumber: agent}), "SourceCallerIDNumber is not a phone number"},
		{"a call from a number that is withheld", create(targets, callback, CreateCallOptions{SourceCallerIDNumber: PhoneNumber("anonymous")}), "SourceCallerIDNumber is withheld"},
		{"a call from a resource account that is a number", create(targets, callback, CreateCallOptions{TeamsAppSource: phone}), "TeamsAppSource is not a Teams app"},
		{"a call from a user who is a number", create(targets, callback, CreateCallOptions{Source: phone}), "Source is not a communication user"},
		{"a Teams Phone call with a number", create([]Identifier{phone}, callback, CreateCallOptions{TeamsAppSource: TeamsApp("a"), SourceCallerIDNumber: phone}),
			"a Teams Phone call takes neither SourceCallerIDNumber nor SourceDisplayName (8523)"},
		{"a Teams Phone call with a name", create([]Identifier{phone}, callback, CreateCallOptions{TeamsAppSource: TeamsApp("a"), SourceDisplayName: "x"}),
			"a Teams Phone call takes neither SourceCallerIDNumber nor SourceDisplayName (8523)"},
		{"a call to a telephone without a source number", create([]Identifier{agent, phone}, callback, CreateCallOptions{}), "a call to a telephone needs SourceCallerIDNumber, or TeamsAppSource"},
		{"a stream without its channels", create(targets, callback, CreateCallOptions{MediaStreamingOptions: &MediaStreamingOptions{}}), "MediaStreamingOptions lack an AudioChannelType"},
		{"a stream to no WebSocket", create(targets, callback, CreateCallOptions{MediaStreamingOptions: &MediaStreamingOptions{AudioChannelType: AudioMixed, TransportURL: "https://x"}}),
			"MediaStreamingOptions have a TransportURL that is not an absolute wss URL"},
		{"a transcription without its language", create(targets, callback, CreateCallOptions{TranscriptionOptions: &TranscriptionOptions{}}), "TranscriptionOptions lack a Locale"},
		{"a request id without its time", create(targets, callback, CreateCallOptions{Repeatability: Repeatability{RequestID: pair.RequestID}}), "half a repeatability pair"},
		{"a first time without its id", create(targets, callback, CreateCallOptions{Repeatability: Repeatability{FirstSent: time.Now()}}), "half a repeatability pair"},
	})
}

func TestInvalidRequestsAboutCallsAreNotSent(t *testing.T) {
	answerWith := func(offered, uri string, o AnswerCallOptions) func(context.Context, *Client) error {
		return func(ctx context.Context, c *Client) error {
			_, err := c.AnswerCall(ctx, offered, uri, &o)
			return err
		}
	}
	wantNotSent(t, []invalidRequest{
		{"an answer without a context", answerWith("", callback, AnswerCallOptions{}), "no incoming call context"},
		{"an answer without a callback", answerWith(offer, "", AnswerCallOptions{}), "no callback URI"},
		{"an answer by a number", answerWith(offer, callback, AnswerCallOptions{AnsweredBy: phone}), "AnsweredBy is not a communication user"},
		{"a rejection without a context", func(ctx context.Context, c *Client) error {
			_, err := c.RejectCall(ctx, "", nil)
			return err
		}, "no incoming call context"},
		{"a redirection without a target", func(ctx context.Context, c *Client) error {
			_, err := c.RedirectCall(ctx, offer, Identifier{}, nil)
			return err
		}, "no target"},
		{"a connection without an id", func(ctx context.Context, c *Client) error {
			_, err := c.Connect(ctx, CallLocator{Kind: GroupCallLocator}, callback, nil)
			return err
		}, "the call locator has no id"},
		{"a connection by an unknown kind of id", func(ctx context.Context, c *Client) error {
			_, err := c.Connect(ctx, CallLocator{ID: "x"}, callback, nil)
			return err
		}, "the call locator is of no known kind"},
		{"the properties of no call", func(ctx context.Context, c *Client) error {
			_, err := c.GetCall(ctx, "", nil)
			return err
		}, "an id is empty"},
		{"the participants of no call", func(ctx context.Context, c *Client) error {
			_, err := c.NewGetParticipantsPager("", nil).NextPage(ctx)
			return err
		}, "an id is empty"},
		{"the properties of no participant", func(ctx context.Context, c *Client) error {
			_, err := c.GetParticipant(ctx, conn, Identifier{}, nil)
			return err
		}, "an id is empty"},
	})
}

func TestInvalidRequestsAboutParticipantsAreNotSent(t *testing.T) {
	targets := []Identifier{agent}
	add := func(who Identifier, o AddParticipantOptions) func(context.Context, *Client) error {
		return func(ctx context.Context, c *Client) error {
			_, err := c.AddParticipant(ctx, conn, who, &o)
			return err
		}
	}
	carrying := func(context CustomCallingContext) func(context.Context, *Client) error {
		return add(agent, AddParticipantOptions{CustomCallingContext: &context})
	}
	sip := func(name, value string) func(context.Context, *Client) error {
		return carrying(CustomCallingContext{SIPHeaders: map[string]string{name: value}})
	}
	details := func(d TeamsPhoneCallDetails) func(context.Context, *Client) error {
		return carrying(CustomCallingContext{TeamsPhoneCallDetails: &d})
	}
	many := func(n int, prefix string) map[string]string {
		m := map[string]string{}
		for i := range n {
			m[prefix+strconv.Itoa(i)] = "v"
		}
		return m
	}
	wantNotSent(t, []invalidRequest{
		{"an addition without a participant", add(Identifier{}, AddParticipantOptions{}), "no participant"},
		{"a participant added from a number that is a user", add(agent, AddParticipantOptions{SourceCallerIDNumber: agent}), "SourceCallerIDNumber is not a phone number"},
		{"a telephone added without a source number", add(phone, AddParticipantOptions{}), "a telephone is added with SourceCallerIDNumber, except to a Teams Phone call (TeamsPhone)"},
		{"a telephone added to a Teams Phone call from a number", add(phone, AddParticipantOptions{TeamsPhone: true, SourceCallerIDNumber: phone}),
			"a Teams Phone call takes neither SourceCallerIDNumber nor SourceDisplayName (8523)"},
		{"a ring that is too long", add(agent, AddParticipantOptions{InvitationTimeoutInSeconds: new(int32(181))}), "InvitationTimeoutInSeconds is not between 0 and 180"},
		{"a ring that is too short", add(agent, AddParticipantOptions{InvitationTimeoutInSeconds: new(int32(-1))}), "InvitationTimeoutInSeconds is not between 0 and 180"},
		{"an addition with half a callback", add(agent, AddParticipantOptions{OperationCallbackURI: "x"}), "the operation callback URI is not an absolute https URL"},
		{"too many SIP headers", carrying(CustomCallingContext{SIPHeaders: many(6, SIPPrefix)}), "more than 5 SIP headers besides User-To-User"},
		{"too many VoIP headers", carrying(CustomCallingContext{VoIPHeaders: many(1001, "h")}), "more than 1000 VoIP headers"},
		{"a SIP header with another name", sip("Subject", "v"), "a SIP header is neither User-To-User nor begins with X-MS-Custom- or X-"},
		{"a SIP header with a prefix alone", sip("X-MS-Custom-", "v"), "a SIP header is neither User-To-User nor begins with X-MS-Custom- or X-"},
		{"a SIP header with a colon in its name", sip("X-a:b", "v"), "the name of a SIP header has a character that no header has"},
		{"a SIP header of two lines", sip("X-a", "v\r\nX-b: w"), "the value of a SIP header has more than one line"},
		{"a SIP header with a long name", sip("X-"+strings.Repeat("a", 63), "v"), "the name of a SIP header has more than 64 characters"},
		{"a SIP header with a long value", sip(SIPUserToUser, strings.Repeat("v", 257)), "the value of a SIP header has more than 256 characters"},
		{"a VoIP header without a name", carrying(CustomCallingContext{VoIPHeaders: map[string]string{"": "v"}}), "the name of a VoIP header is empty"},
		{"a VoIP header with a long name", carrying(CustomCallingContext{VoIPHeaders: map[string]string{strings.Repeat("ü", 65): "v"}}), "the name of a VoIP header has more than 64 characters"},
		{"a VoIP header with a long value", carrying(CustomCallingContext{VoIPHeaders: map[string]string{"k": strings.Repeat("v", 1025)}}), "the value of a VoIP header has more than 1024 characters"},
		{"a long topic", details(TeamsPhoneCallDetails{CallTopic: strings.Repeat("t", 49)}), "the CallTopic has more than 48 characters"},
		{"half a caller", details(TeamsPhoneCallDetails{Caller: &TeamsPhoneCallerDetails{Caller: phone, Name: "n"}}), "TeamsPhoneCallerDetails lack Caller, Name or PhoneNumber"},
		{"too much about a caller", details(TeamsPhoneCallDetails{Caller: &TeamsPhoneCallerDetails{
			Caller: phone, Name: "n", PhoneNumber: "+1", AdditionalCallerInformation: many(11, "k"),
		}}), "more than 10 entries of AdditionalCallerInformation"},
		{"half a source", details(TeamsPhoneCallDetails{Source: &TeamsPhoneSourceDetails{Language: "en"}}), "TeamsPhoneSourceDetails lack Source, Language or Status"},
		{"no invitation withdrawn", func(ctx context.Context, c *Client) error {
			_, err := c.CancelAddParticipant(ctx, conn, "", nil)
			return err
		}, "no invitation id"},
		{"a removal without a participant", func(ctx context.Context, c *Client) error {
			_, err := c.RemoveParticipant(ctx, conn, Identifier{}, nil)
			return err
		}, "no participant"},
		{"muting without a participant", func(ctx context.Context, c *Client) error {
			_, err := c.Mute(ctx, conn, Identifier{}, nil)
			return err
		}, "no participant"},
		{"a transfer without a target", func(ctx context.Context, c *Client) error {
			_, err := c.TransferToParticipant(ctx, conn, Identifier{}, nil)
			return err
		}, "no target participant"},
		{"a move without participants", func(ctx context.Context, c *Client) error {
			_, err := c.MoveParticipants(ctx, conn, nil, "another", nil)
			return err
		}, "no participant"},
		{"a move from the same call", func(ctx context.Context, c *Client) error {
			_, err := c.MoveParticipants(ctx, conn, targets, conn, nil)
			return err
		}, "the call to move from is this one"},
	})
}

func TestInvalidRequestsAboutMediaAreNotSent(t *testing.T) {
	music := []PlaySource{PlayFile("https://media.contoso.example/hold.wav")}
	recognize := func(who Identifier, input RecognizeInputType, o RecognizeOptions) func(context.Context, *Client) error {
		return func(ctx context.Context, c *Client) error {
			_, err := c.Recognize(ctx, conn, who, input, &o)
			return err
		}
	}
	play := func(sources []PlaySource, o PlayOptions) func(context.Context, *Client) error {
		return func(ctx context.Context, c *Client) error {
			_, err := c.Play(ctx, conn, sources, &o)
			return err
		}
	}
	tones := func(n int) func(context.Context, *Client) error {
		return func(ctx context.Context, c *Client) error {
			_, err := c.SendDTMFTones(ctx, conn, phone, slices.Repeat([]Tone{Tone1}, n), nil)
			return err
		}
	}
	wantNotSent(t, []invalidRequest{
		{"a play without a source", play(nil, PlayOptions{}), "no play source"},
		{"a source without a kind", play([]PlaySource{{}}, PlayOptions{}), "a play source is not exactly one of file, text and SSML"},
		{"a file without a URI", play([]PlaySource{PlayFile("")}, PlayOptions{}), "a play source has no URI"},
		{"a source without a text", play([]PlaySource{PlaySSML("")}, PlayOptions{}), "a play source has no text"},
		{"a source played to a zero participant", play(music, PlayOptions{PlayTo: []Identifier{{}}}), "a participant is empty"},
		{"recognition without a participant", recognize(Identifier{}, InputDTMF, RecognizeOptions{}), "no target participant"},
		{"recognition without an input type", recognize(phone, "", RecognizeOptions{}), "no input type"},
		{"recognition without choices", recognize(phone, InputChoices, RecognizeOptions{}), "no choices"},
		{"a choice without phrases", recognize(phone, InputChoices, RecognizeOptions{Choices: []Choice{{Label: "x"}}}), "a choice lacks its label or phrases"},
		{"a prompt of two kinds", recognize(phone, InputDTMF, RecognizeOptions{
			PlayPrompt: &PlaySource{File: &FileSource{URI: "https://x/y.wav"}, Text: &TextSource{Text: "x"}},
		}), "a play source is not exactly one of file, text and SSML"},
		{"a silence that is too long", recognize(phone, InputDTMF, RecognizeOptions{InitialSilenceTimeoutInSeconds: new(int32(301))}), "InitialSilenceTimeoutInSeconds is not between 0 and 300"},
		{"no time between keys", recognize(phone, InputDTMF, RecognizeOptions{InterToneTimeoutInSeconds: new(int32(0))}), "InterToneTimeoutInSeconds is not between 1 and 60"},
		{"no keys", recognize(phone, InputDTMF, RecognizeOptions{MaxTonesToCollect: new(int32(0))}), "MaxTonesToCollect is not between 1 and 2147483647"},
		{"speech with a negative end silence", recognize(phone, InputSpeech, RecognizeOptions{EndSilenceTimeoutInMs: new(int64(-1))}), "EndSilenceTimeoutInMs is not between 0 and 9223372036854775807"},
		{"no keys pressed", tones(0), "no tones"},
		{"too many keys pressed", tones(19), "more than 18 tones"},
		{"a hold without a participant", func(ctx context.Context, c *Client) error {
			_, err := c.Hold(ctx, conn, Identifier{}, nil)
			return err
		}, "no target participant"},
		{"an unhold without a participant", func(ctx context.Context, c *Client) error {
			_, err := c.Unhold(ctx, conn, Identifier{}, nil)
			return err
		}, "no target participant"},
		{"a transcription in no language", func(ctx context.Context, c *Client) error {
			_, err := c.UpdateTranscription(ctx, conn, "", nil)
			return err
		}, "no locale"},
		{"a stream with a callback over ftp", func(ctx context.Context, c *Client) error {
			_, err := c.StartMediaStreaming(ctx, conn, &StartMediaStreamingOptions{OperationCallbackURI: "ftp://x"})
			return err
		}, "the operation callback URI is not an absolute https URL"},
	})
}

func TestInvalidRecordingsAreNotStarted(t *testing.T) {
	record := func(target RecordingTarget, o StartRecordingOptions) func(context.Context, *Client) error {
		return func(ctx context.Context, c *Client) error {
			_, err := c.StartRecording(ctx, target, &o)
			return err
		}
	}
	byConnection := RecordingTarget{CallConnectionID: conn}
	byLocator := RecordingTarget{CallLocator: &CallLocator{ServerCallLocator, "x"}}
	wantNotSent(t, []invalidRequest{
		{"a recording of no call", record(RecordingTarget{}, StartRecordingOptions{}), "needs a connection id or a call locator, and not both"},
		{"a recording of a call that is named twice", record(RecordingTarget{conn, byLocator.CallLocator}, StartRecordingOptions{}), "needs a connection id or a call locator, and not both"},
		{"a recording of a call by an empty locator", record(RecordingTarget{CallLocator: &CallLocator{Kind: ServerCallLocator}}, StartRecordingOptions{}), "the call locator has no id"},
		{"a recording by RoomCallLocator", record(RecordingTarget{CallLocator: &CallLocator{RoomCallLocator, "1"}}, StartRecordingOptions{}), "a RoomCallLocator cannot name the call to record: use the server call id"},
		{"a Teams Phone recording by a locator", record(byLocator, StartRecordingOptions{TeamsPhone: true, Content: ContentAudio, Format: FormatWAV}),
			"a Teams Phone call is recorded by its connection, not by a locator"},
		{"a Teams Phone recording without content and format", record(byConnection, StartRecordingOptions{TeamsPhone: true}),
			"a Teams Phone call is recorded as audio in WAV: Content and Format have to say so"},
		{"a Teams Phone recording as MP3", record(byConnection, StartRecordingOptions{TeamsPhone: true, Content: ContentAudio, Format: FormatMP3}),
			"a Teams Phone call is recorded as audio in WAV: Content and Format have to say so"},
		{"an unmixed recording as MP4", record(byLocator, StartRecordingOptions{Channel: ChannelUnmixed, Format: FormatMP4}), "unmixed audio is recorded as audio in WAV"},
		{"a recording into no container", record(byLocator, StartRecordingOptions{StorageKind: StorageBlob}), "StorageBlob needs a ContainerURL"},
		{"a recording into a container of the service", record(byLocator, StartRecordingOptions{StorageKind: StorageService, ContainerURL: "https://x"}), "a ContainerURL is for StorageBlob"},
		{"a sixth channel", record(byLocator, StartRecordingOptions{ChannelAffinity: []ChannelAffinity{{new(int32(5)), phone}}}), "a channel is not between 0 and 4"},
		{"a channel without a participant", record(byLocator, StartRecordingOptions{ChannelAffinity: []ChannelAffinity{{}}}), "a channel's participant is empty"},
		{"a recording with half a callback", record(byLocator, StartRecordingOptions{RecordingStateCallbackURI: "x"}), "the recording state callback URI is not an absolute https URL"},
	})
}

func TestConnectionStrings(t *testing.T) {
	for text, ok := range map[string]bool{
		"endpoint=https://contoso.communication.azure.com/;accesskey=" + testKey:         true,
		"Endpoint=https://contoso.communication.azure.com/;AccessKey=" + testKey + ";":   true,
		"accesskey=" + testKey + "; endpoint=https://contoso.communication.azure.com;x=": true,
		"endpoint=https://contoso.communication.azure.com/":                              false,
		"accesskey=" + testKey: false,
		"endpoint=http://contoso.communication.azure.com/;accesskey=" + testKey: false,
		"endpoint=https://contoso.communication.azure.com/;accesskey=n*t":       false,
		"": false,
	} {
		c, err := NewClientFromConnectionString(text, nil)
		if (err == nil) != ok {
			t.Errorf("%s: err = %v, want it accepted: %t", text, err, ok)
		}
		if ok && c.endpoint.String() != "https://contoso.communication.azure.com" {
			t.Errorf("%s: endpoint = %s, want https://contoso.communication.azure.com", text, c.endpoint)
		}
		if err != nil && strings.Contains(err.Error(), testKey) {
			t.Errorf("err = %v, want no key in it", err)
		}
	}
}

func TestClientsNeedASecureEndpointAndAKey(t *testing.T) {
	tests := []struct {
		name, endpoint, key string
		ok                  bool
	}{
		{"https", "https://contoso.communication.azure.com", testKey, true},
		{"a slash at the end", "https://contoso.communication.azure.com/", testKey, true},
		{"http on loopback", "http://127.0.0.1:8080", testKey, true},
		{"http on IPv6 loopback", "http://[::1]:8080", testKey, true},
		{"http on localhost", "http://localhost:8080", testKey, true},
		{"http elsewhere", "http://contoso.communication.azure.com", testKey, false},
		{"http on a host that only begins like loopback", "http://127.0.0.1.example.com", testKey, false},
		{"another scheme", "ftp://127.0.0.1", testKey, false},
		{"no scheme", "contoso.communication.azure.com", testKey, false},
		{"a path", "https://contoso.communication.azure.com/x", testKey, false},
		{"a query", "https://contoso.communication.azure.com?x=1", testKey, false},
		{"a user", "https://me@contoso.communication.azure.com", testKey, false},
		{"nothing", "", testKey, false},
		{"a key that is not base64", "https://contoso.communication.azure.com", "n*t base64", false},
		{"no key", "https://contoso.communication.azure.com", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := NewClientWithKey(tt.endpoint, tt.key, nil); (err == nil) != tt.ok {
				t.Errorf("err = %v, want it accepted: %t", err, tt.ok)
			}
		})
	}
	if _, err := NewClient("https://contoso.communication.azure.com", nil, nil); err == nil {
		t.Error("a client without a credential was made, want an error")
	}
}
