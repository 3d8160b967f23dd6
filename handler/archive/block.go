package archive

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
)

// BlockSize is the length of all blocks of a file but the last, in bytes. It is
// the memory that a copy takes, and what is read again after a crash.
const BlockSize = 4 << 20

// MaxBlocks is how many blocks a file may have: with BlockSize, about 195 GiB.
// Source: https://learn.microsoft.com/rest/api/storageservices/put-block-list
const MaxBlocks = 50_000

// blockID is the id of the block at an offset. It is the same in every process, so
// that two who copy a file at once stage the same blocks. Blocks of another version
// of the file, or of another size, have other ids and cannot get into it.
//
// All ids have the same length, as Azure demands of the blocks of one file; another
// form would be at odds with what older programs have staged.
func blockID(etag string, size, offset int64) string {
	version := sha256.Sum256(fmt.Appendf(nil, "%d %s", size, etag))
	id := binary.BigEndian.AppendUint64(version[:8:8], uint64(offset))
	return base64.StdEncoding.EncodeToString(id)
}

// blockIDs are the ids of all blocks of a file of this length.
func blockIDs(etag string, size, length int64) []string {
	var ids []string
	for offset := int64(0); offset < length; offset += size {
		ids = append(ids, blockID(etag, size, offset))
	}
	return ids
}
