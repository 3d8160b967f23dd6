package acs

import (
	"cmp"
	"context"
	"errors"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

// CallParticipant is a participant of a call.
type CallParticipant struct {
	Identifier Identifier `json:"identifier"`
	IsMuted    bool       `json:"isMuted"`
	IsOnHold   bool       `json:"isOnHold"`
}

// GetParticipantsOptions has no fields yet.
type GetParticipantsOptions struct{}

// GetParticipantsResponse is one page of participants.
type GetParticipantsResponse struct {
	Value    []CallParticipant `json:"value"`
	NextLink string            `json:"nextLink"`
}

// NewGetParticipantsPager returns a pager over the participants of a call, without
// the bots of recording and transcription. The client repeats the request for a page.
//
// Source: CallConnection_GetParticipants, GET /calling/callConnections/{callConnectionId}/participants.
func (c *Client) NewGetParticipantsPager(
	callConnectionID string, _ *GetParticipantsOptions,
) *runtime.Pager[GetParticipantsResponse] {
	op := operation{
		name:   "GetParticipants",
		method: http.MethodGet,
		path:   connections + "/{}/participants",
		ids:    []string{callConnectionID},
		ok:     []int{http.StatusOK},
	}
	return runtime.NewPager(runtime.PagingHandler[GetParticipantsResponse]{
		More: func(page GetParticipantsResponse) bool { return page.NextLink != "" },
		Fetcher: func(ctx context.Context, last *GetParticipantsResponse) (page GetParticipantsResponse, err error) {
			if last == nil {
				return page, c.send(ctx, op, &page)
			}
			next, err := c.resolve(last.NextLink)
			if err != nil {
				return page, invalid(op.name, err.Error())
			}
			return page, c.sendTo(ctx, op, next, &page)
		},
		Tracer: c.azc.Tracer(),
	})
}

// resolve returns a next link as an absolute URL. It refuses a link to another
// host, because requests carry credentials.
func (c *Client) resolve(link string) (string, error) {
	u, err := c.endpoint.Parse(link)
	switch {
	case err != nil:
		return "", errors.New("the next link is malformed")
	case u.Scheme != c.endpoint.Scheme || signedHost(u) != signedHost(c.endpoint) || u.User != nil:
		return "", errors.New("the next link leads to another host")
	}
	return u.String(), nil
}

// GetParticipantOptions has no fields yet.
type GetParticipantOptions struct{}

// GetParticipantResponse is the participant.
type GetParticipantResponse struct{ CallParticipant }

// GetParticipant returns one participant. If there is no such participant in the
// call, the error is ErrGone. The client repeats the request.
//
// Source: CallConnection_GetParticipant,
// GET /calling/callConnections/{callConnectionId}/participants/{participantRawId}.
func (c *Client) GetParticipant(
	ctx context.Context, callConnectionID string, participant Identifier, _ *GetParticipantOptions,
) (GetParticipantResponse, error) {
	var resp GetParticipantResponse
	err := c.send(ctx, operation{
		name:   "GetParticipant",
		method: http.MethodGet,
		path:   connections + "/{}/participants/{}",
		ids:    []string{callConnectionID, participant.RawID()},
		ok:     []int{http.StatusOK},
	}, &resp)
	return resp, err
}

// RemoveParticipantOptions are the optional parts of a removal; nil means none.
type RemoveParticipantOptions struct {
	Repeatability Repeatability

	// OperationContext comes back in the events of this operation.
	OperationContext     string
	OperationCallbackURI string // where its events go; empty: the call's callback URI
}

// RemoveParticipantResponse repeats the operation context.
type RemoveParticipantResponse struct {
	OperationContext string `json:"operationContext"`
}

// RemoveParticipant removes a participant from the call.
// RemoveParticipantSucceeded or RemoveParticipantFailed follows, and
// ParticipantsUpdated.
//
// The request has a Repeatability pair; the client repeats it with the same pair.
//
// Source: CallConnection_RemoveParticipant, POST /calling/callConnections/{callConnectionId}/participants:remove.
func (c *Client) RemoveParticipant(
	ctx context.Context, callConnectionID string, participant Identifier, options *RemoveParticipantOptions,
) (RemoveParticipantResponse, error) {
	const name = "RemoveParticipant"
	var resp RemoveParticipantResponse
	o := orDefault(options)
	common := operationModel{o.OperationContext, o.OperationCallbackURI}
	if err := cmp.Or(refuse(participant.IsZero(), "no participant"), common.check()); err != nil {
		return resp, invalid(name, err.Error())
	}
	err := c.send(ctx, operation{
		name:   name,
		method: http.MethodPost,
		path:   connections + "/{}/participants:remove",
		ids:    []string{callConnectionID},
		pair:   &o.Repeatability,
		ok:     []int{http.StatusAccepted},
		body: struct {
			ParticipantToRemove Identifier `json:"participantToRemove"`
			operationModel
		}{participant, common},
	}, &resp)
	return resp, err
}

// MuteOptions are the optional parts of muting; nil means none.
type MuteOptions struct {
	Repeatability    Repeatability
	OperationContext string // comes back in the response
}

// MuteResponse repeats the operation context.
type MuteResponse struct {
	OperationContext string `json:"operationContext"`
}

// Mute mutes one participant, who must be a user of ACS. Only that user can unmute
// again. ParticipantsUpdated follows. Telephones cannot be muted, and Teams Phone
// calls do not support it.
//
// The request has a Repeatability pair; the client repeats it with the same pair.
//
// Source: CallConnection_Mute, POST /calling/callConnections/{callConnectionId}/participants:mute.
func (c *Client) Mute(
	ctx context.Context, callConnectionID string, participant Identifier, options *MuteOptions,
) (MuteResponse, error) {
	const name = "Mute"
	var resp MuteResponse
	o := orDefault(options)
	if participant.IsZero() {
		return resp, invalid(name, "no participant")
	}
	err := c.send(ctx, operation{
		name:   name,
		method: http.MethodPost,
		path:   connections + "/{}/participants:mute",
		ids:    []string{callConnectionID},
		pair:   &o.Repeatability,
		ok:     []int{http.StatusOK},
		body: struct {
			TargetParticipants []Identifier `json:"targetParticipants"` // the service accepts exactly one
			OperationContext   string       `json:"operationContext,omitempty"`
		}{[]Identifier{participant}, o.OperationContext},
	}, &resp)
	return resp, err
}
