package acssim

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestFaultyRequestsAreRefused(t *testing.T) {
	const (
		create   = "/calling/callConnections"
		callback = `"callbackUri":"https://app.example/cb"`
		person   = `"targets":[{"rawId":"8:orgid:o"}]`
		number   = `"targets":[{"phoneNumber":{"value":"+14255550123"}}]`
		teams    = `"teamsAppSource":{"appId":"a"}`
	)
	tests := []struct {
		name, method, path, body, want string
	}{
		{"an operation that does not exist", "POST", create + ":dance", "", "404/NotFound"},
		{"a method that the resource does not have", "PUT", create, "", "405/MethodNotAllowed"},
		{"a body that is no JSON", "POST", create, "{", "400/8523"},
		{"a member that the schema does not have", "POST", create, `{` + person + `,` + callback + `,"callbackUrl":"x"}`, "400/8523"},
		{"no target", "POST", create, `{` + callback + `}`, "400/8523"},
		{"a target without identity", "POST", create, `{"targets":[{}],` + callback + `}`, "400/8523"},
		{"no callback", "POST", create, `{` + person + `}`, "400/8523"},
		{"a callback over http", "POST", create, `{` + person + `,"callbackUri":"http://app.example/cb"}`, "400/8523"},
		{"a number called from nowhere", "POST", create, `{` + number + `,` + callback + `}`, "400/8523"},
		{"a source number on a Teams Phone call", "POST", create,
			`{` + number + `,` + callback + `,` + teams + `,"sourceCallerIdNumber":{"value":"+14255550100"}}`, "400/8523"},
		{"a display name on a Teams Phone call", "POST", create,
			`{` + number + `,` + callback + `,` + teams + `,"sourceDisplayName":"Contoso"}`, "400/8523"},
		{"a call that is not there", "GET", create + "/unknown", "", "404/8522"},
		{"a recording that is not there", "GET", "/calling/recordings/none%3D%3D", "", "404/8522"},
		{"a recording of no call", "POST", "/calling/recordings", `{}`, "400/8523"},
		{"a recording by a roomId", "POST", "/calling/recordings", `{"callLocator":{"kind":"roomCallLocator","roomId":"b"}}`, "400/8523"},
		{"a recording of a form that there is not", "POST", "/calling/recordings", `{"callConnectionId":"a","recordingFormatType":"ogg"}`, "404/8522"},
		{"a redirection without a target", "POST", create + ":redirect", `{"incomingCallContext":"a"}`, "400/8523"},
		{"a redirection of nothing", "POST", create + ":redirect", `{"incomingCallContext":"a","target":{"rawId":"8:orgid:o"}}`, "400/8523"},
		{"a connection to nothing", "POST", create + ":connect", `{` + callback + `}`, "400/8523"},
		{"a stream over ws to another machine", "POST", create, `{` + person + `,` + callback + `,"transcriptionOptions":
			{"transportType":"websocket","transportUrl":"ws://app.example","locale":"en-US"}}`, "400/8523"},
		{"a recording of two", "POST", "/calling/recordings", `{"callConnectionId":"a","callLocator":{"serverCallId":"b"}}`, "400/8523"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, &Server{}, func(t *testing.T, app *application) {
				if got := app.send(tt.method, tt.path, tt.body).code(); got != tt.want {
					t.Errorf("answer = %s, want %s", got, tt.want)
				}
				if n := len(app.sim.Calls()); n != 0 {
					t.Errorf("%d calls began, want none", n)
				}
			})
		})
	}
	for query, want := range map[string]string{
		"": "400/MissingApiVersionParameter", "?api-version=2020-01-01": "400/UnsupportedApiVersionValue",
	} {
		inBubble(t, &Server{}, func(t *testing.T, app *application) {
			answer, err := app.tryAt("GET", create+"/x"+query, "", nil)
			if err != nil || answer.code() != want {
				t.Errorf("query %q = %s, %v, want %s", query, answer.code(), err, want)
			}
		})
	}
	inBubble(t, &Server{}, func(t *testing.T, app *application) {
		if got := app.send("POST", create, strings.Repeat(" ", maxBody+1)).status; got != http.StatusRequestEntityTooLarge {
			t.Errorf("a body of more than 1 MiB = %d, want %d", got, http.StatusRequestEntityTooLarge)
		}
	})
}

