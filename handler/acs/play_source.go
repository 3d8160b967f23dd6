package acs

import (
	"cmp"
	"encoding/json"
)

// PlaySource is a prompt or music: exactly one of File, Text and SSML. Text and
// SSML need a call with CallIntelligenceOptions.
type PlaySource struct {
	File *FileSource
	Text *TextSource
	SSML *SSMLSource

	// CacheID lets the service fetch or synthesize a prompt once per call: it
	// treats sources with the same id as the same.
	CacheID string
}

// FileSource is a WAV file, mono, 16 bit PCM at 16 kHz, at a URL that the service can fetch.
type FileSource struct {
	URI string `json:"uri"`
}

// TextSource is text to be spoken. A voice is chosen by locale and kind, or by name.
type TextSource struct {
	Text                  string    `json:"text"`
	SourceLocale          string    `json:"sourceLocale,omitempty"` // such as "en-US"
	VoiceKind             VoiceKind `json:"voiceKind,omitempty"`
	VoiceName             string    `json:"voiceName,omitempty"` // such as "en-US-JennyNeural"
	CustomVoiceEndpointID string    `json:"customVoiceEndpointId,omitempty"`
}

// VoiceKind is the gender of a voice.
type VoiceKind string

// The kinds of voices.
const (
	VoiceMale   VoiceKind = "male"
	VoiceFemale VoiceKind = "female"
)

// SSMLSource is text to be spoken, in Speech Synthesis Markup Language.
type SSMLSource struct {
	SSMLText              string `json:"ssmlText"`
	CustomVoiceEndpointID string `json:"customVoiceEndpointId,omitempty"`
}

// PlayFile returns a source that plays the file at a URI.
func PlayFile(uri string) PlaySource { return PlaySource{File: &FileSource{URI: uri}} }

// PlayText returns a source that speaks a text in a locale such as "en-US".
func PlayText(text, locale string) PlaySource {
	return PlaySource{Text: &TextSource{Text: text, SourceLocale: locale}}
}

// PlaySSML returns a source that speaks a document in Speech Synthesis Markup Language.
func PlaySSML(ssml string) PlaySource { return PlaySource{SSML: &SSMLSource{SSMLText: ssml}} }

// check refuses a source that is not exactly one of its kinds; it accepts nil.
func (s *PlaySource) check() error {
	if s == nil {
		return nil
	}
	n := 0
	for _, set := range []bool{s.File != nil, s.Text != nil, s.SSML != nil} {
		if set {
			n++
		}
	}
	return cmp.Or(
		refuse(n != 1, "a play source is not exactly one of file, text and SSML"),
		refuse(s.File != nil && s.File.URI == "", "a play source has no URI"),
		refuse(s.Text != nil && s.Text.Text == "" || s.SSML != nil && s.SSML.SSMLText == "", "a play source has no text"),
	)
}

func checkSources(sources []PlaySource) error {
	for i := range sources {
		if err := sources[i].check(); err != nil {
			return err
		}
	}
	return nil
}

// MarshalJSON adds the kind of the member that is set.
func (s PlaySource) MarshalJSON() ([]byte, error) {
	kind := ""
	switch {
	case s.File != nil:
		kind = "file"
	case s.Text != nil:
		kind = "text"
	case s.SSML != nil:
		kind = "ssml"
	}
	return json.Marshal(struct {
		Kind              string      `json:"kind"`
		PlaySourceCacheID string      `json:"playSourceCacheId,omitempty"`
		File              *FileSource `json:"file,omitempty"`
		Text              *TextSource `json:"text,omitempty"`
		SSML              *SSMLSource `json:"ssml,omitempty"`
	}{kind, s.CacheID, s.File, s.Text, s.SSML})
}
