// Package storageerror turns the errors of Azure's storage clients into short ones that hold no secrets.
package storageerror

import (
	"errors"
	"fmt"
	"net/url"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
)

// requestError is the error of a request that storage refused or did not answer. Its text is one line
// without the URL of the request, which may contain a telephone number or a signature; the texts of azcore
// and net/http have the URL, in many lines. The cause stays in the chain.
type requestError struct {
	op   string // "commit", "table calls: write" …
	kind error  // the sentinel of the caller's package, or nil
	err  error
}

// Wrap returns err, the result of op, with kind in its chain; kind may be nil. A nil err stays nil.
func Wrap(op string, kind, err error) error {
	if err == nil {
		return nil
	}
	return &requestError{op: op, kind: kind, err: err}
}

func (e *requestError) Error() string {
	prefix := e.op + ": "
	if e.kind != nil {
		prefix += e.kind.Error() + ": "
	}
	if re, ok := errors.AsType[*azcore.ResponseError](e.err); ok {
		return prefix + fmt.Sprint(re.StatusCode, " ", re.ErrorCode)
	}
	if ue, ok := errors.AsType[*url.Error](e.err); ok {
		return prefix + ue.Err.Error() // without the URL
	}
	return prefix + e.err.Error()
}

func (e *requestError) Unwrap() []error {
	if e.kind == nil {
		return []error{e.err}
	}
	return []error{e.kind, e.err}
}