func TestFaultyRequestsWithinACallAreRefused(t *testing.T) {
	recognize := func(input, options string) string {
		return fmt.Sprintf(`{"recognizeInputType":%q,"recognizeOptions":{"targetParticipant":{"rawId":%q}%s}}`, input, caller, options)
	}
	tests := []struct{ name, path, body, want string }{
		{"playing nothing", ":play", `{"playSources":[]}`, "400/8523"},
		{"playing an empty text", ":play", `{"playSources":[{"kind":"text","text":{"text":""}}]}`, "400/8523"},
		{"playing to a person who is not there", ":play",
			`{"playSources":[{"kind":"file","file":{"uri":"https://x.example/a.wav"}}],"playTo":[{"rawId":"8:orgid:o"}]}`, "404/8522"},
		{"an operation callback over http", ":play",
			`{"playSources":[{"kind":"file","file":{"uri":"https://x.example/a.wav"}}],"operationCallbackUri":"http://app.example"}`, "400/8523"},
		{"recognizing without options", ":recognize", `{"recognizeInputType":"dtmf"}`, "400/8523"},
		{"an unknown type of input", ":recognize", recognize("thoughts", ""), "400/8523"},
		{"too long a silence", ":recognize", recognize("dtmf", `,"initialSilenceTimeoutInSeconds":301`), "400/8523"},
		{"a stop tone that is none", ":recognize", recognize("dtmf", `,"dtmfOptions":{"stopTones":["#"]}`), "400/8523"},
		{"choices without choices", ":recognize", recognize("choices", ""), "400/8523"},
		{"adding without a participant", "/participants:add", `{}`, "400/8523"},
		{"adding a person who is there", "/participants:add", fmt.Sprintf(`{"participantToAdd":{"rawId":%q}}`, caller), "400/8523"},
		{"adding with a source number on a Teams Phone call", "/participants:add",
			`{"participantToAdd":{"rawId":"4:+14255550123"},"sourceCallerIdNumber":{"value":"+14255550100"}}`, "400/8523"},
		{"too long an invitation", "/participants:add", `{"participantToAdd":{"rawId":"8:orgid:o"},"invitationTimeoutInSeconds":181}`, "400/8523"},
		{"removing a person who is not there", "/participants:remove", `{"participantToRemove":{"rawId":"8:orgid:o"}}`, "404/8522"},
		{"transferring without a target", ":transferToParticipant", `{}`, "400/8523"},
		{"transferring a person to themselves", ":transferToParticipant", fmt.Sprintf(`{"targetParticipant":{"rawId":%q}}`, caller), "400/8523"},
		{"transferring a person who is not there", ":transferToParticipant",
			`{"targetParticipant":{"rawId":"8:orgid:o"},"transferee":{"rawId":"8:orgid:p"}}`, "404/8522"},
		{"too many SIP headers", ":transferToParticipant", `{"targetParticipant":{"rawId":"8:orgid:o"},"customCallingContext":{"sipHeaders":
			{"X-1":"","X-2":"","X-3":"","X-4":"","X-5":"","X-6":""}}}`, "400/8523"},
		{"too long a SIP header", "/participants:add", `{"participantToAdd":{"rawId":"8:orgid:o"},"customCallingContext":{"sipHeaders":{"X-` +
			strings.Repeat("1", 63) + `":""}}}`, "400/8523"},
		{"too long a VoIP header", "/participants:add", `{"participantToAdd":{"rawId":"8:orgid:o"},"customCallingContext":{"voipHeaders":{"a":"` +
			strings.Repeat("1", 1025) + `"}}}`, "400/8523"},
		{"moving without participants", "/participants:moveHere", `{"fromCall":"x"}`, "400/8523"},
		{"moving from nowhere in particular", "/participants:moveHere", `{"targetParticipants":[{"rawId":"8:orgid:o"}]}`, "400/8523"},
		{"moving from a call that is not there", "/participants:moveHere", `{"targetParticipants":[{"rawId":"8:orgid:o"}],"fromCall":"x"}`, "404/8522"},
		{"muting without participants", "/participants:mute", `{}`, "400/8523"},
		{"muting a person who is not there", "/participants:mute", `{"targetParticipants":[{"rawId":"8:orgid:o"}]}`, "404/8522"},
		{"hold without a participant", ":hold", `{}`, "400/8523"},
		{"continuous recognition without a participant", ":startContinuousDtmfRecognition", `{}`, "400/8523"},
		{"sending no tones", ":sendDtmfTones", fmt.Sprintf(`{"tones":[],"targetParticipant":{"rawId":%q}}`, caller), "400/8523"},
		{"sending too many tones", ":sendDtmfTones", fmt.Sprintf(`{"tones":["one"%s],"targetParticipant":{"rawId":%q}}`, strings.Repeat(`,"one"`, 18), caller), "400/8523"},
		{"cancelling no invitation in particular", "/participants:cancelAddParticipant", `{}`, "400/8523"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, &Server{}, func(t *testing.T, app *application) {
				path := app.connectCaller("")
				if got := app.send("POST", path+tt.path, tt.body).code(); got != tt.want {
					t.Errorf("answer = %s, want %s", got, tt.want)
				}
				app.wait(time.Second)
				if n := len(app.received()); n != 2 {
					t.Errorf("events = %q, want 2", app.received())
				}
			})
		})
	}
	t.Run("media before the call is established", func(t *testing.T) {
		inBubble(t, &Server{}, func(t *testing.T, app *application) {
			path := app.create("8:orgid:o")
			if got := app.send("POST", path+":play", `{"playSources":[]}`).code(); got != "400/8501" {
				t.Errorf("answer = %s, want 400/8501", got)
			}
		})
	})
	t.Run("text without a cognitive services endpoint", func(t *testing.T) {
		inBubble(t, &Server{}, func(t *testing.T, app *application) {
			path := app.create("8:orgid:o")
			app.wait(2 * time.Second)
			if got := app.send("POST", path+":play", `{"playSources":[`+spoken(1)+`]}`).code(); got != "400/8567" {
				t.Errorf("answer = %s, want 400/8567", got)
			}
		})
	})
}
