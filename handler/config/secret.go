package config

import (
	"fmt"
	"io"
)

// Secret is a value that must not be shown: it prints as "[secret]" in every format. Convert it to a string,
// or to bytes, where it is used.
type Secret string

const redacted = "[secret]"

func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

func (Secret) String() string { return redacted }

// MarshalText returns "[secret]", for JSON and for log fields.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
