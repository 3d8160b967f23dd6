package acs

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
)

func TestErrorsClassifyAnswers(t *testing.T) {
	tests := []struct {
		name      string
		op        clientCall
		answer    answer
		text      string
		code, sub string
		kind      error
		refused   bool
		temporary bool
	}{
		{
			"a call that is gone", getCall,
			answer{status: 404, body: `{"error":{"code":"8522","message":"Call not found."}}`},
			"acs: GetCall: 404 Not Found 8522: Call not found.", "8522", "", ErrGone, true, false,
		},
		{
			"a missing configuration, which has the same code as gone", createCall,
			answer{status: 405, body: `{"error":{"code":"8522","message":"Missing configuration."}}`},
			"acs: CreateCall: 405 Method Not Allowed 8522: Missing configuration.", "8522", "", nil, true, false,
		},
		{
			"a call that is not up yet", playFile,
			answer{status: 400, body: `{"error":{"code":"8501","message":"Call not established."}}`},
			"acs: Play: 400 Bad Request 8501: Call not established.", "8501", "", ErrNotEstablished, true, false,
		},
		{
			"a call that has been ended", playFile,
			answer{status: 400, body: `{"error":{"code":"8528","message":"Call terminated."}}`},
			"acs: Play: 400 Bad Request 8528: Call terminated.", "8528", "", ErrGone, true, false,
		},
		{
			"a conflict in words", addParticipant,
			answer{status: 409, body: `{"error":{"code":"Conflict","message":"In conflict."}}`},
			"acs: AddParticipant: 409 Conflict Conflict: In conflict.", "Conflict", "", ErrConflict, true, false,
		},
		{
			"a call that was answered before", answerCall,
			answer{status: 400, body: `{"error":{"code":"8585","message":"Not valid in this state."}}`},
			"acs: AnswerCall: 400 Bad Request 8585: Not valid in this state.", "8585", "", ErrConflict, true, false,
		},
		{
			"media that do not go together", playFile,
			answer{status: 412, body: `{"error":{"code":"8583","message":"Incompatible."}}`},
			"acs: Play: 412 Precondition Failed 8583: Incompatible.", "8583", "", ErrIncompatibleMedia, true, false,
		},
		{
			"media that do not go together, without a code", recognizeKeys, answer{status: 412},
			"acs: Recognize: 412 Precondition Failed", "", "", ErrIncompatibleMedia, true, false,
		},
		{
			"a pair that is too old", answerCall, answer{status: 412},
			"acs: AnswerCall: 412 Precondition Failed", "", "", nil, true, false,
		},
		{
			"details with a sub code", createCall,
			answer{status: 400, body: `{"error":{"code":"BadRequest","message":"No caller id.","innererror":{"code":"MissingCallerId"},
				"details":[{"code":"8523","message":"x"}]}}`},
			"acs: CreateCall: 400 Bad Request BadRequest 8523: No caller id.", "BadRequest", "8523", nil, true, false,
		},
		{
			"a code that is a number", createCall, answer{status: 400, body: `{"error":{"code":8523}}`},
			"acs: CreateCall: 400 Bad Request 8523", "8523", "", nil, true, false,
		},
		{
			"a flat body", getCall, answer{status: 403, body: `{"status":403,"code":"Denied","message":"No."}`},
			"acs: GetCall: 403 Forbidden Denied: No.", "Denied", "", nil, true, false,
		},
		{
			"a code in the header alone", getCall, answer{status: 401, header: map[string]string{"x-ms-error-code": "7509"}},
			"acs: GetCall: 401 Unauthorized 7509", "7509", "", nil, true, false,
		},
		{
			"a page instead of JSON", createCall, answer{status: 502, body: "<html>Bad gateway for " + callback + "</html>"},
			"acs: CreateCall: 502 Bad Gateway", "", "", nil, false, true,
		},
		{
			"JSON of another shape", createCall, answer{status: 400, body: `{"error":"no","code":{"a":[1]},"message":["x"]}`},
			"acs: CreateCall: 400 Bad Request", "", "", nil, true, false,
		},
		{
			"a time-out of the service", createCall, answer{status: 408},
			"acs: CreateCall: 408 Request Timeout", "", "", nil, false, true,
		},
		{
			"a code means nothing in a 5xx", createCall, answer{status: 500, body: `{"error":{"code":"8522"}}`},
			"acs: CreateCall: 500 Internal Server Error 8522", "8522", "", nil, false, true,
		},
		{
			"a redirect", getCall, answer{status: 307, header: map[string]string{"Location": "https://contoso.example/"}},
			"acs: GetCall: 307 Temporary Redirect: a redirect, which is not followed", "", "", nil, true, false,
		},
		{
			"a success that cannot be read", createCall, answer{status: 201, body: `<html>`},
			"acs: CreateCall: 201 Created: the answer is not the expected JSON", "", "", nil, false, false,
		},
		{
			"a success that is another one", createCall, answer{status: 202},
			"acs: CreateCall: 202 Accepted: not the expected success", "", "", nil, false, false,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, c := newRecorder(t, tt.answer)
			err := tt.op.run(t.Context(), c)
			e, ok := errors.AsType[*Error](err)
			if !ok {
				t.Fatalf("err = %v, want an *Error", err)
			}
			if e.Error() != tt.text {
				t.Errorf("text = %q, want %q", e, tt.text)
			}
			if e.Op != tt.op.name || e.Status != tt.answer.status || e.Code != tt.code || e.SubCode != tt.sub {
				t.Errorf("error = %s %d %q %q, want %s %d %q %q",
					e.Op, e.Status, e.Code, e.SubCode, tt.op.name, tt.answer.status, tt.code, tt.sub)
			}
			for _, kind := range []error{
				ErrInvalidRequest, ErrThrottled, ErrGone, ErrNotEstablished, ErrConflict, ErrIncompatibleMedia,
			} {
				if got := errors.Is(err, kind); got != (kind == tt.kind) {
					t.Errorf("errors.Is(%v) = %t, want %t", kind, got, !got)
				}
			}
			if e.Refused() != tt.refused || e.Temporary() != tt.temporary {
				t.Errorf("refused %t, temporary %t, want %t, %t",
					e.Refused(), e.Temporary(), tt.refused, tt.temporary)
			}
		})
	}
}

