package acssim

import (
	"testing"
)

func TestRawIDsAndIdentifiersAgree(t *testing.T) {
	for raw, kind := range map[string]string{
		"4:+14255550123":       "phoneNumber",
		"4:+14255550123_42":    "phoneNumber",
		"4:anonymous":          "phoneNumber",
		"8:orgid:o":            "microsoftTeamsUser",
		"8:gcch:o":             "microsoftTeamsUser",
		"8:teamsvisitor:v":     "microsoftTeamsUser",
		"28:orgid:a":           "microsoftTeamsApp",
		"28:dod:a":             "microsoftTeamsApp",
		"8:acs:r_t_u":          "teamsExtensionUser",
		"8:gcch-acs:r_t_u":     "teamsExtensionUser",
		"8:acs:r_u":            "communicationUser",
		"8:acs:r_t_u_x":        "communicationUser",
		"8:spool:s":            "communicationUser",
		"28:gcch-global:other": "unknown",
		"48:bot":               "unknown",
	} {
		id := identify(raw)
		if id.Kind != kind {
			t.Errorf("%s is %s, want %s", raw, id.Kind, kind)
		}
		if kind != "unknown" {
			id.RawID = "" // the typed member alone must be enough
		}
		if got, err := id.raw(); got != raw || err != nil {
			t.Errorf("identified and back = %s, %v, want %s", got, err, raw)
		}
	}
}

func TestFaultyIdentifiersAreRefused(t *testing.T) {
	number, user := &phoneNumber{Value: "+1"}, &communicationUser{ID: "8:acs:a_b"}
	for name, id := range map[string]identifier{
		"nothing":                     {},
		"two typed members":           {PhoneNumber: number, CommunicationUser: user},
		"a kind that does not agree":  {Kind: "phoneNumber", CommunicationUser: user},
		"an empty number":             {PhoneNumber: &phoneNumber{}},
		"a cloud that does not exist": {MicrosoftTeamsApp: &teamsApp{AppID: "a", Cloud: "mars"}},
	} {
		if raw, err := id.raw(); err == nil {
			t.Errorf("%s is taken for %q, want an error", name, raw)
		}
	}
}
