package acs

// IdentifierKind is what an [Identifier] stands for. ACS adds kinds: one that is
// new here becomes KindUnknown, with its raw id.
type IdentifierKind string

// The kinds of identifiers, as they are written on the wire.
const (
	KindCommunicationUser  IdentifierKind = "communicationUser"
	KindPhoneNumber        IdentifierKind = "phoneNumber"
	KindTeamsUser          IdentifierKind = "microsoftTeamsUser"
	KindTeamsApp           IdentifierKind = "microsoftTeamsApp"
	KindTeamsExtensionUser IdentifierKind = "teamsExtensionUser"
	KindUnknown            IdentifierKind = "unknown"
)

// Cloud is the national cloud that an identity of Microsoft Teams lives in.
type Cloud string

// The clouds. An empty Cloud means CloudPublic.
const (
	CloudPublic Cloud = "public"
	CloudDoD    Cloud = "dod"
	CloudGCCH   Cloud = "gcch"
)

// anonymousNumber is the number of a caller who withholds it.
const anonymousNumber = "anonymous"

// Identifier is a person or an application that takes part in calls. The zero
// Identifier is none. Identifiers are comparable; those of the constructors, of
// ParseRawID and of JSON are equal when they mean the same.
//
// Source: Azure/azure-rest-api-specs, Communication/Common, stable/2025-06-30,
// CommunicationIdentifierModel.
type Identifier struct {
	Kind IdentifierKind

	// ID is, by kind: the ACS user's id ("8:acs:…"); the number in E.164, or
	// "anonymous"; the Teams user's, Teams app's or Teams extension user's
	// Entra object id; the whole raw id of an unknown one.
	ID string

	// TenantID and ResourceID belong to a Teams extension user: the Entra tenant
	// and the immutable id of the ACS resource.
	TenantID, ResourceID string

	// Cloud belongs to the kinds of Teams.
	Cloud Cloud

	// Anonymous marks a number that is withheld, or a Teams user who joined without signing in.
	Anonymous bool

	// AssertedID distinguishes callers behind one number; usually empty.
	AssertedID string

	// Raw is the raw id as it was received, if the other fields give a different
	// one; otherwise it is empty. RawID then returns Raw, except for an ACS user,
	// whose ID is the raw id.
	Raw string
}

// CommunicationUser returns a user of an ACS resource, by id ("8:acs:…").
func CommunicationUser(id string) Identifier {
	return Identifier{Kind: KindCommunicationUser, ID: id}
}

// PhoneNumber returns a telephone number in E.164. RawID is the way to its raw id:
// PhoneNumber("+12065550100").RawID() returns "4:+12065550100".
func PhoneNumber(e164 string) Identifier {
	return Identifier{Kind: KindPhoneNumber, ID: e164, Anonymous: e164 == anonymousNumber}
}

// TeamsUser returns a user of Microsoft Teams in the public cloud, by Entra object id.
func TeamsUser(userID string) Identifier {
	return Identifier{Kind: KindTeamsUser, ID: userID, Cloud: CloudPublic}
}

// TeamsApp returns an application of Microsoft Teams in the public cloud, by Entra
// object id, such as a resource account that Teams Phone calls go to.
func TeamsApp(appID string) Identifier {
	return Identifier{Kind: KindTeamsApp, ID: appID, Cloud: CloudPublic}
}

// TeamsExtensionUser returns a Teams user of the public cloud who answers calls in
// a client of the ACS resource.
func TeamsExtensionUser(userID, tenantID, resourceID string) Identifier {
	return Identifier{
		Kind: KindTeamsExtensionUser, ID: userID, TenantID: tenantID, ResourceID: resourceID, Cloud: CloudPublic,
	}
}

// IsZero reports whether i is the zero Identifier.
func (i Identifier) IsZero() bool { return i == Identifier{} }

// String returns the raw id for logs, with a telephone number masked as MaskNumbers masks it.
func (i Identifier) String() string {
	if i.Kind != KindPhoneNumber || i.Anonymous {
		return i.RawID()
	}
	return phonePrefix + masked // whole, because MaskNumbers leaves short numbers
}
