package filing

import (
	"fmt"
	"strings"

	"switchboard/handler/digest"
)

// FileName returns the name under which a file of a recording is filed: the day of the recording, its key, and the
// chunk's index and document. It holds nothing that changes, so that every run derives the same.
func FileName(r Recording, c Chunk) string {
	start := r.Start
	if start.IsZero() {
		start = r.Since
	}
	return fmt.Sprintf("%s/%s/%04d-%s.%s", start.UTC().Format("2006/01/02"), Key(r.ID), c.Index,
		digest.Hex(4, c.DocumentID), extension(r.Format))
}

// SidecarName returns the name of the description beside a file.
func SidecarName(file string) string { return file + ".json" }

// extension returns that of a format's files.
func extension(format string) string {
	switch f := strings.ToLower(format); f {
	case "wav", "mp3", "mp4":
		return f
	default:
		return "bin"
	}
}
