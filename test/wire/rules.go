package main

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"switchboard/handler/acs"
)

// rule is a deliberate difference between our client and Microsoft's.
type rule struct{ name, reason string }

// The rules. The functions below choose the rule that explains a difference, from
// the input and the difference alone, never from the name of an entry.
var (
	ownContexts = rule{"own-contexts", "operation contexts are the caller's: none is generated"}
	noContext   = rule{"no-empty-context", "a custom context that the caller did not give is not sent"}
	nothingLost = rule{"nothing-dropped", "all that the caller asks for is sent, also where Microsoft's client omits it"}
	zeroIsZero  = rule{"zero-is-zero", "a time of 0 is sent as 0, not replaced by a default"}
	emptyIsNone = rule{"empty-is-absent", "an empty text is left out, as if it were not given"}
	cloudKept   = rule{"cloud-kept", "the cloud of a resource account is sent if it is not the public one"}
	numberKind  = rule{"withheld-number", "the number \"anonymous\" is marked as withheld"}

	freshSignature = rule{"fresh-signature", "each attempt is signed anew, with its own date: the service refuses old ones"}
	signedAsSent   = rule{"signed-as-sent", "the signature covers the query as it is sent, not another spelling of it"}
	neverTwice     = rule{"never-twice", "a request that rings, or can be heard, is sent once: a repeat might ring or be heard twice"}
	throttledPair  = rule{"throttled-pair", "a 429 to a request with a pair is returned: the same pair would get it again"}

	openRange = rule{"open-range", "a part of a file may be the first bytes: a count without an offset begins at 0"}

	moreStatuses = rule{"more-statuses", "204 is a success of a recording's start (Teams Phone) and deletion as well"}
	strictURL    = rule{"strict-url", "content is not fetched from an address with a port or a user, or from an improper URL"}
	lenient      = rule{"lenient-identifier", "an identifier with a missing member or an unknown cloud is read, not refused"}
)

// Refusals: requests that our client does not send, because the service refuses them.
var (
	teamsPhoneNumber = rule{"teams-phone-number", "a Teams Phone call with a source number or name is refused (8523)"}
	telephoneNumber  = rule{"telephone-number", "a telephone is called with a source number, except in Teams Phone calls"}
	oneTarget        = rule{"one-target", "a recording names a call by its connection or by a locator, not both or none"}
	recordingLocator = rule{"recording-locator", "a RoomCallLocator cannot name the call to record"}
	recordable       = rule{"recordable", "unmixed audio is recorded as WAV; a container belongs to blob storage; channels are 0 to 4"}
	inRange          = rule{"in-range", "times and counts out of their range are refused"}
	headerLimits     = rule{"header-limits", "at most 5 custom SIP headers and 1000 VoIP headers, of limited length; call details are whole"}
	toneLimit        = rule{"tone-limit", "1 to 18 tones are sent at once"}
	complete         = rule{"complete", "members that the service requires must be given"}
	usableURL        = rule{"usable-url", "events and streams go to absolute URLs, over https and wss"}
)

// bodyRule returns the rule that explains a difference in the body, nil if there is none.
func (v vector) bodyRule(d difference) *rule {
	for _, r := range bodyRules {
		if r.explains(v, d) {
			return &r.rule
		}
	}
	return nil
}

// bodyRules are the rules that explain differences in bodies, with the condition of each. The first that explains a
// difference counts.
var bodyRules = []struct {
	rule     rule
	explains func(vector, difference) bool
}{
	{ownContexts, func(_ vector, d difference) bool {
		return d.missing() && d.where == "/operationContext" && d.want == "<uuid>"
	}},
	{noContext, func(v vector, d difference) bool {
		return d.missing() && d.where == "/customCallingContext" && v.filledIn(d.where) && len(leaves(d.want)) == 0
	}},
	{emptyIsNone, func(_ vector, d difference) bool { return d.missing() && d.want == "" }},
	{cloudKept, func(_ vector, d difference) bool { return d.extra() && d.where == "/teamsAppSource/cloud" }},
	{numberKind, func(_ vector, d difference) bool {
		return strings.HasSuffix(d.where, "/isAnonymous") && d.got == true
	}},
	{nothingLost, func(v vector, d difference) bool { return !d.missing() && v.ignored(d.got) }},
	{zeroIsZero, func(v vector, d difference) bool {
		return !d.missing() && isZero(d.got) && v.filledIn(d.where)
	}},
}

// filledIn reports whether Microsoft's client added a default there.
func (v vector) filledIn(where string) bool { return slices.Contains(v.SDKDefaults, where) }

// ignored reports whether got holds a value that Microsoft's client was given but
// did not send.
func (v vector) ignored(got any) bool {
	for _, path := range v.IgnoredInputs {
		given := lookUp(map[string]any(v.in), path)
		if slices.ContainsFunc(leaves(got), func(leaf any) bool { return given != nil && equal(given, leaf) }) {
			return true
		}
	}
	return false
}

