package acs

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sdkIdentifier is an identifier as Microsoft's JavaScript client writes it in the vectors.
type sdkIdentifier struct {
	Kind                             IdentifierKind
	CommunicationUserID, PhoneNumber string
	MicrosoftTeamsUserID, TeamsAppID string
	UserID, TenantID, ResourceID     string
	ID, RawID, AssertedID            string
	Cloud                            Cloud
	IsAnonymous                      bool
	Error                            any
}

func (s sdkIdentifier) identifier() Identifier {
	i := Identifier{Kind: s.Kind, Cloud: s.Cloud, Anonymous: s.IsAnonymous, AssertedID: s.AssertedID, Raw: s.RawID}
	switch s.Kind {
	case KindCommunicationUser:
		i.ID = s.CommunicationUserID
	case KindPhoneNumber:
		i.ID = s.PhoneNumber
	case KindTeamsUser:
		i.ID = s.MicrosoftTeamsUserID
	case KindTeamsApp:
		i.ID = s.TeamsAppID
	case KindTeamsExtensionUser:
		i.ID, i.TenantID, i.ResourceID = s.UserID, s.TenantID, s.ResourceID
	default:
		i.ID = s.ID
	}
	return i
}

type rawIDVectors struct {
	FromRawID []struct {
		RawID      string
		Identifier sdkIdentifier
	}
	FromIdentifier []struct {
		Identifier sdkIdentifier
		Kind       IdentifierKind
		RawID      string
		Serialized json.RawMessage
	}
	Deserialized []struct {
		Model      json.RawMessage
		Identifier sdkIdentifier
	}
}

// readRawIDVectors returns what the official client makes of identifiers.
func readRawIDVectors(t *testing.T) rawIDVectors {
	t.Helper()
	vectors := readTestdata[rawIDVectors](t, "rawids.json")
	if len(vectors.FromRawID) == 0 || len(vectors.FromIdentifier) == 0 || len(vectors.Deserialized) == 0 {
		t.Fatalf("vectors = %+v, want some of each kind", vectors)
	}
	return vectors
}

