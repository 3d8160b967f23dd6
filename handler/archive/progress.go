package archive

import (
	"crypto/sha256"
	"encoding"
	"encoding/hex"
	"hash"
)

// Progress is how far a copy has come. It is saved as JSON between runs; the zero
// value is a copy that has not begun. An older one is as good as the latest: what
// came after it is copied again.
type Progress struct {
	Offset int64 `json:"offset"` // how many bytes are staged, from the start
	Size   int64 `json:"size"`   // of the whole file; -1 if it is not known yet

	// What the source said of the file when the copy began. The ETag tells whether
	// it is still the same.
	ETag        string `json:"etag,omitempty"`
	ContentType string `json:"contentType,omitempty"`

	// Hash is the state of the SHA-256 at Offset, as crypto/sha256 writes it.
	Hash []byte `json:"hash,omitempty"`
}

// SHA256 is the hash of the bytes up to Offset, in hex: after the end of a copy,
// that of the file. It is empty if p is not what Copy returned.
func (p Progress) SHA256() string {
	sum, err := p.sum()
	if err != nil {
		return ""
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// sum is the hash of the bytes up to Offset, to go on with.
func (p Progress) sum() (hash.Hash, error) {
	sum := sha256.New()
	if p.Offset == 0 {
		return sum, nil
	}
	return sum, sum.(encoding.BinaryUnmarshaler).UnmarshalBinary(p.Hash)
}

// whole reports whether all bytes are staged. An empty file never is: there is
// nothing to save in asking for it again.
func (p Progress) whole() bool { return p.Offset > 0 && p.Offset == p.Size }

// resume returns p, if a copy in blocks of this size can go on from there, with
// the hash to go on with; else the beginning. A program with blocks of another
// size, or another form of the hash, could not.
func (p Progress) resume(blockSize int64) (Progress, hash.Hash) {
	sum, err := p.sum()
	if err != nil || p.Offset <= 0 || p.Size >= 0 && p.Offset > p.Size || p.Offset%blockSize != 0 && !p.whole() {
		return Progress{}, sha256.New()
	}
	return p, sum
}

// of reports whether p is of the file that content is from. A source that does
// not name the size this time may be right all the same; the length is checked at the end.
func (p Progress) of(content Content) bool {
	return p.ETag == content.ETag && (p.Size < 0 || content.Size < 0 || p.Size == content.Size)
}

// after is p with the bytes up to an offset staged, whose hash is sum. Should the
// state of the hash not come out, the copy would begin again.
func (p Progress) after(offset int64, sum hash.Hash) Progress {
	p.Offset = offset
	p.Hash, _ = sum.(encoding.BinaryMarshaler).MarshalBinary()
	return p
}
