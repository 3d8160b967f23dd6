package acs

import (
	"cmp"
	"context"
	"net/http"
	"slices"
)

const connections = "/calling/callConnections"

// CallIntelligenceOptions connect a call with Azure AI services, which speak
// text and SSML prompts and recognize speech.
type CallIntelligenceOptions struct {
	CognitiveServicesEndpoint string `json:"cognitiveServicesEndpoint,omitempty"`
}

// callModel holds the members that all bodies that open a call share.
type callModel struct {
	CallbackURI             string                   `json:"callbackUri"`
	OperationContext        string                   `json:"operationContext,omitempty"`
	CallIntelligenceOptions *CallIntelligenceOptions `json:"callIntelligenceOptions,omitempty"`
	MediaStreamingOptions   *MediaStreamingOptions   `json:"mediaStreamingOptions,omitempty"`
	TranscriptionOptions    *TranscriptionOptions    `json:"transcriptionOptions,omitempty"`
}

func (m callModel) check() error {
	return cmp.Or(
		checkCallback("callback URI", m.CallbackURI),
		m.MediaStreamingOptions.check(),
		m.TranscriptionOptions.check(),
	)
}

// CreateCallOptions are the optional parts of a new call; nil means none.
type CreateCallOptions struct {
	Repeatability Repeatability

	// TeamsAppSource makes this a Teams Phone call, placed from the number of
	// that resource account (TeamsApp). ACS refuses such a call with a
	// SourceCallerIDNumber or a SourceDisplayName (8523).
	TeamsAppSource Identifier

	// SourceCallerIDNumber is the number that the callee sees, a phone number of
	// the ACS resource. Calls to telephones that are not Teams Phone calls need it.
	SourceCallerIDNumber Identifier
	SourceDisplayName    string
	Source               Identifier // the communication user who calls; zero: the service creates one

	// OperationContext comes back in the call's events.
	OperationContext        string
	CallIntelligenceOptions *CallIntelligenceOptions
	MediaStreamingOptions   *MediaStreamingOptions
	TranscriptionOptions    *TranscriptionOptions
}

// CreateCallResponse is the new call.
type CreateCallResponse struct{ CallConnectionProperties }

// CreateCall starts ringing the targets, one or a group, and returns the new
// call's connection. ACS reports the result at callbackURI as CallConnected, or
// as CreateCallFailed and CallDisconnected, perhaps before the return. The ring
// time-out cannot be set: to give up, end the call.
//
// The client never sends the request twice. After a refusal no telephone rings;
// after no answer, a 408 or a 5xx it may be ringing.
//
// Source: CreateCall, POST /calling/callConnections.
func (c *Client) CreateCall(
	ctx context.Context, targets []Identifier, callbackURI string, options *CreateCallOptions,
) (CreateCallResponse, error) {
	const name = "CreateCall"
	var resp CreateCallResponse
	o := orDefault(options)
	common := callModel{
		callbackURI, o.OperationContext, o.CallIntelligenceOptions, o.MediaStreamingOptions, o.TranscriptionOptions,
	}
	if err := cmp.Or(checkIdentifiers("target", targets), o.checkSource(targets), common.check()); err != nil {
		return resp, invalid(name, err.Error())
	}
	app := o.TeamsAppSource.model().MicrosoftTeamsApp
	if app != nil && app.Cloud == CloudPublic {
		app.Cloud = "" // the default; Microsoft's own client never sends it
	}
	err := c.send(ctx, operation{
		name:   name,
		method: http.MethodPost,
		path:   connections,
		pair:   &o.Repeatability,
		rings:  true,
		ok:     []int{http.StatusCreated},
		body: struct {
			Targets              []Identifier   `json:"targets"`
			SourceCallerIDNumber *phoneModel    `json:"sourceCallerIdNumber,omitempty"`
			SourceDisplayName    string         `json:"sourceDisplayName,omitempty"`
			Source               *userModel     `json:"source,omitempty"`
			TeamsAppSource       *teamsAppModel `json:"teamsAppSource,omitempty"`
			callModel
		}{
			targets, o.SourceCallerIDNumber.model().PhoneNumber, o.SourceDisplayName,
			o.Source.model().CommunicationUser, app, common,
		},
	}, &resp)
	return resp, err
}

// checkSource refuses a source that cannot call the targets.
func (o CreateCallOptions) checkSource(targets []Identifier) error {
	teamsPhone := !o.TeamsAppSource.IsZero()
	caller := !o.SourceCallerIDNumber.IsZero()
	telephone := slices.ContainsFunc(targets, func(i Identifier) bool { return i.Kind == KindPhoneNumber })
	return cmp.Or(
		checkKind("TeamsAppSource", o.TeamsAppSource, KindTeamsApp, "a Teams app"),
		checkKind("Source", o.Source, KindCommunicationUser, "a communication user"),
		checkCallerID(o.SourceCallerIDNumber),
		refuse(teamsPhone && (caller || o.SourceDisplayName != ""),
			"a Teams Phone call takes neither SourceCallerIDNumber nor SourceDisplayName (8523)"),
		refuse(telephone && !teamsPhone && !caller,
			"a call to a telephone needs SourceCallerIDNumber, or TeamsAppSource"),
	)
}