func TestARefusalUnwrapsToAnAzcoreError(t *testing.T) {
	_, c := newRecorder(t, answer{status: 404, body: `{"error":{"code":"8522"}}`})
	_, err := c.GetCall(t.Context(), conn, nil)
	if e, ok := errors.AsType[*azcore.ResponseError](err); !ok || e.StatusCode != 404 || e.ErrorCode != "8522" {
		t.Errorf("err = %v, want an azcore.ResponseError with 404 and 8522", err)
	}
}

func TestNoAnswerIsTemporaryAndItsTextHoldsNoURL(t *testing.T) {
	refuse := transportFunc(func(req *http.Request) (*http.Response, error) {
		return nil, &url.Error{Op: "Post", URL: req.URL.String(), Err: &net.OpError{Op: "dial", Err: errors.New("connection refused")}}
	})
	err := createCall.run(t.Context(), refuse.client(t))
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Status != 0 || !e.Temporary() || e.Refused() {
		t.Fatalf("err = %#v, want a temporary *Error without a status", err)
	}
	if got, want := err.Error(), "acs: CreateCall: no answer: dial: connection refused"; got != want {
		t.Errorf("text = %q, want %q", got, want)
	}
	if _, ok := errors.AsType[*net.OpError](err); !ok {
		t.Errorf("err = %v, want a net.OpError in it", err)
	}
}

func TestAnErrorRepeatsNothingThatWasSent(t *testing.T) {
	body := `{"error":{"code":"8523","message":"Bad context ` + offer + ` for ` + callback + `\n at tel:14255550123 (+18005550100), ` +
		strings.Repeat("long ", 400) + `"}}`
	_, c := newRecorder(t, answer{status: 400, body: body})
	_, err := c.AnswerCall(t.Context(), offer, callback, nil)
	e, ok := errors.AsType[*Error](err)
	if !ok {
		t.Fatalf("err = %v, want an *Error", err)
	}
	for _, secret := range []string{offer, callback, "4255550123", "8005550100", "\n"} {
		if strings.Contains(e.Error(), secret) {
			t.Errorf("the error is %q, want no %q in it", e, secret)
		}
	}
	if !strings.HasPrefix(e.Message, "Bad context ••• for •••  at tel:•••") || len(e.Message) > maxMessage {
		t.Errorf("message = %q, want it masked and of %d characters at most", e.Message, maxMessage)
	}
}

func TestEmptyBodiesOfSuccessesAreAccepted(t *testing.T) {
	_, c := newRecorder(t, answer{status: 201})
	got, err := c.CreateCall(context.Background(), []Identifier{agent}, callback, nil)
	if err != nil || got.CallConnectionID != "" {
		t.Errorf("answer = %+v, %v, want an empty one", got, err)
	}
}

func FuzzErrorBody(f *testing.F) {
	for _, seed := range []string{
		``, `null`, `[]`, `{}`, `<html>`, `{"error":null}`, `{"error":{"code":"8522","message":"Call not found."}}`,
		`{"code":1,"message":2}`, `{"error":{"innererror":{"innererror":{"code":"1"}},"details":[{},{"code":"8501"}]}}`,
		`{"error":{"code":"BadRequest","message":"+14255550123 said \u0000 \ud800"}}`, `{"details":{"code":"x"}}`,
	} {
		f.Add([]byte(seed), 400)
	}
	f.Fuzz(func(t *testing.T, body []byte, status int) {
		status %= 1000
		resp := &http.Response{StatusCode: status, Header: http.Header{}}
		e := refused(operation{name: "Op"}, resp, body, []byte(`{"a":"secret value"}`))
		if e.Refused() && e.Temporary() {
			t.Errorf("%q is refused and temporary, want one of them", e)
		}
		for _, text := range []string{e.Error(), e.Message, e.Code, e.SubCode} {
			if !utf8.ValidString(text) || len(text) > 3*maxMessage+100 {
				t.Errorf("text = %q, want UTF-8 of %d bytes at most", text, 3*maxMessage+100)
			}
			if strings.Contains(text, "secret value") || phoneNumbers.MatchString(text) {
				t.Errorf("text = %q, want no secret and no number in it", text)
			}
			if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Errorf("text = %q, want it printable", text)
			}
		}
	})
}
