package acs

import (
	"cmp"
	"encoding/json"
	"errors"
)

// identifierModel is an Identifier on the wire: the raw id, and at most one typed
// member, the one that kind names.
type identifierModel struct {
	Kind               IdentifierKind      `json:"kind,omitempty"`
	RawID              string              `json:"rawId,omitempty"`
	CommunicationUser  *userModel          `json:"communicationUser,omitempty"`
	PhoneNumber        *phoneModel         `json:"phoneNumber,omitempty"`
	MicrosoftTeamsUser *teamsUserModel     `json:"microsoftTeamsUser,omitempty"`
	MicrosoftTeamsApp  *teamsAppModel      `json:"microsoftTeamsApp,omitempty"`
	TeamsExtensionUser *extensionUserModel `json:"teamsExtensionUser,omitempty"`
}

type userModel struct {
	ID string `json:"id"`
}

type phoneModel struct {
	Value       string `json:"value"`
	IsAnonymous bool   `json:"isAnonymous"`
	AssertedID  string `json:"assertedId,omitempty"`
}

type teamsUserModel struct {
	UserID      string `json:"userId"`
	IsAnonymous bool   `json:"isAnonymous"`
	Cloud       Cloud  `json:"cloud,omitempty"`
}

type teamsAppModel struct {
	AppID string `json:"appId"`
	Cloud Cloud  `json:"cloud,omitempty"`
}

type extensionUserModel struct {
	UserID     string `json:"userId"`
	TenantID   string `json:"tenantId"`
	ResourceID string `json:"resourceId"`
	Cloud      Cloud  `json:"cloud,omitempty"`
}

// MarshalJSON writes i in the form of the call, participant and recording operations.
func (i Identifier) MarshalJSON() ([]byte, error) {
	return json.Marshal(i.model())
}

// UnmarshalJSON reads an identifier of a response or an event. Members may be
// missing, and the kind may be unknown or wrong: then the raw id decides. It fails
// on invalid JSON only.
func (i *Identifier) UnmarshalJSON(data []byte) error {
	var m identifierModel
	if err := json.Unmarshal(data, &m); err != nil {
		// A member of another type counts as missing: encoding/json decodes the rest.
		if _, ok := errors.AsType[*json.UnmarshalTypeError](err); !ok {
			return err
		}
	}
	*i = m.identifier()
	return nil
}

// mediaIdentifier is an Identifier in the form of the media operations: without its kind.
type mediaIdentifier Identifier

func (i mediaIdentifier) MarshalJSON() ([]byte, error) {
	m := Identifier(i).model()
	m.Kind = ""
	return json.Marshal(m)
}

func (i Identifier) model() identifierModel {
	m := identifierModel{Kind: i.Kind, RawID: i.RawID()}
	cloud := cmp.Or(i.Cloud, CloudPublic)
	switch i.Kind {
	case KindCommunicationUser:
		m.CommunicationUser = &userModel{i.ID}
	case KindPhoneNumber:
		m.PhoneNumber = &phoneModel{i.ID, i.Anonymous, i.AssertedID}
	case KindTeamsUser:
		m.MicrosoftTeamsUser = &teamsUserModel{i.ID, i.Anonymous, cloud}
	case KindTeamsApp:
		m.MicrosoftTeamsApp = &teamsAppModel{i.ID, cloud}
	case KindTeamsExtensionUser:
		m.TeamsExtensionUser = &extensionUserModel{i.ID, i.TenantID, i.ResourceID, cloud}
	}
	return m
}

// identifier returns the Identifier that m describes: by its typed member if that
// is reliable, otherwise by its raw id.
func (m identifierModel) identifier() Identifier {
	i, ok := m.typed()
	if !ok {
		if m.RawID != "" {
			return ParseRawID(m.RawID)
		}
		return i
	}
	if m.RawID != "" && m.RawID != i.RawID() {
		i.Raw = m.RawID
	}
	return i
}

// typed returns the Identifier of m's typed members. It is reliable (ok) if there
// is one member, complete and of the kind that m names.
func (m identifierModel) typed() (i Identifier, ok bool) {
	members := 0
	whole := false
	if u := m.CommunicationUser; u != nil {
		members++
		i, whole = CommunicationUser(u.ID), u.ID != ""
	}
	if p := m.PhoneNumber; p != nil {
		members++
		i, whole = PhoneNumber(p.Value), p.Value != ""
		i.Anonymous, i.AssertedID = i.Anonymous || p.IsAnonymous, p.AssertedID
	}
	if u := m.MicrosoftTeamsUser; u != nil {
		members++
		i, whole = TeamsUser(u.UserID), u.UserID != ""
		i.Cloud, i.Anonymous = cmp.Or(u.Cloud, CloudPublic), u.IsAnonymous
	}
	if a := m.MicrosoftTeamsApp; a != nil {
		members++
		i, whole = TeamsApp(a.AppID), a.AppID != ""
		i.Cloud = cmp.Or(a.Cloud, CloudPublic)
	}
	if u := m.TeamsExtensionUser; u != nil {
		members++
		i = TeamsExtensionUser(u.UserID, u.TenantID, u.ResourceID)
		i.Cloud = cmp.Or(u.Cloud, CloudPublic)
		whole = u.UserID != "" && u.TenantID != "" && u.ResourceID != ""
	}
	return i, members == 1 && whole && (m.Kind == "" || m.Kind == i.Kind)
}
