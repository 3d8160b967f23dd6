package archive

import (
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"

	"switchboard/handler/storageerror"
)

// wrap returns err, the result of op, with the package's error for it.
func wrap(op string, err error) error { return storageerror.Wrap(op, kindOf(err), err) }

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
