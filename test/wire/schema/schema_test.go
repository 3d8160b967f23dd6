package schema

import (
	"errors"
	"net/http"
	"testing"
)

// Where the published description is not beside the repository, there is nothing to count.
func TestThereAre34Operations(t *testing.T) {
	s, err := Load()
	if errors.Is(err, ErrAbsent) {
		t.Log(err)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Operations(); len(got) != 34 {
		t.Errorf("%d operations, want 34: %q", len(got), got)
	}
}

// The requests are held against a description of our own, which has seven of the operations in the form of the published
// one, and against that too where it is there.
func TestDeviationsAreReported(t *testing.T) {
	small, err := load("testdata/small.swagger.json", "testdata/common.swagger.json")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]*Schema{"small": small}
	if published, err := Load(); err == nil {
		all["published"] = published
	}
	const conn = "/calling/callConnections/c%3A1"
	pair := http.Header{"Repeatability-Request-Id": {"x"}, "Repeatability-First-Sent": {"y"}}
	tests := []struct {
		name, method, uri string
		header            http.Header
		body, op          string
		ok                bool
	}{
		{"a call's properties", "GET", conn + "?api-version=1", nil, "", "CallConnection_GetCall", true},
		{"a hang-up", "DELETE", conn + "?api-version=1", nil, "", "CallConnection_HangupCall", true},
		{"a termination", "POST", conn + ":terminate?api-version=1", pair, "", "CallConnection_TerminateCall", true},
		{"a rejection", "POST", "/calling/callConnections:reject", pair, `{"incomingCallContext":"x"}`, "RejectCall", true},
		{"tones", "POST", conn + ":sendDtmfTones", pair,
			`{"tones":["one"],"targetParticipant":{"rawId":"4:+1","phoneNumber":{"value":"+1"}}}`, "CallMedia_SendDtmfTones", true},
		{"no operation", "PUT", conn, nil, "", "", false},
		{"no pair", "POST", "/calling/callConnections:reject", nil, `{"incomingCallContext":"x"}`, "RejectCall", false},
		{"an unexpected pair", "GET", conn, pair, "", "CallConnection_GetCall", false},
		{"an unknown member", "POST", "/calling/callConnections:reject", pair, `{"incomingCallContext":"x","y":1}`, "RejectCall", false},
		{"a missing member", "POST", "/calling/callConnections:reject", pair, `{}`, "RejectCall", false},
		{"a number for a text", "POST", "/calling/callConnections:reject", pair, `{"incomingCallContext":1}`, "RejectCall", false},
		{"an unknown value", "POST", conn + ":sendDtmfTones", pair, `{"tones":["tone1"],"targetParticipant":{}}`, "CallMedia_SendDtmfTones", false},
		{"an unknown member of a definition in the other file", "POST", conn + ":unhold", nil,
			`{"targetParticipant":{"phoneNumber":{"number":"+1"}}}`, "CallMedia_Unhold", false},
		{"a time out of range", "POST", conn + "/participants:add", pair,
			`{"participantToAdd":{},"invitationTimeoutInSeconds":181}`, "CallConnection_AddParticipant", false},
		{"an unexpected body", "POST", conn + ":terminate", pair, `{}`, "CallConnection_TerminateCall", false},
		{"an unknown query parameter", "GET", conn + "?x=1", nil, "", "CallConnection_GetCall", false},
	}
	for name, s := range all {
		for _, tt := range tests {
			t.Run(name+"/"+tt.name, func(t *testing.T) {
				op, err := s.Check(tt.method, tt.uri, tt.header, []byte(tt.body))
				if op != tt.op || (err == nil) != tt.ok {
					t.Errorf("operation %q, error %v, want %q, and a request that fits: %t", op, err, tt.op, tt.ok)
				}
			})
		}
	}
}
