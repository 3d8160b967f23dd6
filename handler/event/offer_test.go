package event

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	line  = "28:orgid:cc123456-5678-5678-1234-ccc123456789"
	token = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJjYyI6Ikg0c0lBQUFBQUFBRUFJMVRXVy9iTUJnLytLLy8ifQ."
)

// read returns the content of a file.
func read(t testing.TB, path string) []byte {
	t.Helper()
	doc, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestParseOfferReadsTheDocumentedEvent(t *testing.T) {
	want := Offer{
		Time: time.Date(2026, 11, 20, 8, 15, 42, 123456700, time.UTC),
		To:   line,
		From: "4:+12065550100",
		ServerCallID: "aHR0cHM6Ly9hcGkuZmxpZ2h0cHJveHkuc2t5cGUuY29tL2FwaS92Mi9jcC9jb252LXVzZWEyLTAxLmNvbnYuc2t5cGUuY29t" +
			"L2NvbnYvQzNuT3lkY3E0VTZCV0gtcG1GNmc1Zz9pPTQmZT02Mzc5ODYwMDMzNDQ2MTA5MzM=",
		CorrelationID:       "53be6977-d832-4c42-8527-fb2aa4a78b74",
		IncomingCallContext: token,
		SIPHeaders: map[string]string{
			"userToUser": "56a390f3d2b7310023a2;encoding=hex", "X-MS-Custom-OrderId": "8812",
		},
	}
	doc := read(t, "../../incomingcall/testdata/incomingcall.json")
	got, err := ParseOffer(doc)
	if err != nil {
		t.Fatal(err)
	}
	want.Key = got.Key
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("Event Grid schema (-want +got):\n%s", d)
	}

	var cloud map[string]any
	if err := json.Unmarshal(doc, &cloud); err != nil {
		t.Fatal(err)
	}
	cloud["type"], cloud["time"], cloud["source"], cloud["specVersion"] = cloud["eventType"], cloud["eventTime"], cloud["topic"], "1.0"
	for _, name := range []string{"eventType", "eventTime", "topic", "dataVersion", "metadataVersion"} {
		delete(cloud, name)
	}
	if doc, err = json.Marshal(cloud); err != nil {
		t.Fatal(err)
	}
	got, err = ParseOffer(doc)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("CloudEvents schema (-want +got):\n%s", d)
	}
}

// offerEvent returns an IncomingCall event with these data.
func offerEvent(data string) []byte {
	return fmt.Appendf(nil, `{"id":"e1","eventType":"Microsoft.Communication.IncomingCall","data":%s}`, data)
}

func TestParseOfferIsLenient(t *testing.T) {
	const rest = `,"incomingCallContext":"` + token + `","correlationId":"c"}`
	tests := []struct {
		name, data string
		to, from   string
	}{
		{"raw ids only", `{"to":{"rawId":"28:orgid:a"},"from":{"rawId":"4:+1"}` + rest, "28:orgid:a", "4:+1"},
		{"raw ids of unknown forms", `{"to":{"kind":"x","rawId":"99:X:y:z"},"from":{"rawId":" "}` + rest, "99:X:y:z", " "},
		{"a raw id that is not the member's", `{"to":{"rawId":"8:a","communicationUser":{"id":"8:b"}}` + rest, "8:a", ""},
		{"no raw ids", `{"to":{"microsoftTeamsApp":{"appId":"a"}},"from":{"phoneNumber":{"value":"+1"}}` + rest, "28:orgid:a", "4:+1"},
		{"a Teams extension user without a raw id",
			`{"to":{"rawId":"x"},"from":{"teamsExtensionUser":{"userId":"u","tenantId":"t","resourceId":"r"}}` + rest, "x", "8:acs:r_t_u"},
		{"a withheld number", `{"to":{"rawId":"x"},"from":{"kind":"phoneNumber","phoneNumber":{"value":"anonymous"}}` + rest, "x", "4:anonymous"},
		{"no caller", `{"to":{"rawId":"x"},"from":null` + rest, "x", ""},
		{"members of other types", `{"to":{"rawId":"x","kind":3},"from":7,"customContext":"none","callerDisplayName":{}` + rest, "x", ""},
		{"members that are new", `{"to":{"rawId":"x","hologram":{}},"lobby":[1]` + rest, "x", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseOffer(offerEvent(tt.data))
			if err != nil {
				t.Fatal(err)
			}
			if got.To != tt.to || got.From != tt.from || got.CorrelationID != "c" || got.IncomingCallContext != token {
				t.Errorf("offer %+v, want it from %q to %q, with its ids", got, tt.from, tt.to)
			}
		})
	}
}

