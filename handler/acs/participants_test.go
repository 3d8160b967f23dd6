package acs

import (
	"context"
	"testing"
)

const contextJSON = `{"sipHeaders":{"User-To-User":"56a390f3;encoding=hex","X-MS-Custom-OrderId":"8812","X-Tier":"gold"},
	"voipHeaders":{"customer":"4471"},"teamsPhoneCallDetails":{"callTopic":"Order 8812","callContext":"c","callSentiment":"neutral",
	"intent":"i","sessionId":"s","suggestedActions":"a","transcriptUrl":"https://app.contoso.example/t",
	"teamsPhoneCallerDetails":{"caller":` + phoneJSON + `,"name":"Robin","phoneNumber":"+14255550123","recordId":"crm-4471",
	"screenPopUrl":"https://crm.contoso.example/4471","isAuthenticated":false,"additionalCallerInformation":{"tier":"gold"}},
	"teamsPhoneSourceDetails":{"source":` + userJSON + `,"language":"en","status":"Succeeded","intendedTargets":{"sales":` + teamsUserJSON + `}}}}`

var callingContext = &CustomCallingContext{
	SIPHeaders:  map[string]string{SIPUserToUser: "56a390f3;encoding=hex", SIPCustomPrefix + "OrderId": "8812", SIPPrefix + "Tier": "gold"},
	VoIPHeaders: map[string]string{"customer": "4471"},
	TeamsPhoneCallDetails: &TeamsPhoneCallDetails{
		Caller: &TeamsPhoneCallerDetails{
			Caller: phone, Name: "Robin", PhoneNumber: "+14255550123", RecordID: "crm-4471",
			ScreenPopURL: "https://crm.contoso.example/4471", IsAuthenticated: new(false),
			AdditionalCallerInformation: map[string]string{"tier": "gold"},
		},
		Source: &TeamsPhoneSourceDetails{
			Source: CommunicationUser(acsUser), Language: "en", Status: "Succeeded",
			IntendedTargets: map[string]Identifier{"sales": TeamsUser(user)},
		},
		SessionID: "s", Intent: "i", CallTopic: "Order 8812", CallContext: "c", TranscriptURL: "https://app.contoso.example/t",
		CallSentiment: "neutral", SuggestedActions: "a",
	},
}

func TestOperationsOnParticipants(t *testing.T) {
	const path = "/calling/callConnections/" + conn
	const op = "https://app.contoso.example/op"
	checkSent(t, []requestCase{
		{
			"a redirection",
			func(ctx context.Context, c *Client) error {
				_, err := c.RedirectCall(ctx, offer, agent, &RedirectCallOptions{Repeatability: pair})
				return err
			},
			204, "POST", "/calling/callConnections:redirect", true, `{"incomingCallContext":"` + offer + `","target":` + agentJSON + `}`,
		},
		{
			"a connection by RoomCallLocator, with everything",
			func(ctx context.Context, c *Client) error {
				_, err := c.Connect(ctx, CallLocator{RoomCallLocator, "99444276"}, callback, &ConnectOptions{
					Repeatability: pair, OperationContext: "c/1.1", MediaStreamingOptions: streamingOptions,
					CallIntelligenceOptions: &CallIntelligenceOptions{"https://contoso-cog.cognitiveservices.azure.com/"},
					TranscriptionOptions:    transcriptionOptions,
				})
				return err
			},
			200, "POST", "/calling/callConnections:connect", true,
			`{"callLocator":{"kind":"roomCallLocator","roomId":"99444276"},"callbackUri":"` + callback + `","operationContext":"c/1.1",
			"callIntelligenceOptions":{"cognitiveServicesEndpoint":"https://contoso-cog.cognitiveservices.azure.com/"},
			"mediaStreamingOptions":` + streamingJSON + `,"transcriptionOptions":` + transcriptionJSON + `}`,
		},
		{
			"an answer with streams",
			func(ctx context.Context, c *Client) error {
				_, err := c.AnswerCall(ctx, offer, callback, &AnswerCallOptions{
					MediaStreamingOptions: streamingOptions, TranscriptionOptions: transcriptionOptions,
				})
				return err
			},
			200, "POST", "/calling/callConnections:answer", true,
			`{"incomingCallContext":"` + offer + `","callbackUri":"` + callback + `","mediaStreamingOptions":` + streamingJSON + `,
			"transcriptionOptions":` + transcriptionJSON + `}`,
		},
		{
			"one participant",
			func(ctx context.Context, c *Client) error {
				_, err := c.GetParticipant(ctx, conn, phone, nil)
				return err
			},
			200, "GET", path + "/participants/4%3A%2B14255550123", false, ``,
		},
		{
			"a Teams user added with a context",
			func(ctx context.Context, c *Client) error {
				_, err := c.AddParticipant(ctx, conn, TeamsUser(user), &AddParticipantOptions{CustomCallingContext: callingContext})
				return err
			},
			202, "POST", path + "/participants:add", true,
			`{"participantToAdd":` + teamsUserJSON + `,"customCallingContext":` + contextJSON + `}`,
		},
		{
			"a telephone added to a Teams Phone call",
			func(ctx context.Context, c *Client) error {
				_, err := c.AddParticipant(ctx, conn, phone, &AddParticipantOptions{TeamsPhone: true})
				return err
			},
			202, "POST", path + "/participants:add", true, `{"participantToAdd":` + phoneJSON + `}`,
		},
		{
			"a participant muted",
			func(ctx context.Context, c *Client) error {
				_, err := c.Mute(ctx, conn, CommunicationUser(acsUser), &MuteOptions{OperationContext: "c/2.1"})
				return err
			},
			200, "POST", path + "/participants:mute", true, `{"operationContext":"c/2.1","targetParticipants":[` + userJSON + `]}`,
		},
		{
			"a transfer, with everything",
			func(ctx context.Context, c *Client) error {
				_, err := c.TransferToParticipant(ctx, conn, phone, &TransferToParticipantOptions{
					Repeatability: pair, Transferee: agent, SourceCallerIDNumber: PhoneNumber("+18005550100"),
					OperationContext: "c/3.1", OperationCallbackURI: op, CustomCallingContext: callingContext,
				})
				return err
			},
			202, "POST", path + ":transferToParticipant", true,
			`{"targetParticipant":` + phoneJSON + `,"transferee":` + agentJSON + `,"operationContext":"c/3.1","operationCallbackUri":"` + op + `",
			"sourceCallerIdNumber":{"value":"+18005550100","isAnonymous":false},"customCallingContext":` + contextJSON + `}`,
		},
		{
			"a transfer with an empty context",
			func(ctx context.Context, c *Client) error {
				_, err := c.TransferToParticipant(ctx, conn, agent, &TransferToParticipantOptions{CustomCallingContext: &CustomCallingContext{}})
				return err
			},
			202, "POST", path + ":transferToParticipant", true,
			`{"targetParticipant":` + agentJSON + `,"customCallingContext":{"sipHeaders":{},"voipHeaders":{}}}`,
		},
		{
			"participants moved here",
			func(ctx context.Context, c *Client) error {
				_, err := c.MoveParticipants(ctx, conn, []Identifier{phone, agent}, "another", &MoveParticipantsOptions{
					OperationContext: "c/4.1", OperationCallbackURI: op,
				})
				return err
			},
			202, "POST", path + "/participants:moveHere", true,
			`{"fromCall":"another","operationContext":"c/4.1","operationCallbackUri":"` + op + `","targetParticipants":[` + phoneJSON + `,` + agentJSON + `]}`,
		},
	})
}
