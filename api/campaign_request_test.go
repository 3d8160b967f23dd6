package api

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"switchboard/handler/acs"
	"switchboard/handler/problem"

	"github.com/google/go-cmp/cmp"
)

// changed returns a valid request with one member replaced.
func changed(member, doc string) string {
	members := []struct{ name, doc string }{
		{"name", `"Reminders"`}, {"flow", `"reminder"`}, {"lines", `["` + testLine + `"]`},
		{"contacts", `[{"number":"+12065550181"}]`},
	}
	var b strings.Builder
	known := false
	for _, m := range members {
		if m.name == member {
			m.doc, known = doc, true
		}
		if m.doc != "" {
			fmt.Fprintf(&b, ",%q:%s", m.name, m.doc)
		}
	}
	if !known && member != "" {
		fmt.Fprintf(&b, ",%q:%s", member, doc)
	}
	return "{" + strings.TrimPrefix(b.String(), ",") + "}"
}

func TestCampaignRequestIsParsed(t *testing.T) {
	body := `{"name":"Zürich ☎","flow":"reminder-2","lines":["` + testLine + `","+12065550100"],"attempts":3,
		"ring":"1m","contacts":[{"number":"+12065550181"},{"number":"+390612345678"}]}`
	got, faults := parseCampaignRequest([]byte(body), time.Minute)
	want := campaignRequest{
		name: "Zürich ☎", flow: "reminder-2", attempts: 3, ring: time.Minute,
		lines:   []requestedLine{{"lines.0", testLine}, {"lines.1", "4:+12065550100"}},
		numbers: []string{"+12065550181", "+390612345678"},
	}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(campaignRequest{}, requestedLine{})); d != "" || faults != nil {
		t.Errorf("faults %v, request (-want +got):\n%s", faults, d)
	}
	got, faults = parseCampaignRequest([]byte(changed("", "")), 33*time.Second)
	if got.attempts != 1 || got.ring != 33*time.Second || faults != nil {
		t.Errorf("defaults: %d attempts, ring %v, faults %v, want 1, 33s, none", got.attempts, got.ring, faults)
	}
}

func TestEveryFaultOfACampaignRequestIsReported(t *testing.T) {
	const (
		e164    = `is not in E.164: "+", country code and number, in digits alone`
		notDial = "cannot be a telephone number: it is too long, too short, or lacks its area"
		noLine  = "is neither a raw id nor a number with + and country code"
	)
	number := func(n string) string { return changed("contacts", `[{"number":`+n+`}]`) }
	tests := []struct {
		name string
		body string
		want string // path and text of every fault, a line each
	}{
		{"nothing", ``, `$: is not JSON: unexpected end of JSON input`},
		{"half a document", `{"name":"x"`, `$: is not JSON: unexpected end of JSON input`},
		{"a list", `[]`, `$: is not an object`},
		{"an empty object", `{}`,
			"name: is missing\nflow: is missing\nlines: is empty\ncontacts: is empty"},
		{"an unknown member", changed("nmae", `"x"`), `nmae: is not known`},
		{"a member twice", strings.Replace(changed("", ""), `{`, `{"name":"Another",`, 1), `name: is there twice`},

		{"a name of blanks", changed("name", `"  "`), `name: is missing`},
		{"a name that is a number", changed("name", `5`), `name: must be a text`},
		{"a name too long", changed("name", `"`+strings.Repeat("ü", 129)+`"`), `name: has 129 characters, more than 128`},

		{"no flow", changed("flow", ``), `flow: is missing`},
		{"a flow's path", changed("flow", `"../routes"`), `flow: is not the name of a flow`},
		{"a flow's name too long", changed("flow", `"`+strings.Repeat("f", 65)+`"`), `flow: is not the name of a flow`},

		{"no lines", changed("lines", ``), `lines: is empty`},
		{"an empty list of lines", changed("lines", `[]`), `lines: is empty`},
		{"a line instead of a list", changed("lines", `"`+testLine+`"`), `lines: must be a list`},
		{"invalid lines", changed("lines", `["", null, 7, {}]`),
			"lines.0: " + noLine + "\nlines.1: " + noLine + "\nlines.2: " + noLine + "\nlines.3: " + noLine},
		{"a line twice, once as a number", changed("lines", `["+12065550100","4:+12065550100"]`),
			`lines.1: is the same line as lines.0`},

		{"no attempt", changed("attempts", `0`), `attempts: must be 1 to 10`},
		{"too many attempts", changed("attempts", `11`), `attempts: must be 1 to 10`},
		{"half an attempt", changed("attempts", `1.5`), `attempts: must be a whole number`},
		{"a huge number of attempts", changed("attempts", `1e99`), `attempts: must be a whole number`},

		{"a ring that is too short", changed("ring", `"4s"`), `ring: must be 5s to 3m0s`},
		{"a ring that is too long", changed("ring", `"181s"`), `ring: must be 5s to 3m0s`},
		{"a ring of zero", changed("ring", `"0s"`), `ring: must be 5s to 3m0s`},
		{"a ring without a unit", changed("ring", `20`), `ring: is not a duration such as "20s"`},

		{"no contacts", changed("contacts", ``), `contacts: is empty`},
		{"an empty list of contacts", changed("contacts", `[]`), `contacts: is empty`},
		{"contacts that are an object", changed("contacts", `{}`), `contacts: must be a list`},
		{"too many contacts", changed("contacts", `[`+strings.Repeat(`1,`, maxContacts)+`1]`),
			`contacts: are 10001, more than 10000`},
		{"invalid contacts", changed("contacts", `["+12065550181", null, {}, {"number":null}]`),
			"contacts.0: is not an object\ncontacts.1: is not an object\n" +
				"contacts.2.number: is missing\ncontacts.3.number: is missing"},
		{"an unknown member of a contact", changed("contacts", `[{"number":"+12065550181","nmae":"x"}]`),
			`contacts.0.nmae: is not known`},
		{"a member of a contact twice", changed("contacts", `[{"number":"+12065550181","number":"+12065550181"}]`),
			`contacts.0.number: is there twice`},

		{"a number that is not a text", number(`12065550181`), `contacts.0.number: must be a text`},
		{"a number without its plus", number(`"12065550181"`), `contacts.0.number: ` + e164},
		{"a number with punctuation", number(`"+1 (206) 555-0181"`), `contacts.0.number: ` + e164},
		{"a number in digits of another script", number(`"+１２０６５５５０１８１"`), `contacts.0.number: ` + e164},
		{"a number with an extension", number(`"+12065550181;ext=5"`), `contacts.0.number: ` + e164},
		{"a raw id", number(`"4:+12065550181"`), `contacts.0.number: ` + e164},
		{"a number with blanks around it", number(`" +12065550181"`), `contacts.0.number: ` + e164},
		{"a number of no country", number(`"+999123456789"`), `contacts.0.number: ` + e164},
		{"a number too short", number(`"+1206555018"`), `contacts.0.number: ` + notDial},
		{"a number too long", number(`"+120655501811"`), `contacts.0.number: ` + notDial},
		{"a number without its area", number(`"+15550181"`), `contacts.0.number: ` + notDial},
		{"an emergency number", number(`"+1911"`), `contacts.0.number: ` + notDial},
		{"the same number twice", changed("contacts", `[{"number":"+12065550181"},{"number":"+12065550182"},
			{"number":"+12065550181"}]`), `contacts.2.number: is the same number as contacts.0.number`},

		{"all faults at once", `{"flow":"","lines":["` + testLine + `","` + testLine + `"],"attempts":0,"ring":"1h",
			"contacts":[{"number":"+12065550181"},{"number":"0"}],"start":true}`,
			"start: is not known\nname: is missing\nflow: is missing\nlines.1: is the same line as lines.0\n" +
				"attempts: must be 1 to 10\nring: must be 5s to 3m0s\ncontacts.1.number: " + e164},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, faults := parseCampaignRequest([]byte(tt.body), time.Minute)
			if d := cmp.Diff(strings.Split(tt.want, "\n"), strings.Split(faults.Error(), "\n")); d != "" {
				t.Errorf("faults (-want +got):\n%s", d)
			}
		})
	}
}