func TestParseOfferRefusesOtherEvents(t *testing.T) {
	tests := []struct {
		name, doc, err string
	}{
		{"no callee", string(offerEvent(`{"incomingCallContext":"x","correlationId":"c"}`)), "offer without to"},
		{"a callee without an id", string(offerEvent(`{"to":{},"incomingCallContext":"x","correlationId":"c"}`)), "offer without to"},
		{"no context", string(offerEvent(`{"to":{"rawId":"x"},"correlationId":"c"}`)), "offer without incomingCallContext"},
		{"no correlation id", string(offerEvent(`{"to":{"rawId":"x"},"incomingCallContext":"x"}`)), "offer without correlationId"},
		{"no data", `{"eventType":"Microsoft.Communication.IncomingCall"}`, "offer without to"},
		{"data that are no object", string(offerEvent(`"x"`)), "offer without to"},
		{"a context that is too long", string(offerEvent(`{"to":{"rawId":"x"},"correlationId":"c","incomingCallContext":"` +
			strings.Repeat("x", maxContext+1) + `"}`)), "offer with an incomingCallContext of more than 65536 bytes"},
		{"no JSON", `nonsense`, "offer: invalid character 'o' in literal null (expecting 'u')"},
		{"nothing", ``, "offer: unexpected end of JSON input"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParseOffer([]byte(tt.doc))
			if err == nil || err.Error() != tt.err || errors.Is(err, ErrNotOurs) {
				t.Errorf("err = %v, want %q", err, tt.err)
			}
		})
	}
	for _, other := range []string{
		`{}`, `[]`, `7`, `null`, `{"eventType":"Microsoft.Communication.CallEnded"}`, `{"type":"Microsoft.Communication.incomingcall"}`,
		`{"eventType":"Microsoft.EventGrid.SubscriptionValidationEvent","data":{"validationCode":"x"}}`,
	} {
		if _, err := ParseOffer([]byte(other)); !errors.Is(err, ErrNotOurs) {
			t.Errorf("%s: err = %v, want ErrNotOurs", other, err)
		}
	}
}

func TestKeyOfAnOffer(t *testing.T) {
	key := func(id, eventTime, context string) string {
		t.Helper()
		o, err := ParseOffer(fmt.Appendf(nil, `{"id":%q,"eventType":"Microsoft.Communication.IncomingCall","eventTime":%q,
			"data":{"to":{"rawId":"x"},"correlationId":"c","incomingCallContext":%q}}`, id, eventTime, context))
		if err != nil {
			t.Fatal(err)
		}
		return o.Key
	}
	if key("e1", "t", "a") != key("e1", "u", "b") {
		t.Errorf("keys %q and %q of one id, want one", key("e1", "t", "a"), key("e1", "u", "b"))
	}
	if key("e1", "t", "a") == key("e2", "t", "a") {
		t.Errorf("key %q of two ids, want two", key("e1", "t", "a"))
	}
	if without := key("", "t", "a"); without == key("", "t", "b") || without == key("", "u", "a") {
		t.Errorf("without an id, key %q of another time or other data, want another key", without)
	}
}

func TestParseOfferBoundsItsValues(t *testing.T) {
	long := strings.Repeat("ü", maxText)
	var headers []string
	for i := range 3 * maxHeaders {
		headers = append(headers, fmt.Sprintf("%q:%q", fmt.Sprintf("X-%d%s", i, long), long))
	}
	got, err := ParseOffer(offerEvent(`{"to":{"rawId":"` + long + `"},"callerDisplayName":"` + long + `","correlationId":"` + long + `",
		"serverCallId":"` + long + `","incomingCallContext":"x","customContext":{"voipHeaders":{` + strings.Join(headers, ",") + `}}}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{got.To, got.CorrelationID, got.ServerCallID, got.VoIPHeaders["X-0"]} {
		if len(text) > maxText {
			t.Errorf("a text has %d bytes, want %d at most", len(text), maxText)
		}
	}
	if len(got.VoIPHeaders) != maxHeaders {
		t.Errorf("%d headers, want %d", len(got.VoIPHeaders), maxHeaders)
	}
}

func FuzzParseOffer(f *testing.F) {
	f.Add(read(f, "../../incomingcall/testdata/incomingcall.json"))
	f.Add(offerEvent(`{"to":{"rawId":"x"},"from":null,"incomingCallContext":"x","correlationId":"c"}`))
	f.Add([]byte(`{"type":"Microsoft.Communication.IncomingCall","time":"x","data":[]}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		got, err := ParseOffer(doc)
		if err != nil {
			return
		}
		if got.To == "" || got.IncomingCallContext == "" || got.CorrelationID == "" || got.Key == "" {
			t.Errorf("offer %+v, want a line, a context, a correlation id and a key", got)
		}
		if again, err := ParseOffer(doc); err != nil || again.Key != got.Key {
			t.Errorf("again: %+v, %v, want the key %q", again, err, got.Key)
		}
	})
}
