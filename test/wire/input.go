package main

import (
	"encoding/json"
	"strings"

	"switchboard/handler/acs"
)

// input is the input of a recorded call, with the member names of Microsoft's
// JavaScript client. Missing members read as zero values.
type input map[string]any

func (in input) has(name string) bool { return in[name] != nil }

func (in input) text(name string) string {
	s, _ := in[name].(string)
	return s
}

func (in input) object(name string) input {
	m, _ := in[name].(map[string]any)
	return m
}

func (in input) list(name string) []any {
	l, _ := in[name].([]any)
	return l
}

// objects returns the objects of a list.
func (in input) objects(name string) []input {
	var found []input
	for _, e := range in.list(name) {
		m, _ := e.(map[string]any)
		found = append(found, m)
	}
	return found
}

func (in input) flag(name string) *bool {
	b, ok := in[name].(bool)
	if !ok {
		return nil
	}
	return &b
}

func (in input) isTrue(name string) bool { return in[name] == true }

func (in input) float(name string) (float64, bool) {
	n, ok := in[name].(json.Number)
	if !ok {
		return 0, false
	}
	f, err := n.Float64()
	return f, err == nil
}

func (in input) number(name string) *int64 {
	f, ok := in.float(name)
	if !ok {
		return nil
	}
	return new(int64(f))
}

// valueOf returns *p, or 0 for nil.
func valueOf(p *int64) int64 {
	if p == nil {
		return 0
	}
	return *p
}

func (in input) int32(name string) *int32 {
	n := in.number(name)
	if n == nil {
		return nil
	}
	return new(int32(*n))
}

// texts returns the strings of a list.
func texts[T ~string](in input, name string) []T {
	if !in.has(name) {
		return nil
	}
	found := []T{} // an empty list is sent as one
	for _, e := range in.list(name) {
		s, _ := e.(string)
		found = append(found, T(s))
	}
	return found
}

// identifier returns the identifier in a member; the zero one if it is missing.
func (in input) identifier(name string) acs.Identifier { return identifier(in.object(name)) }

func (in input) identifiers(name string) []acs.Identifier {
	if !in.has(name) {
		return nil
	}
	found := []acs.Identifier{}
	for _, e := range in.objects(name) {
		found = append(found, identifier(e))
	}
	return found
}

// identifier reads an identifier as the JavaScript client writes it. Without a
// kind, the members decide.
func identifier(in input) acs.Identifier {
	if in == nil {
		return acs.Identifier{}
	}
	i := acs.Identifier{
		Kind: acs.IdentifierKind(in.text("kind")), Cloud: acs.Cloud(in.text("cloud")), Anonymous: in.isTrue("isAnonymous"),
		AssertedID: in.text("assertedId"), Raw: in.text("rawId"),
	}
	for _, kind := range []struct {
		kind   acs.IdentifierKind
		member string
	}{
		{acs.KindCommunicationUser, "communicationUserId"}, {acs.KindPhoneNumber, "phoneNumber"},
		{acs.KindTeamsUser, "microsoftTeamsUserId"}, {acs.KindTeamsApp, "teamsAppId"},
		{acs.KindTeamsExtensionUser, "userId"}, {acs.KindUnknown, "id"},
	} {
		if in.has(kind.member) && (i.Kind == "" || i.Kind == kind.kind) {
			i.Kind, i.ID = kind.kind, in.text(kind.member)
		}
	}
	i.TenantID, i.ResourceID = in.text("tenantId"), in.text("resourceId")
	return i
}

func playSource(in input) acs.PlaySource {
	s := acs.PlaySource{CacheID: in.text("playSourceCacheId")}
	if old := in.text("playsourcacheid"); s.CacheID == "" { // the member's first name, misspelt
		s.CacheID = old
	}
	switch strings.TrimSuffix(in.text("kind"), "Source") {
	case "file":
		s.File = &acs.FileSource{URI: in.text("url")}
	case "text":
		s.Text = &acs.TextSource{
			Text: in.text("text"), SourceLocale: in.text("sourceLocale"), VoiceKind: acs.VoiceKind(in.text("voiceKind")),
			VoiceName: in.text("voiceName"), CustomVoiceEndpointID: in.text("customVoiceEndpointId"),
		}
	case "ssml":
		s.SSML = &acs.SSMLSource{SSMLText: in.text("ssmlText"), CustomVoiceEndpointID: in.text("customVoiceEndpointId")}
	}
	return s
}

func (in input) playSources(name string) []acs.PlaySource {
	if !in.has(name) {
		return nil
	}
	sources := []acs.PlaySource{}
	for _, e := range in.objects(name) {
		sources = append(sources, playSource(e))
	}
	return sources
}