func TestRawIDsAreParsedAsByTheOfficialClient(t *testing.T) {
	for _, v := range readRawIDVectors(t).FromRawID {
		t.Run("parsed/"+v.RawID, func(t *testing.T) {
			got := ParseRawID(v.RawID)
			if d := cmp.Diff(v.Identifier.identifier(), got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if got.RawID() != v.RawID {
				t.Errorf("raw id = %q, want %q", got.RawID(), v.RawID)
			}
		})
	}
}

func TestIdentifiersAreWrittenAsByTheOfficialClient(t *testing.T) {
	for _, v := range readRawIDVectors(t).FromIdentifier {
		t.Run("built/"+v.RawID, func(t *testing.T) {
			i := v.Identifier.identifier()
			if got := i.RawID(); got != v.RawID {
				t.Errorf("raw id = %q, want %q", got, v.RawID)
			}
			media, err := json.Marshal(mediaIdentifier(i))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(decode(t, string(v.Serialized)), decode(t, string(media))); d != "" {
				t.Errorf("JSON (-want +got):\n%s", d)
			}
			whole, err := json.Marshal(i)
			if err != nil {
				t.Fatal(err)
			}
			var back Identifier
			if err := json.Unmarshal(whole, &back); err != nil {
				t.Fatal(err)
			}
			if back.Kind != v.Kind && i.ID != "" || back.RawID() != v.RawID {
				t.Errorf("back from JSON = %+v, want %s, %s", back, v.Kind, v.RawID)
			}
		})
	}
}

func TestIdentifiersAreReadAsByTheOfficialClient(t *testing.T) {
	for _, v := range readRawIDVectors(t).Deserialized {
		t.Run("decoded/"+string(v.Model), func(t *testing.T) {
			var got Identifier
			if err := json.Unmarshal(v.Model, &got); err != nil {
				t.Fatal(err)
			}
			if v.Identifier.Error != nil {
				return // the official client throws; what we make of it is tested below
			}
			want := v.Identifier.identifier()
			want.Raw = "" // kept only where it differs
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestIncompleteIdentifiersAreRead(t *testing.T) {
	tests := []struct {
		name, doc string
		want      Identifier
	}{
		{"a resource account that Event Grid does not know", `{"kind":"unknown","rawId":"28:orgid:28ab0f1c"}`, TeamsApp("28ab0f1c")},
		{"a raw id alone", `{"rawId":"4:+14255550123"}`, phone},
		{"a member alone", `{"phoneNumber":{"value":"+14255550123"}}`, phone},
		{"no cloud", `{"kind":"microsoftTeamsUser","microsoftTeamsUser":{"userId":"o"}}`, TeamsUser("o")},
		{"another cloud", `{"microsoftTeamsUser":{"userId":"o","cloud":"mars"},"rawId":"8:mars:o"}`,
			Identifier{Kind: KindTeamsUser, ID: "o", Cloud: "mars", Raw: "8:mars:o"}},
		{"a raw id of an older form", `{"microsoftTeamsApp":{"appId":"a"},"rawId":"28:a"}`,
			Identifier{Kind: KindTeamsApp, ID: "a", Cloud: CloudPublic, Raw: "28:a"}},
		{"a number that is withheld", `{"kind":"phoneNumber","phoneNumber":{"value":"anonymous"},"rawId":"4:anonymous"}`, PhoneNumber("anonymous")},
		{"an unknown kind", `{"kind":"hologram","hologram":{"id":"h"},"rawId":"99:h"}`, Identifier{Kind: KindUnknown, ID: "99:h"}},
		{"a kind that is not the member's", `{"kind":"phoneNumber","communicationUser":{"id":"8:acs:a_b"},"rawId":"8:acs:a_b"}`, CommunicationUser("8:acs:a_b")},
		{"two members", `{"communicationUser":{"id":"8:acs:a_b"},"phoneNumber":{"value":"+1"},"rawId":"x"}`, Identifier{Kind: KindUnknown, ID: "x"}},
		{"a member without its id", `{"phoneNumber":{},"rawId":"4:+14255550123"}`, phone},
		{"a user of Teams without a tenant", `{"teamsExtensionUser":{"userId":"u"},"rawId":"8:acs:r_t_u"}`, TeamsExtensionUser("u", "t", "r")},
		{"a member of another type", `{"phoneNumber":"+14255550123","rawId":"4:+14255550123"}`, phone},
		{"an id that is a number", `{"communicationUser":{"id":7},"rawId":"8:acs:a_b"}`, CommunicationUser("8:acs:a_b")},
		{"no members", `{}`, Identifier{}},
		{"null", `null`, Identifier{}},
		{"a text", `"4:+14255550123"`, Identifier{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got Identifier
			if err := json.Unmarshal([]byte(tt.doc), &got); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestNumbersArePrintedMasked(t *testing.T) {
	for _, tt := range []struct {
		id   Identifier
		want string
	}{
		{phone, "4:•••"},
		{PhoneNumber("112"), "4:•••"},
		{PhoneNumber("anonymous"), "4:anonymous"},
		{TeamsApp("28ab0f1c"), "28:orgid:28ab0f1c"},
	} {
		if got := fmt.Sprintf("%v", tt.id); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

func FuzzRawID(f *testing.F) {
	for _, v := range readTestdata[rawIDVectors](f, "rawids.json").FromRawID {
		f.Add(v.RawID)
	}
	f.Fuzz(func(t *testing.T, rawID string) {
		i := ParseRawID(rawID)
		if got := i.RawID(); got != rawID {
			t.Errorf("RawID(%+v) = %q, want %q", i, got, rawID)
		}
	})
}

func FuzzIdentifierJSON(f *testing.F) {
	vectors := readTestdata[rawIDVectors](f, "rawids.json")
	for _, v := range vectors.FromIdentifier {
		f.Add([]byte(v.Serialized))
	}
	for _, v := range vectors.Deserialized {
		f.Add([]byte(v.Model))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		var i, back Identifier
		if json.Unmarshal(doc, &i) != nil {
			return
		}
		whole, err := json.Marshal(i)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(whole, &back); err != nil {
			t.Fatal(err)
		}
		if i.RawID() != back.RawID() {
			t.Errorf("back from JSON = %+v, want %+v", back, i)
		}
	})
}
