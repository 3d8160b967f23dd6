package acs

import "strings"

const (
	phonePrefix   = "4:"
	visitorPrefix = "8:teamsvisitor:"
	spoolPrefix   = "8:spool:"
)

// teamsPrefixes are the prefixes of Teams raw ids, by kind and cloud. Users of ACS
// resources have the last three as well, but their ids are not in three parts.
//
// Source: @azure/communication-common 2.4.2, identifierModels.
var teamsPrefixes = []struct {
	prefix string
	kind   IdentifierKind
	cloud  Cloud
}{
	{"8:orgid:", KindTeamsUser, CloudPublic},
	{"8:dod:", KindTeamsUser, CloudDoD},
	{"8:gcch:", KindTeamsUser, CloudGCCH},
	{"28:orgid:", KindTeamsApp, CloudPublic},
	{"28:dod:", KindTeamsApp, CloudDoD},
	{"28:gcch:", KindTeamsApp, CloudGCCH},
	{"8:acs:", KindTeamsExtensionUser, CloudPublic},
	{"8:dod-acs:", KindTeamsExtensionUser, CloudDoD},
	{"8:gcch-acs:", KindTeamsExtensionUser, CloudGCCH},
}

// ParseRawID returns the Identifier of a raw id. It never fails: a raw id of
// another form becomes KindUnknown. RawID of the result returns rawID again.
func ParseRawID(rawID string) Identifier {
	if number, ok := strings.CutPrefix(rawID, phonePrefix); ok {
		return parseNumber(number)
	}
	unknown := Identifier{Kind: KindUnknown, ID: rawID}
	if strings.Count(rawID, ":") != 2 {
		return unknown
	}
	if userID, ok := strings.CutPrefix(rawID, visitorPrefix); ok {
		return Identifier{Kind: KindTeamsUser, ID: userID, Cloud: CloudPublic, Anonymous: true}
	}
	if strings.HasPrefix(rawID, spoolPrefix) {
		return CommunicationUser(rawID)
	}
	for _, p := range teamsPrefixes {
		rest, ok := strings.CutPrefix(rawID, p.prefix)
		switch {
		case !ok:
			continue
		case p.kind != KindTeamsExtensionUser:
			return Identifier{Kind: p.kind, ID: rest, Cloud: p.cloud}
		}
		parts := strings.Split(rest, "_")
		if len(parts) != 3 {
			return CommunicationUser(rawID)
		}
		return Identifier{
			Kind: p.kind, ResourceID: parts[0], TenantID: parts[1], ID: parts[2], Cloud: p.cloud,
		}
	}
	return unknown
}

// parseNumber reads what follows "4:". An asserted id, after the last "_",
// stays part of the number as well.
func parseNumber(number string) Identifier {
	i := PhoneNumber(number)
	if at := strings.LastIndexByte(number, '_'); at >= 0 {
		i.AssertedID = number[at+1:]
	}
	return i
}

// RawID returns the id by which Azure names i in every cloud: opaque, unique, of
// unbounded length. It is empty for the zero Identifier.
func (i Identifier) RawID() string {
	switch {
	case i.Kind == KindCommunicationUser, i.Kind == KindUnknown:
		return i.ID
	case i.Raw != "":
		return i.Raw
	}
	switch i.Kind {
	case KindPhoneNumber:
		return phonePrefix + i.ID
	case KindTeamsUser:
		if i.Anonymous {
			return visitorPrefix + i.ID
		}
		return i.teamsPrefix() + i.ID
	case KindTeamsApp:
		return i.teamsPrefix() + i.ID
	case KindTeamsExtensionUser:
		return i.teamsPrefix() + i.ResourceID + "_" + i.TenantID + "_" + i.ID
	}
	return ""
}

// teamsPrefix returns the prefix of i's kind and cloud; an unknown cloud counts as the public one.
func (i Identifier) teamsPrefix() string {
	var public string
	for _, p := range teamsPrefixes {
		switch {
		case p.kind != i.Kind:
		case p.cloud == i.Cloud:
			return p.prefix
		case p.cloud == CloudPublic:
			public = p.prefix
		}
	}
	return public
}
