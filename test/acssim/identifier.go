package acssim

import (
	"errors"
	"slices"
	"strings"
)

// identifier is a CommunicationIdentifierModel: who or what takes part in a
// call. In requests kind and rawId are optional.
//
// Source: CommunicationIdentifierModel, Azure/azure-rest-api-specs,
// communication/data-plane/Common, stable/2025-06-30.
type identifier struct {
	Kind               string              `json:"kind,omitempty"`
	RawID              string              `json:"rawId,omitempty"`
	CommunicationUser  *communicationUser  `json:"communicationUser,omitempty"`
	PhoneNumber        *phoneNumber        `json:"phoneNumber,omitempty"`
	MicrosoftTeamsUser *teamsUser          `json:"microsoftTeamsUser,omitempty"`
	MicrosoftTeamsApp  *teamsApp           `json:"microsoftTeamsApp,omitempty"`
	TeamsExtensionUser *teamsExtensionUser `json:"teamsExtensionUser,omitempty"`
}

type communicationUser struct {
	ID string `json:"id"`
}

type phoneNumber struct {
	Value       string `json:"value"`
	IsAnonymous bool   `json:"isAnonymous"`
	AssertedID  string `json:"assertedId,omitempty"`
}

type teamsUser struct {
	UserID      string `json:"userId"`
	IsAnonymous bool   `json:"isAnonymous"`
	Cloud       string `json:"cloud,omitempty"`
}

type teamsApp struct {
	AppID string `json:"appId"`
	Cloud string `json:"cloud,omitempty"`
}

type teamsExtensionUser struct {
	UserID     string `json:"userId"`
	TenantID   string `json:"tenantId"`
	ResourceID string `json:"resourceId"`
	Cloud      string `json:"cloud,omitempty"`
}

var errIdentifier = errors.New("the identifier needs a rawId or exactly one typed member that agrees with its kind")

// cloudPrefixes are the middle parts of raw ids, by kind of identity and cloud.
var (
	teamsClouds     = map[string]string{"": "orgid", "public": "orgid", "dod": "dod", "gcch": "gcch"}
	extensionClouds = map[string]string{"": "acs", "public": "acs", "dod": "dod-acs", "gcch": "gcch-acs"}
)

// raw returns the identifier's raw id: its own, or the one of its typed member.
func (i identifier) raw() (string, error) {
	var kinds, raws []string
	missing := false // a part of a raw id
	add := func(kind string, raw ...string) {
		kinds, raws = append(kinds, kind), append(raws, strings.Join(raw, ""))
		missing = missing || slices.Contains(raw, "")
	}
	if m := i.CommunicationUser; m != nil {
		add("communicationUser", m.ID)
	}
	if m := i.PhoneNumber; m != nil {
		add("phoneNumber", "4:", m.Value)
	}
	if m := i.MicrosoftTeamsUser; m != nil {
		middle := teamsClouds[m.Cloud]
		if m.IsAnonymous {
			middle = "teamsvisitor"
		}
		add("microsoftTeamsUser", "8:", middle, ":", m.UserID)
	}
	if m := i.MicrosoftTeamsApp; m != nil {
		add("microsoftTeamsApp", "28:", teamsClouds[m.Cloud], ":", m.AppID)
	}
	if m := i.TeamsExtensionUser; m != nil {
		add("teamsExtensionUser", "8:", extensionClouds[m.Cloud], ":", m.ResourceID, "_", m.TenantID, "_", m.UserID)
	}
	switch {
	case len(raws) > 1, len(raws) == 0 && i.RawID == "":
		return "", errIdentifier
	case len(raws) == 1 && i.Kind != "" && i.Kind != kinds[0]:
		return "", errIdentifier
	case i.RawID != "":
		return i.RawID, nil
	case missing:
		return "", errIdentifier
	}
	return raws[0], nil
}

// identify returns the full identifier of a raw id, as responses and events carry it.
// The kind of an unrecognized raw id is unknown.
func identify(raw string) identifier {
	id := identifier{Kind: "unknown", RawID: raw}
	if number, ok := strings.CutPrefix(raw, "4:"); ok {
		p := &phoneNumber{Value: number, IsAnonymous: number == "anonymous"}
		if at := strings.LastIndexByte(number, '_'); at >= 0 && !p.IsAnonymous {
			p.AssertedID = number[at+1:]
		}
		id.Kind, id.PhoneNumber = "phoneNumber", p
		return id
	}
	parts := strings.Split(raw, ":")
	if len(parts) != 3 {
		return id
	}
	switch prefix, rest := parts[0]+":"+parts[1], parts[2]; prefix {
	case "8:teamsvisitor":
		id.Kind, id.MicrosoftTeamsUser = "microsoftTeamsUser", &teamsUser{UserID: rest, IsAnonymous: true, Cloud: "public"}
	case "8:orgid", "8:dod", "8:gcch":
		id.Kind, id.MicrosoftTeamsUser = "microsoftTeamsUser", &teamsUser{UserID: rest, Cloud: cloud(parts[1])}
	case "28:orgid", "28:dod", "28:gcch":
		id.Kind, id.MicrosoftTeamsApp = "microsoftTeamsApp", &teamsApp{AppID: rest, Cloud: cloud(parts[1])}
	case "8:acs", "8:dod-acs", "8:gcch-acs":
		if of := strings.Split(rest, "_"); len(of) == 3 {
			id.Kind, id.TeamsExtensionUser = "teamsExtensionUser",
				&teamsExtensionUser{ResourceID: of[0], TenantID: of[1], UserID: of[2], Cloud: cloud(parts[1])}
			break
		}
		id.Kind, id.CommunicationUser = "communicationUser", &communicationUser{ID: raw}
	case "8:spool":
		id.Kind, id.CommunicationUser = "communicationUser", &communicationUser{ID: raw}
	}
	return id
}

func cloud(middle string) string {
	switch strings.TrimSuffix(middle, "-acs") {
	case "dod":
		return "dod"
	case "gcch":
		return "gcch"
	}
	return "public"
}

// isNumber reports whether raw is on the public telephone network; others are on the
// internet.
func isNumber(raw string) bool { return strings.HasPrefix(raw, "4:") }

// rawID returns the raw id for text, which is a raw id or a telephone number in E.164.
func rawID(text string) string {
	if strings.HasPrefix(text, "+") {
		return "4:" + text
	}
	return text
}

// masked returns raw for display, without the middle of a number.
func masked(raw string) string {
	number, ok := strings.CutPrefix(raw, "4:")
	if !ok || len(number) < 8 {
		return raw
	}
	return number[:5] + "•••" + number[len(number)-4:]
}
