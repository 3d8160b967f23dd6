package archive

import (
	"encoding/base64"
	"encoding/binary"
	"strconv"

	"switchboard/handler/digest"
)

// BlockSize is the length of all blocks of a file but the last, in bytes. It is
// also the memory that a copy uses, and the most that is read again after a crash.
const BlockSize = 4 << 20

// MaxBlocks is the largest number of blocks in a file: with BlockSize, about 195 GiB.
// Source: https://learn.microsoft.com/rest/api/storageservices/put-block-list
const MaxBlocks = 50_000

// blockID returns the id of the block at an offset. It is the same in every process,
// so that two processes that copy a file at once stage the same blocks. Blocks of
// another version of the file, or of another size, have other ids and cannot get
// into it.
//
// All ids have the same length, as Azure demands of the blocks of one file. A release
// must not change their form: an earlier one may have staged blocks.
func blockID(etag string, size, offset int64) string {
	version := digest.Sum(etag, strconv.FormatInt(size, 10))
	id := binary.BigEndian.AppendUint64(version[:8:8], uint64(offset))
	return base64.StdEncoding.EncodeToString(id)
}

// blockIDs returns the ids of all blocks of a file of this length.
func blockIDs(etag string, size, length int64) []string {
	var ids []string
	for offset := int64(0); offset < length; offset += size {
		ids = append(ids, blockID(etag, size, offset))
	}
	return ids
}
