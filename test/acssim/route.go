package acssim

import (
	"net/http"
	"net/url"
	"strings"
)

// apiVersion is the simulated version of the REST API.
const apiVersion = "2026-03-12"

// operation is one operation of the REST API.
type operation struct {
	name   string // as the service calls it
	method string
	path   string // {id} is the call or recording, {who} a participant
	// repeatable says that the operation honours the Repeatability headers.
	repeatable bool
	// do executes the operation, with s.mu held. Its error is a *refusal.
	do func(*Server, *request) (reply, error)
}

// operations are all 34 operations of the REST API.
//
// Source: communicationservicescallautomation.json, Azure/azure-rest-api-specs,
// stable/2026-03-12.
var operations = []operation{
	{"CreateCall", "POST", "/calling/callConnections", true, (*Server).createCall},
	{"AnswerCall", "POST", "/calling/callConnections:answer", true, (*Server).answerCall},
	{"RejectCall", "POST", "/calling/callConnections:reject", true, (*Server).rejectCall},
	{"RedirectCall", "POST", "/calling/callConnections:redirect", true, (*Server).redirectCall},
	{"Connect", "POST", "/calling/callConnections:connect", true, (*Server).connectCall},
	{"GetCall", "GET", "/calling/callConnections/{id}", false, (*Server).getCall},
	{"HangupCall", "DELETE", "/calling/callConnections/{id}", false, (*Server).hangupCall},
	{"TerminateCall", "POST", "/calling/callConnections/{id}:terminate", true, (*Server).terminateCall},

	{"TransferToParticipant", "POST", "/calling/callConnections/{id}:transferToParticipant", true, (*Server).transferToParticipant},

	{"GetParticipants", "GET", "/calling/callConnections/{id}/participants", false, (*Server).getParticipants},
	{"GetParticipant", "GET", "/calling/callConnections/{id}/participants/{who}", false, (*Server).getParticipant},
	{"AddParticipant", "POST", "/calling/callConnections/{id}/participants:add", true, (*Server).addParticipant},
	{"CancelAddParticipant", "POST", "/calling/callConnections/{id}/participants:cancelAddParticipant", true, (*Server).cancelAddParticipant},
	{"RemoveParticipant", "POST", "/calling/callConnections/{id}/participants:remove", true, (*Server).removeParticipant},

	{"Mute", "POST", "/calling/callConnections/{id}/participants:mute", true, (*Server).muteParticipants},
	{"MoveParticipants", "POST", "/calling/callConnections/{id}/participants:moveHere", true, (*Server).moveParticipants},

	{"Play", "POST", "/calling/callConnections/{id}:play", false, (*Server).play},
	{"Recognize", "POST", "/calling/callConnections/{id}:recognize", false, (*Server).recognize},
	{"CancelAllMediaOperations", "POST", "/calling/callConnections/{id}:cancelAllMediaOperations", false, (*Server).cancelAllMediaOperations},

	{"StartContinuousDtmfRecognition", "POST", "/calling/callConnections/{id}:startContinuousDtmfRecognition", false, (*Server).startContinuousDTMF},
	{"StopContinuousDtmfRecognition", "POST", "/calling/callConnections/{id}:stopContinuousDtmfRecognition", false, (*Server).stopContinuousDTMF},
	{"SendDtmfTones", "POST", "/calling/callConnections/{id}:sendDtmfTones", true, (*Server).sendDTMFTones},
	{"Hold", "POST", "/calling/callConnections/{id}:hold", false, (*Server).holdParticipant},
	{"Unhold", "POST", "/calling/callConnections/{id}:unhold", false, (*Server).unholdParticipant},
	{"StartTranscription", "POST", "/calling/callConnections/{id}:startTranscription", false, (*Server).startTranscription},
	{"StopTranscription", "POST", "/calling/callConnections/{id}:stopTranscription", false, (*Server).stopTranscription},
	{"UpdateTranscription", "POST", "/calling/callConnections/{id}:updateTranscription", false, (*Server).updateTranscription},
	{"StartMediaStreaming", "POST", "/calling/callConnections/{id}:startMediaStreaming", false, (*Server).startMediaStreaming},
	{"StopMediaStreaming", "POST", "/calling/callConnections/{id}:stopMediaStreaming", false, (*Server).stopMediaStreaming},

	{"StartRecording", "POST", "/calling/recordings", true, (*Server).startRecording},
	{"GetRecordingProperties", "GET", "/calling/recordings/{id}", false, (*Server).getRecording},
	{"StopRecording", "DELETE", "/calling/recordings/{id}", false, (*Server).stopRecording},
	{"PauseRecording", "POST", "/calling/recordings/{id}:pause", false, (*Server).pauseRecording},
	{"ResumeRecording", "POST", "/calling/recordings/{id}:resume", false, (*Server).resumeRecording},
}

// request is a request with a valid signature and a known operation.
type request struct {
	operation *operation
	id, who   string
	query     url.Values
	header    http.Header
	body      []byte
}

// route returns a request with its operation, or refuses it.
func route(r *http.Request, body []byte) (*request, error) {
	q := &request{query: r.URL.Query(), header: r.Header, body: body}
	known := false
	for i := range operations {
		op := &operations[i]
		if !q.matches(op.path, r.URL.EscapedPath()) {
			continue
		}
		if known = true; op.method == r.Method {
			q.operation = op
			return q, nil
		}
	}
	if known {
		return nil, refuse(http.StatusMethodNotAllowed, "MethodNotAllowed", "the resource has no such method")
	}
	return nil, refuse(http.StatusNotFound, "NotFound", "there is no such operation, or it is not simulated")
}

// matches reports whether an escaped path is that of an operation, and sets its
// parameters. A verb follows the last colon of the last segment.
func (q *request) matches(pattern, path string) bool {
	want, got := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return false
	}
	q.id, q.who = "", ""
	for i, w := range want {
		name, verb, hasVerb := strings.Cut(w, ":")
		g := got[i]
		if hasVerb {
			rest, ok := strings.CutSuffix(g, ":"+verb)
			if !ok {
				return false
			}
			g = rest
		}
		if !strings.HasPrefix(name, "{") {
			if g != name {
				return false
			}
			continue
		}
		value, err := url.PathUnescape(g)
		if err != nil || value == "" || name == "{id}" && strings.Contains(g, ":") {
			return false
		}
		if name == "{id}" {
			q.id = value
		} else {
			q.who = value
		}
	}
	return true
}

func checkVersion(q *request) error {
	switch version := q.query.Get("api-version"); version {
	case apiVersion:
		return nil
	case "":
		return refuse(http.StatusBadRequest, "MissingApiVersionParameter", "the query has no api-version")
	default:
		return refuse(http.StatusBadRequest, "UnsupportedApiVersionValue", "want api-version "+apiVersion)
	}
}
