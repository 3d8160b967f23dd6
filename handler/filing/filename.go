package filing

import (
	"fmt"
	"strings"

	"switchboard/handler/digest"
)

// FileName returns the name under which a file of a recording is filed: the day of the recording, its key,
// and the chunk's index and document. The day is that of the recording's start or, if ACS did not report a
// start, that of its first message. Every run derives the same name, because none of these changes.
func FileName(r Recording, c Chunk) string {
	start := r.Start
	if start.IsZero() {
		start = r.Since
	}
	return fmt.Sprintf("%s/%s/%04d-%s.%s", start.UTC().Format("2006/01/02"), Key(r.ID), c.Index,
		digest.Hex(4, c.DocumentID), extension(r.Format))
}

// SidecarName returns the name of the JSON document that describes a file and is stored beside it.
func SidecarName(file string) string { return file + ".json" }

// extension returns the file name extension for a format, which is "bin" for a format that is not known.
func extension(format string) string {
	switch f := strings.ToLower(format); f {
	case "wav", "mp3", "mp4":
		return f
	default:
		return "bin"
	}
}