func isZero(v any) bool {
	n, ok := v.(json.Number)
	return ok && (n == "0" || n == "0.0")
}

// lookUp returns the value at a JSON pointer; nil if there is none.
func lookUp(v any, path string) any {
	for _, name := range strings.Split(path, "/")[1:] {
		name = strings.NewReplacer("~1", "/", "~0", "~").Replace(name)
		switch c := v.(type) {
		case map[string]any:
			v = c[name]
		case []any:
			i, err := json.Number(name).Int64()
			if err != nil || i < 0 || int(i) >= len(c) {
				return nil
			}
			v = c[i]
		default:
			return nil
		}
	}
	return v
}

// repeatRule returns the rule that explains a header that differs in a repeat.
func (v vector) repeatRule(header string) *rule {
	switch strings.ToLower(header) {
	case "authorization", "x-ms-date":
		return &freshSignature
	}
	return nil
}

// notRepeated returns the rule by which our client does not repeat a request.
func (v vector) notRepeated(steps []vector) *rule {
	paired := v.Request.Headers["repeatability-request-id"] != ""
	switch {
	case v.Step.Index < 2:
		return nil
	case rings(v.Operation), v.Request.Method == "POST" && !paired:
		return &neverTwice
	case paired && slices.ContainsFunc(steps, func(s vector) bool { return s.Response.Status == 429 }):
		return &throttledPair
	}
	return nil
}

func rings(operation string) bool {
	switch _, method, _ := strings.Cut(operation, "."); method {
	case "createCall", "createGroupCall", "redirectCall", "addParticipant", "transferCallToParticipant", "moveParticipants":
		return true
	}
	return false
}

// sentAnyway returns the rule by which our client sends a request where Microsoft's sends none.
func (v vector) sentAnyway() *rule {
	o := v.in.object("options")
	if v.in.has("url") && o.has("length") && (!o.has("offset") || isZero(o["offset"])) {
		return &openRange
	}
	return nil
}

// refusal returns the rule by which our client does not send the request.
func (v vector) refusal() *rule {
	for _, r := range refusals {
		if r.applies(v) {
			return &r.rule
		}
	}
	return nil
}

// refusals are the rules by which requests are not sent, with the condition of each.
var refusals = []struct {
	rule    rule
	applies func(vector) bool
}{
	{teamsPhoneNumber, func(v vector) bool {
		invite, o := v.in.object("callInvite"), v.in.object("options")
		return o.has("teamsAppSource") && (invite.has("sourceCallIdNumber") || invite.has("sourceDisplayName") ||
			o.has("sourceCallIdNumber") || o.has("sourceDisplayName"))
	}},
	{telephoneNumber, func(v vector) bool {
		switch v.method() {
		case "createCall", "createGroupCall", "addParticipant":
		default:
			return false
		}
		invite, o := v.in.object("callInvite"), v.in.object("options")
		targets := append(v.in.identifiers("targetParticipants"), invite.identifier("targetParticipant"))
		return !o.has("teamsAppSource") && !invite.has("sourceCallIdNumber") && !o.has("sourceCallIdNumber") &&
			slices.ContainsFunc(targets, func(i acs.Identifier) bool { return i.Kind == acs.KindPhoneNumber })
	}},
	{oneTarget, func(v vector) bool {
		o := v.in.object("options")
		return v.method() == "start" && o.has("callLocator") == (o.text("callConnectionId") != "")
	}},
	{recordingLocator, func(v vector) bool {
		return v.method() == "start" && v.in.object("options").object("callLocator").text("kind") == "roomCallLocator"
	}},
	{recordable, func(v vector) bool {
		o := v.in.object("options")
		if v.method() != "start" {
			return false
		}
		format, storage := o.text("recordingFormat"), o.object("recordingStorage")
		blob := storage.text("recordingStorageKind") == "azureBlobStorage"
		return o.text("recordingChannel") == "unmixed" && (format != "" && format != "wav" || o.text("recordingContent") == "audioVideo") ||
			storage != nil && blob != storage.has("recordingDestinationContainerUrl") ||
			slices.ContainsFunc(o.objects("channelAffinity"), func(a input) bool { return outside(a, "channel", 0, 4) })
	}},
	{inRange, func(v vector) bool {
		o := v.in.object("options")
		return outside(o, "invitationTimeoutInSeconds", 0, 180) || outside(o, "initialSilenceTimeoutInSeconds", 0, 300) ||
			outside(o, "interToneTimeoutInSeconds", 1, 60) || outside(o, "endSilenceTimeoutInSeconds", 0, 1<<40) ||
			outside(o, "maxTonesToCollect", 1, 1<<31-1) || outside(v.in, "maxTonesToCollect", 1, 1<<31-1) ||
			outside(o, "offset", 0, 1<<62) || outside(o, "length", 0, 1<<62)
	}},
	{headerLimits, func(v vector) bool {
		return beyondLimits(v.in.object("callInvite").objects("customCallingContext")) ||
			beyondLimits(v.in.object("options").objects("customCallingContext"))
	}},
	{toneLimit, func(v vector) bool {
		n := len(v.in.list("tones"))
		return v.method() == "sendDtmfTones" && (n == 0 || n > 18)
	}},
	{usableURL, func(v vector) bool {
		o := v.in.object("options")
		for _, address := range []string{
			v.in.text("callbackUrl"), o.text("operationCallbackUrl"), o.text("recordingStateCallbackEndpointUrl"),
		} {
			if address != "" && !hasScheme(address, "https") {
				return true
			}
		}
		for _, name := range []string{"mediaStreamingOptions", "transcriptionOptions"} {
			if address := o.object(name).text("transportUrl"); address != "" && !hasScheme(address, "wss", "ws") {
				return true
			}
		}
		return false
	}},
	{complete, lacksSomething},
}

