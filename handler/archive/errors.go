package archive

import (
	"errors"
	"fmt"
	"net/url"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
)

// requestError is a request that storage refused or did not answer. Its text is one
// line. The texts of azcore and net/http have many lines and contain the whole URL,
// which may contain a signature. The cause is kept for errors.AsType.
type requestError struct {
	op   string // "stage block", "commit" …
	kind error  // one of the package's errors, or nil
	err  error
}

// failed wraps err, the result of op. It returns nil for a nil err.
func failed(op string, err error) error {
	if err == nil {
		return nil
	}
	return &requestError{op: op, kind: kindOf(err), err: err}
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
		return prefix + ue.Err.Error()
	}
	return prefix + e.err.Error()
}

func (e *requestError) Unwrap() []error {
	if e.kind == nil {
		return []error{e.err}
	}
	return []error{e.kind, e.err}
}

// kindOf returns the package's error for an answer of storage, or nil.
// Source: https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes
func kindOf(err error) error {
	switch {
	case bloberror.HasCode(err, bloberror.BlobNotFound):
		return ErrNotFound
	case bloberror.HasCode(err, bloberror.BlobAlreadyExists, bloberror.ConditionNotMet):
		return ErrExists
	case bloberror.HasCode(err, bloberror.InvalidBlockList):
		return ErrNoBlock
	}
	return nil
}
