package table

import (
	"errors"
	"fmt"
	"net/http"

	"switchboard/handler/storageerror"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
)

// wrap returns err, the result of op on a table, with the package's error for it. Its text holds no key,
// because keys can be telephone numbers.
func wrap(op, table string, err error) error {
	return storageerror.Wrap("table "+table+": "+op, kindOf(err), err)
}

// kindOf returns the package's error for err, or nil if there is none. It goes by the error code, because a
// status has several meanings: 404 is also a missing table, 409 also a table that is being deleted.
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

// conflict returns err as the error of a transaction: ErrExists and ErrNotFound become ErrConflict, because
// any of its rows may be the reason.
func conflict(err error) error {
	if errors.Is(err, ErrExists) || errors.Is(err, ErrNotFound) {
		return fmt.Errorf("%w: %v", ErrConflict, err)
	}
	return err
}
