package table

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
)

// opError is a request that Table Storage refused or did not answer. Its text
// holds no key, because keys can be phone numbers: azcore's own texts hold the
// whole address of the request. The cause is kept for errors.AsType.
type opError struct {
	op   string // "get", "list", "write", "transaction", "create"
	on   string // name of the table
	kind error  // one of the package's errors, or nil
	err  error
}

// failed wraps err, the outcome of op on a table. A nil err stays nil.
func wrap(op, table string, err error) error {
	if err == nil {
		return nil
	}
	return &opError{op: op, on: table, kind: kindOf(err), err: err}
}

func (e *opError) Error() string {
	prefix := "table " + e.on + ": " + e.op + ": "
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

func (e *opError) Unwrap() []error {
	if e.kind == nil {
		return []error{e.err}
	}
	return []error{e.kind, e.err}
}

// kindOf tells which of the package's errors an answer is. It goes by the code,
// because a status means several things: 404 is also a missing table, 409 also one
// that is being deleted.
// Source: https://learn.microsoft.com/rest/api/storageservices/table-service-error-codes
func kindOf(err error) error {
	re, ok := errors.AsType[*azcore.ResponseError](err)
	if !ok {
		return nil
	}
	switch aztables.TableErrorCode(re.ErrorCode) {
	case aztables.ResourceNotFound, aztables.EntityNotFound:
		return ErrNotFound
	case aztables.EntityAlreadyExists:
		return ErrExists
	case aztables.UpdateConditionNotSatisfied, "ConditionNotMet":
		return ErrConflict
	case aztables.EntityTooLarge, aztables.PropertyValueTooLarge, "RequestBodyTooLarge", "ContentLengthExceeded":
		return ErrTooLarge
	}
	switch re.StatusCode {
	case http.StatusPreconditionFailed:
		return ErrConflict
	case http.StatusRequestEntityTooLarge:
		return ErrTooLarge
	}
	return nil
}

// conflict is the error of a transaction: one that was refused because of a row
// is ErrConflict and nothing more exact, since any of its rows may be the reason.
func conflict(err error) error {
	if errors.Is(err, ErrExists) || errors.Is(err, ErrNotFound) {
		return fmt.Errorf("%w: %v", ErrConflict, err)
	}
	return err
}
