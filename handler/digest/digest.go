// Package digest derives ids and keys from texts: ids of calls and campaigns, keys of rows and events.
// It is pure.
//
// Each part is hashed with its length before it, so that different lists of parts never give the same
// bytes to hash: ("ab", "c") and ("a", "bc") differ.
package digest

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"strings"
)

// Size is the length of a digest in bytes.
const Size = sha256.Size

// Sum returns the SHA-256 of the parts, each with its length before it.
func Sum(parts ...string) [Size]byte {
	size := 0
	for _, part := range parts {
		size += 8 + len(part)
	}
	all := make([]byte, 0, size)
	for _, part := range parts {
		all = binary.BigEndian.AppendUint64(all, uint64(len(part)))
		all = append(all, part...)
	}
	return sha256.Sum256(all)
}

// Hex returns the first n bytes of the parts' digest as 2n hexadecimal digits.
func Hex(n int, parts ...string) string {
	sum := Sum(parts...)
	return hex.EncodeToString(sum[:n])
}

// idText is base32 without padding.
var idText = base32.StdEncoding.WithPadding(base32.NoPadding)

// ID returns prefix followed by 26 lower-case letters and digits: the first 16 bytes of the parts' digest
// in base32.
func ID(prefix string, parts ...string) string {
	sum := Sum(parts...)
	return prefix + strings.ToLower(idText.EncodeToString(sum[:16]))
}