// numberIn reports whether a text contains what may be a telephone number.
var numberIn = regexp.MustCompile(`\+?[0-9][0-9 ()-]{5,}[0-9]`).MatchString

func FuzzParseCampaignRequest(f *testing.F) {
	f.Add([]byte(changed("", "")))
	f.Add([]byte(changed("contacts", `[{"number":"+12065550181"},{"number":"+12065550181"},{"number":5},null,{"a":1}]`)))
	f.Add([]byte(`{"name":1,"name":"x","lines":[null,"+12065550100","4:+12065550100"],"attempts":1e99,"ring":"-1s"}`))
	f.Add([]byte(`{"contacts":[{"+12065550181":{"+12065550182":1,"+12065550182":2}}],"ring":null,"attempts":null}`))
	f.Add([]byte(`{"":[]}`)) // the path of a member without a name is empty
	f.Fuzz(func(t *testing.T, body []byte) {
		r, faults := parseCampaignRequest(body, time.Minute)
		if faults != nil {
			checkFaults(t, faults)
			return
		}
		checkRequest(t, r)
		again, faults := parseCampaignRequest(body, time.Minute)
		if d := cmp.Diff(r, again, cmp.AllowUnexported(campaignRequest{}, requestedLine{})); d != "" || faults != nil {
			t.Errorf("parsed again: faults %v, request (-first +second):\n%s", faults, d)
		}
	})
}

// checkFaults checks that each path has one fault with a text, and that no fault shows a number.
func checkFaults(t *testing.T, faults problem.Faults) {
	t.Helper()
	paths := map[string]bool{}
	for _, fault := range faults {
		if fault.Text == "" || paths[fault.Path] {
			t.Errorf("fault %q of %q, want a text, and its path once", fault, faults)
		}
		paths[fault.Path] = true
		if numberIn(acs.MaskNumbers(fault.Path)) || numberIn(acs.MaskNumbers(fault.Text)) {
			t.Errorf("fault %q, want no number in it", fault)
		}
	}
}

// checkRequest checks a request without faults.
func checkRequest(t *testing.T, r campaignRequest) {
	t.Helper()
	if strings.TrimSpace(r.name) == "" || r.flow == "" || len(r.lines) == 0 || r.attempts < 1 || r.attempts > maxAttempts ||
		r.ring < minRing || r.ring > maxRing || len(r.numbers) == 0 || len(r.numbers) > maxContacts {
		t.Errorf("no faults of the invalid request %+v, want some", r)
	}
	checkNumbers(t, r.numbers)
}

// checkNumbers checks that each number is there once, in E.164.
func checkNumbers(t *testing.T, numbers []string) {
	t.Helper()
	seen := map[string]bool{}
	for _, number := range numbers {
		if seen[number] || numberFault(number) != "" || number[0] != '+' || strings.Trim(number[1:], "0123456789") != "" ||
			len(number) > 16 {
			t.Errorf("number %q, want it in E.164, and once", number)
		}
		seen[number] = true
	}
}

func BenchmarkParseCampaignRequest(b *testing.B) {
	body := []byte(requestFor(manyNumbers(maxContacts)...))
	for b.Loop() {
		if _, faults := parseCampaignRequest(body, time.Minute); faults != nil {
			b.Fatalf("faults %v, want none", faults)
		}
	}
}