func (v vector) method() string {
	_, method, _ := strings.Cut(v.Operation, ".")
	return method
}

// outside reports whether a number is given and outside low to high.
func outside(in input, name string, low, high int64) bool {
	n := in.number(name)
	return n != nil && (*n < low || *n > high)
}

func hasScheme(address string, schemes ...string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Host != "" && slices.Contains(schemes, u.Scheme)
}

// beyondLimits reports whether a custom context breaks a limit of the service.
func beyondLimits(headers []input) bool {
	sip, voip := map[string]bool{}, map[string]bool{}
	for _, h := range headers {
		switch h.text("kind") {
		case "sipx":
			sip[sipName(h)] = true
		case "voip":
			voip[h.text("key")] = true
		}
	}
	return len(sip) > 5 || len(voip) > 1000 || slices.ContainsFunc(headers, headerBeyondLimits)
}

// headerBeyondLimits reports whether one entry of a custom context breaks a limit of the service.
func headerBeyondLimits(h input) bool {
	key, value := h.text("key"), h.text("value")
	switch h.text("kind") {
	case "sipx":
		return key == "" || isLonger(sipName(h), 64) || isUnfitForSIP(value) ||
			strings.ContainsAny(key, " \t\r\n:;,\"()<>@[]{}/\\?=")
	case "sipuui":
		return isUnfitForSIP(value)
	case "voip":
		return key == "" || isLonger(key, 64) || isLonger(value, 1024)
	}
	return callDetailsBeyondLimits(h)
}

// callDetailsBeyondLimits reports whether details of a Teams Phone call break a limit of the service, or lack a member.
func callDetailsBeyondLimits(h input) bool {
	caller, source := h.object("teamsPhoneCallerDetails"), h.object("teamsPhoneSourceDetails")
	return isLonger(h.text("callTopic"), 48) || len(caller.object("additionalCallerInformation")) > 10 ||
		caller != nil && !(caller.has("caller") && caller.text("name") != "" && caller.text("phoneNumber") != "") ||
		source != nil && !(source.has("source") && source.text("language") != "" && source.text("status") != "")
}

// sipName returns the name of a SIP header as it is sent.
func sipName(h input) string {
	if h.text("sipHeaderPrefix") == acs.SIPPrefix {
		return acs.SIPPrefix + h.text("key")
	}
	return acs.SIPCustomPrefix + h.text("key")
}

func isLonger(text string, limit int) bool { return utf8.RuneCountInString(text) > limit }

// isUnfitForSIP reports whether a text cannot be the value of a SIP header.
func isUnfitForSIP(value string) bool {
	return isLonger(value, 256) || strings.ContainsAny(value, "\r\n\x00")
}

// required are the members of the input that must not be empty.
var required = []string{
	"callConnectionId", "callbackUrl", "incomingCallContext", "recordingId", "invitationId", "fromCall", "locale", "playSources",
	"targetParticipants", "targetParticipant", "participant", "callLocator",
}

// lacksSomething reports whether the input has a required member that is empty,
// or lacks one that its operation needs.
func lacksSomething(v vector) bool {
	o := v.in.object("options")
	for _, name := range required {
		if value, ok := v.in[name]; ok && isEmpty(value) {
			return true
		}
	}
	sources := append(v.in.objects("playSources"), o.objects("playPrompts")...)
	for _, name := range []string{"playPrompt", "playSource"} {
		if o.has(name) {
			sources = append(sources, o.object(name))
		}
	}
	if slices.ContainsFunc(sources, func(s input) bool { return s.text("url")+s.text("text")+s.text("ssmlText") == "" }) {
		return true
	}
	choices := o.objects("choices")
	return o.text("inputType") == "choices" && len(choices) == 0 ||
		slices.ContainsFunc(choices, func(c input) bool { return c.text("label") == "" || len(c.list("phrases")) == 0 }) ||
		o.has("mediaStreamingOptions") && o.object("mediaStreamingOptions").text("audioChannelType") == "" ||
		o.has("transcriptionOptions") && o.object("transcriptionOptions").text("locale") == ""
}

// isEmpty reports whether a required value is present but empty.
func isEmpty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0 || v["id"] == "" || v["communicationUserId"] == ""
	}
	return false
}
