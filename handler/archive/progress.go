package archive

import (
	"crypto/sha256"
	"encoding"
	"encoding/hex"
	"hash"
)

// Progress is the state of a copy. It is saved as JSON between runs; the zero value
// is a copy that has not begun. A copy may be resumed from an older progress: what
// followed is copied again.
type Progress struct {
	Offset int64 `json:"offset"` // number of bytes that are staged, from the start
	Size   int64 `json:"size"`   // of the whole file; -1 if it is not known yet

	// ETag is the file's when the copy began. Another one means another file.
	ETag string `json:"etag,omitempty"`
	// ContentType is the file's when the copy began.
	ContentType string `json:"contentType,omitempty"`

	// Hash is the state of the SHA-256 at Offset, as crypto/sha256 marshals it.
	Hash []byte `json:"hash,omitempty"`
}

// SHA256 returns the hash of the bytes up to Offset, in hex: after the end of a copy,
// the hash of the file. It returns "" if Copy did not return p.
func (p Progress) SHA256() string {
	sum, err := p.sum()
	if err != nil {
		return ""
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// sum returns the hash of the bytes up to Offset, to be continued.
func (p Progress) sum() (hash.Hash, error) {
	sum := sha256.New()
	if p.Offset == 0 {
		return sum, nil
	}
	return sum, sum.(encoding.BinaryUnmarshaler).UnmarshalBinary(p.Hash)
}

// whole reports whether all bytes are staged. It is false for an empty file, for
// which the source is opened again.
func (p Progress) whole() bool { return p.Offset > 0 && p.Offset == p.Size }

// resume returns p and its hash if a copy in blocks of this size can be resumed
// there, else the zero value and a new hash. A version of Switchboard with another
// block size, or another form of the hash, cannot resume it.
func (p Progress) resume(blockSize int64) (Progress, hash.Hash) {
	sum, err := p.sum()
	if err != nil || p.Offset <= 0 || p.Size >= 0 && p.Offset > p.Size || p.Offset%blockSize != 0 && !p.whole() {
		return Progress{}, sha256.New()
	}
	return p, sum
}

// of reports whether p belongs to the file that content is from. An unknown size
// matches every size; the length is checked at the end.
func (p Progress) of(content Content) bool {
	return p.ETag == content.ETag && (p.Size < 0 || content.Size < 0 || p.Size == content.Size)
}

// after returns p with the bytes up to offset staged, whose hash is sum. If the hash
// cannot be marshalled, the next run begins again.
func (p Progress) after(offset int64, sum hash.Hash) Progress {
	p.Offset = offset
	p.Hash, _ = sum.(encoding.BinaryMarshaler).MarshalBinary()
	return p
}
