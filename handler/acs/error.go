package acs

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
)

// The kinds of failure that callers branch on, by [errors.Is].
var (
	// ErrInvalidRequest: the request has a fault and was not sent.
	ErrInvalidRequest = errors.New("invalid request")
	// ErrThrottled (429): the request was not carried out. It may be sent again
	// after RetryAfter, with a new Repeatability pair.
	ErrThrottled = errors.New("throttled")
	// ErrGone (404, or 8528): the call or participant does not exist, or no longer.
	ErrGone = errors.New("gone")
	// ErrNotEstablished (8501): the call is not connected yet.
	ErrNotEstablished = errors.New("call not established")
	// ErrConflict (409, 8553, 8559, 8585, 8586): the call's state forbids it.
	// After a repeat this often means that the first request was carried out.
	ErrConflict = errors.New("conflict")
	// ErrIncompatibleMedia (8583, or 412 for a media operation): another media
	// operation is running or queued that this one cannot run beside.
	ErrIncompatibleMedia = errors.New("incompatible media operation")
)

// Error is a failed operation: not sent, never answered, refused, or answered
// with a success that cannot be decoded.
type Error struct {
	Op         string        // the operation, such as "CreateCall"
	Status     int           // HTTP status; 0 if there was no answer
	Code       string        // ACS's error code, such as "8522" or "BadRequest"; may be empty
	SubCode    string        // the first numeric code that ACS gives beneath Code; may be empty
	RetryAfter time.Duration // how long ACS asks to wait; 0 if it does not
	Err        error         // the cause: for a refusal an *azcore.ResponseError

	// Message is ACS's text, or the fault of a request that was not sent: one
	// line, at most 512 bytes, without any value of the request.
	Message string

	kind error // one of the Err variables, or nil
}

// Error returns a text that is fit for a log: it holds no URL, no number and no token.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "acs: %s: ", e.Op)
	switch {
	case e.kind == ErrInvalidRequest:
		fmt.Fprintf(&b, "not sent: %s", e.Message)
		return b.String()
	case e.Status == 0:
		fmt.Fprintf(&b, "no answer: %s", cause(e.Err))
		return b.String()
	}
	fmt.Fprintf(&b, "%d %s", e.Status, http.StatusText(e.Status))
	for _, code := range []string{e.Code, e.SubCode} {
		if code != "" {
			b.WriteString(" " + code)
		}
	}
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	return b.String()
}

// Unwrap returns the kind, for errors.Is, and the cause, for errors.As.
func (e *Error) Unwrap() []error {
	var errs []error
	for _, err := range []error{e.kind, e.Err} {
		if err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// Temporary reports whether the same request may succeed later: it was throttled,
// or its outcome is unknown (no answer, 408, 5xx). A request with an unknown
// outcome may have been carried out.
func (e *Error) Temporary() bool {
	if e.Status == 0 {
		return e.kind != ErrInvalidRequest
	}
	return e.Status == http.StatusRequestTimeout || e.Status == http.StatusTooManyRequests || e.Status >= 500
}

// Refused reports whether the operation was certainly not carried out, and the
// same request will fail again as long as the call stays as it is.
func (e *Error) Refused() bool {
	return e.kind == ErrInvalidRequest || e.Status >= 300 && !e.Temporary()
}

// invalid returns the error of a request that is not sent because of why.
func invalid(op, why string) *Error {
	return &Error{Op: op, Message: why, kind: ErrInvalidRequest}
}

// unanswered returns the error of a request without an answer.
func unanswered(op operation, err error) *Error {
	return &Error{Op: op.name, Err: err}
}

// refused returns the error of an answer whose status is not a success.
func refused(op operation, resp *http.Response, body, sent []byte) *Error {
	e := &Error{Op: op.name, Status: resp.StatusCode, RetryAfter: retryAfter(resp.Header)}
	var text string
	e.Code, e.SubCode, text = parseErrorBody(body)
	e.Code = cmp.Or(e.Code, clean(resp.Header.Get("X-Ms-Error-Code"), nil))
	e.Message = clean(text, sent)
	switch {
	case e.Status < 300:
		e.Message = "not the expected success"
	case e.Status < 400:
		e.Message = "a redirect, which is not followed"
	}
	e.kind = e.classify(op.pair)
	// Not runtime.NewResponseError: it would write the URL and the body to azcore's log.
	e.Err = &azcore.ResponseError{ErrorCode: e.Code, StatusCode: resp.StatusCode, RawResponse: resp}
	return e
}

// classify returns the kind of a refusal of a request with this pair. Without one,
// 412 can only be about media; with one, the pair may also be too old.
func (e *Error) classify(pair *Repeatability) error {
	has := func(codes ...string) bool {
		for _, code := range codes {
			if e.Code == code || e.SubCode == code {
				return true
			}
		}
		return false
	}
	switch {
	case e.Status == http.StatusTooManyRequests:
		return ErrThrottled
	case e.Status < 400 || e.Temporary():
		return nil
	case has("8583"), e.Status == http.StatusPreconditionFailed && pair == nil:
		return ErrIncompatibleMedia
	case has("8501"):
		return ErrNotEstablished
	case e.Status == http.StatusNotFound, has("8528"):
		return ErrGone
	case e.Status == http.StatusConflict, has("8553", "8559", "8585", "8586"):
		return ErrConflict
	}
	return nil
}

// cause returns the text of a transport error without its URL.
func cause(err error) string {
	if ue, ok := errors.AsType[*url.Error](err); ok {
		err = ue.Err
	}
	return clean(err.Error(), nil)
}

// errorBody is an error as ACS writes it: {"error":{...}}, or flat from the
// hosts of recordings.
type errorBody struct {
	Code       text        `json:"code"`
	Message    text        `json:"message"`
	Details    []errorBody `json:"details"`
	InnerError *errorBody  `json:"innererror"`
	Error      *errorBody  `json:"error"`
}

// parseErrorBody reads what it can of a body that may be empty, an HTML page,
// or JSON of another shape.
func parseErrorBody(body []byte) (code, subCode, message string) {
	var e errorBody
	if err := json.Unmarshal(body, &e); err != nil {
		if _, ok := errors.AsType[*json.UnmarshalTypeError](err); !ok {
			return "", "", ""
		}
	}
	if e.Error != nil {
		e = *e.Error
	}
	return clean(string(e.Code), nil), clean(e.subCode(), nil), string(e.Message)
}

// subCode returns the first numeric code beneath e.
func (e errorBody) subCode() string {
	beneath := e.Details
	if e.InnerError != nil {
		beneath = append([]errorBody{*e.InnerError}, beneath...)
	}
	for _, b := range beneath {
		if c := string(b.Code); c != "" && strings.Trim(c, "0123456789") == "" {
			return c
		}
		if c := b.subCode(); c != "" {
			return c
		}
	}
	return ""
}

// text is a string that may come as a number.
type text string

func (t *text) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) == nil {
		*t = text(s)
		return nil
	}
	var n json.Number
	if json.Unmarshal(b, &n) == nil {
		*t = text(n)
	}
	return nil
}
