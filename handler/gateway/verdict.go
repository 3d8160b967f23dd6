package gateway

import (
	"errors"
	"net/http"
	"strconv"

	"switchboard/handler/acs"
	"switchboard/handler/call"
)

// verdict returns what is known of a request that did not succeed.
func verdict(err error) call.Replied {
	e, ok := errors.AsType[*acs.Error](err)
	switch {
	case !ok && errors.Is(err, acs.ErrInvalidRequest):
		return call.Replied{Verdict: call.VerdictRefused}
	case !ok:
		return call.Replied{Verdict: call.VerdictNoResponse}
	case errors.Is(e, acs.ErrThrottled):
		return call.Replied{Verdict: call.VerdictThrottled, Code: e.Code, RetryAfter: e.RetryAfter}
	case e.Refused():
		return call.Replied{Verdict: call.VerdictRefused, Code: refusalCode(e), Status: e.Status}
	default: // no answer, a 5xx, or a success that cannot be read
		return call.Replied{Verdict: call.VerdictNoResponse, Code: e.Code}
	}
}

// refusalCode returns ACS's numeric code of a refusal; empty if there is none.
func refusalCode(e *acs.Error) string {
	if errors.Is(e, acs.ErrGone) {
		return call.CodeGone
	}
	if code := numericCode(e); code != 0 {
		return strconv.Itoa(code)
	}
	return ""
}

// numericCode returns ACS's own code of a refusal, or 0.
func numericCode(e *acs.Error) int {
	for _, text := range []string{e.Code, e.SubCode} {
		if code, err := strconv.Atoi(text); err == nil {
			return code
		}
	}
	return 0
}

// resultOf returns a refusal as a result, as ACS's events have it; the zero Result for any other error.
func resultOf(err error) call.Result {
	e, ok := errors.AsType[*acs.Error](err)
	if !ok || e.Status < http.StatusBadRequest {
		return call.Result{}
	}
	return call.Result{Code: e.Status, SubCode: numericCode(e), Message: e.Message}
}
