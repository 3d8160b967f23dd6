package table

import (
	"errors"
	"fmt"
	"net/http"

	"switchboard/handler/storageerror"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
)

// wrap returns err, the result of op on a table, with the package's error for it. Its text holds no key, because keys
// can be telephone numbers.
func wrap(op, table string, err error) error {
	return storageerror.Wrap("table "+table+": "+op, kindOf(err), err)
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
