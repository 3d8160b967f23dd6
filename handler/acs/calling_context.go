package acs

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// The names of SIP headers that a call may carry.
const (
	// SIPUserToUser is the whole name of the header for user-to-user information.
	SIPUserToUser = "User-To-User"
	// SIPCustomPrefix begins the names that Microsoft's networks pass on.
	SIPCustomPrefix = "X-MS-Custom-"
	// SIPPrefix begins other names.
	SIPPrefix = "X-"
)

// The limits of a CustomCallingContext. Lengths are in characters.
//
// Source: "Custom context", Call Automation documentation; for the call topic,
// communicationservicescallautomation.json, stable/2026-03-12.
const (
	maxSIPHeaders  = 5 // besides User-To-User
	maxVoIPHeaders = 1000
	maxHeaderName  = 64 // with its prefix
	maxSIPValue    = 256
	maxVoIPValue   = 1024
	maxCallTopic   = 48
	maxCallerInfo  = 10
)

// CustomCallingContext is what ACS passes about the call to the one who is rung.
type CustomCallingContext struct {
	// SIPHeaders reach telephones and SIP networks: SIPUserToUser, and at most 5
	// others that begin with SIPCustomPrefix or SIPPrefix. A name has at most
	// 64 characters, a value 256.
	SIPHeaders map[string]string

	// VoIPHeaders reach users of ACS and Teams: at most 1000. A name has at
	// most 64 characters, a value 1024.
	VoIPHeaders map[string]string

	// TeamsPhoneCallDetails are shown to a Teams user who is rung.
	TeamsPhoneCallDetails *TeamsPhoneCallDetails
}

// MarshalJSON writes both kinds of headers, empty ones as {}, as Microsoft's own
// client does.
func (c CustomCallingContext) MarshalJSON() ([]byte, error) {
	some := func(m map[string]string) map[string]string {
		if m == nil {
			return map[string]string{}
		}
		return m
	}
	return json.Marshal(struct {
		SIPHeaders            map[string]string      `json:"sipHeaders"`
		VoIPHeaders           map[string]string      `json:"voipHeaders"`
		TeamsPhoneCallDetails *TeamsPhoneCallDetails `json:"teamsPhoneCallDetails,omitempty"`
	}{some(c.SIPHeaders), some(c.VoIPHeaders), c.TeamsPhoneCallDetails})
}

func (c *CustomCallingContext) check() error {
	if c == nil {
		return nil
	}
	custom := len(c.SIPHeaders)
	for name, value := range c.SIPHeaders {
		if name == SIPUserToUser {
			custom--
		}
		if err := checkSIPHeader(name, value); err != nil {
			return err
		}
	}
	for name, value := range c.VoIPHeaders {
		if err := cmp.Or(
			checkLength("the name of a VoIP header", name, 1, maxHeaderName),
			checkLength("the value of a VoIP header", value, 0, maxVoIPValue),
		); err != nil {
			return err
		}
	}
	return cmp.Or(
		refuse(custom > maxSIPHeaders, fmt.Sprintf("more than %d SIP headers besides %s", maxSIPHeaders, SIPUserToUser)),
		refuse(len(c.VoIPHeaders) > maxVoIPHeaders, fmt.Sprintf("more than %d VoIP headers", maxVoIPHeaders)),
		c.TeamsPhoneCallDetails.check(),
	)
}

func checkSIPHeader(name, value string) error {
	rest, custom := strings.CutPrefix(name, SIPPrefix)
	rest = strings.TrimPrefix(rest, strings.TrimPrefix(SIPCustomPrefix, SIPPrefix))
	return cmp.Or(
		refuse(name != SIPUserToUser && (!custom || rest == ""),
			"a SIP header is neither "+SIPUserToUser+" nor begins with "+SIPCustomPrefix+" or "+SIPPrefix),
		refuse(strings.ContainsFunc(name, func(r rune) bool { return !isTokenRune(r) }),
			"the name of a SIP header has a character that no header has"),
		checkLength("the name of a SIP header", name, 1, maxHeaderName),
		refuse(strings.ContainsAny(value, "\r\n\x00"), "the value of a SIP header has more than one line"),
		checkLength("the value of a SIP header", value, 0, maxSIPValue),
	)
}

// isTokenRune reports whether r may be in the name of a SIP header (RFC 3261, token).
func isTokenRune(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-.!%*_+`'~", r)
}

func checkLength(what, text string, low, high int) error {
	n := utf8.RuneCountInString(text)
	return cmp.Or(
		refuse(n < low, what+" is empty"),
		refuse(n > high, fmt.Sprintf("%s has more than %d characters", what, high)),
	)
}

// TeamsPhoneCallDetails describe a call that a bot hands to a Teams user.
type TeamsPhoneCallDetails struct {
	Caller *TeamsPhoneCallerDetails `json:"teamsPhoneCallerDetails,omitempty"`
	Source *TeamsPhoneSourceDetails `json:"teamsPhoneSourceDetails,omitempty"`

	SessionID        string `json:"sessionId,omitempty"` // chosen by the bot, for its reports
	Intent           string `json:"intent,omitempty"`
	CallTopic        string `json:"callTopic,omitempty"` // shown during ringing; at most 48 characters
	CallContext      string `json:"callContext,omitempty"`
	TranscriptURL    string `json:"transcriptUrl,omitempty"`
	CallSentiment    string `json:"callSentiment,omitempty"`
	SuggestedActions string `json:"suggestedActions,omitempty"`
}

// TeamsPhoneCallerDetails describe the caller. Caller, Name and PhoneNumber are required.
type TeamsPhoneCallerDetails struct {
	Caller          Identifier `json:"caller"`
	Name            string     `json:"name"`
	PhoneNumber     string     `json:"phoneNumber"`
	RecordID        string     `json:"recordId,omitempty"` // the caller's record, in a CRM for example
	ScreenPopURL    string     `json:"screenPopUrl,omitempty"`
	IsAuthenticated *bool      `json:"isAuthenticated,omitempty"`

	// AdditionalCallerInformation is shown unchanged: at most 10 entries.
	AdditionalCallerInformation map[string]string `json:"additionalCallerInformation,omitzero"`
}

// TeamsPhoneSourceDetails describe the one who hands the call on. Source, Language
// (ISO 639) and Status are required.
type TeamsPhoneSourceDetails struct {
	Source          Identifier            `json:"source"`
	Language        string                `json:"language"`
	Status          string                `json:"status"`
	IntendedTargets map[string]Identifier `json:"intendedTargets,omitzero"`
}

func (d *TeamsPhoneCallDetails) check() error {
	if d == nil {
		return nil
	}
	caller, source := d.Caller, d.Source
	return cmp.Or(
		checkLength("the CallTopic", d.CallTopic, 0, maxCallTopic),
		refuse(caller != nil && (caller.Caller.IsZero() || caller.Name == "" || caller.PhoneNumber == ""),
			"TeamsPhoneCallerDetails lack Caller, Name or PhoneNumber"),
		refuse(caller != nil && len(caller.AdditionalCallerInformation) > maxCallerInfo,
			fmt.Sprintf("more than %d entries of AdditionalCallerInformation", maxCallerInfo)),
		refuse(source != nil && (source.Source.IsZero() || source.Language == "" || source.Status == ""),
			"TeamsPhoneSourceDetails lack Source, Language or Status"),
	)
}