// optionalSource returns the source in a member; nil if it is missing.
func (in input) optionalSource(name string) *acs.PlaySource {
	if !in.has(name) {
		return nil
	}
	s := playSource(in.object(name))
	return &s
}

func (in input) intelligence() *acs.CallIntelligenceOptions {
	if !in.has("callIntelligenceOptions") {
		return nil
	}
	return &acs.CallIntelligenceOptions{
		CognitiveServicesEndpoint: in.object("callIntelligenceOptions").text("cognitiveServicesEndpoint"),
	}
}

func (in input) mediaStreaming() *acs.MediaStreamingOptions {
	if !in.has("mediaStreamingOptions") {
		return nil
	}
	o := in.object("mediaStreamingOptions")
	return &acs.MediaStreamingOptions{
		AudioChannelType: acs.AudioChannelType(o.text("audioChannelType")), TransportURL: o.text("transportUrl"),
		ContentType: o.text("contentType"), StartMediaStreaming: o.flag("startMediaStreaming"),
		EnableBidirectional: o.flag("enableBidirectional"), AudioFormat: acs.AudioFormat(o.text("audioFormat")),
		EnableDTMFTones: o.flag("enableDtmfTones"),
	}
}

func (in input) transcription() *acs.TranscriptionOptions {
	if !in.has("transcriptionOptions") {
		return nil
	}
	o := in.object("transcriptionOptions")
	return &acs.TranscriptionOptions{
		Locale: o.text("locale"), TransportURL: o.text("transportUrl"), SpeechModelEndpointID: o.text("speechModelEndpointId"),
		StartTranscription: o.flag("startTranscription"), EnableIntermediateResults: o.flag("enableIntermediateResults"),
	}
}

func (in input) locator(name string) *acs.CallLocator {
	if !in.has(name) {
		return nil
	}
	l := in.object(name)
	return &acs.CallLocator{Kind: acs.CallLocatorKind(l.text("kind")), ID: l.text("id")}
}

// callingContext returns the headers and details of a call; nil if there are none.
func (in input) callingContext() *acs.CustomCallingContext {
	if !in.has("customCallingContext") {
		return nil
	}
	c := &acs.CustomCallingContext{SIPHeaders: map[string]string{}, VoIPHeaders: map[string]string{}}
	for _, e := range in.objects("customCallingContext") {
		key, value := e.text("key"), e.text("value")
		switch e.text("kind") {
		case "sipuui":
			c.SIPHeaders[acs.SIPUserToUser] = value
		case "sipx":
			prefix := acs.SIPCustomPrefix
			if e.text("sipHeaderPrefix") == acs.SIPPrefix {
				prefix = acs.SIPPrefix
			}
			c.SIPHeaders[prefix+key] = value
		case "voip":
			c.VoIPHeaders[key] = value
		default:
			c.TeamsPhoneCallDetails = teamsPhoneCallDetails(e)
		}
	}
	return c
}

func teamsPhoneCallDetails(in input) *acs.TeamsPhoneCallDetails {
	d := &acs.TeamsPhoneCallDetails{
		SessionID: in.text("sessionId"), Intent: in.text("intent"), CallTopic: in.text("callTopic"),
		CallContext: in.text("callContext"), TranscriptURL: in.text("transcriptUrl"),
		CallSentiment: in.text("callSentiment"), SuggestedActions: in.text("suggestedActions"),
	}
	if c := in.object("teamsPhoneCallerDetails"); c != nil {
		d.Caller = &acs.TeamsPhoneCallerDetails{
			Caller: c.identifier("caller"), Name: c.text("name"), PhoneNumber: c.text("phoneNumber"),
			RecordID: c.text("recordId"), ScreenPopURL: c.text("screenPopUrl"), IsAuthenticated: c.flag("isAuthenticated"),
		}
		if info := c.object("additionalCallerInformation"); info != nil {
			d.Caller.AdditionalCallerInformation = map[string]string{}
			for name := range info {
				d.Caller.AdditionalCallerInformation[name] = info.text(name)
			}
		}
	}
	if s := in.object("teamsPhoneSourceDetails"); s != nil {
		d.Source = &acs.TeamsPhoneSourceDetails{
			Source: s.identifier("source"), Language: s.text("language"), Status: s.text("status"),
		}
		if targets := s.object("intendedTargets"); targets != nil {
			d.Source.IntendedTargets = map[string]acs.Identifier{}
			for name := range targets {
				d.Source.IntendedTargets[name] = targets.identifier(name)
			}
		}
	}
	return d
}
