package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCorpusPasses(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) != 8 {
		t.Fatalf("files = %q, %v, want 8", files, err)
	}
	var out, errs bytes.Buffer
	if status := run(t.Context(), files, &out, &errs); status != 0 {
		t.Fatalf("status %d, want 0\n%s%s", status, &out, &errs)
	}
	if got := out.String(); !strings.HasPrefix(got, "wire: ") || !strings.HasSuffix(got, ", 0 failed\n") {
		t.Errorf("output = %q, want none failed", got)
	}
}

// check runs one document and returns the status and what was printed.
func check(t *testing.T, doc string) (int, string) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "case.json")
	if err := os.WriteFile(name, []byte(doc), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	status := run(t.Context(), []string{"-v", name}, &out, &out)
	return status, out.String()
}

// request returns a vector: a call with its input, and the recorded request.
func request(operation, input, method, path, body string, more ...string) string {
	headers := map[string]string{
		"accept": "application/json", "host": "<endpoint-host>", "x-ms-client-request-id": "<uuid>", "x-ms-date": "<http-date>",
		"x-ms-content-sha256": "<content-sha256>",
		"authorization":       "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=<hmac>",
	}
	if body != "null" {
		headers["content-type"] = "application/json"
	}
	for _, name := range more {
		headers[name] = map[string]string{"repeatability-first-sent": "<http-date>", "repeatability-request-id": "<uuid>"}[name]
	}
	h, _ := json.Marshal(headers)
	return `[{"name":"x","operation":"` + operation + `","input":` + input + `,"response":{"status":202,"body":null},
		"request":{"method":"` + method + `","path":"` + path + `","query":{"api-version":"2026-03-12"},"headers":` + string(h) + `,
		"body":` + body + `,"signed":{"host":"<endpoint-host>","pathAndQuery":"` + path + `?api-version=2026-03-12"}}}]`
}

var paired = []string{"repeatability-first-sent", "repeatability-request-id"}

func TestDifferencesAreReported(t *testing.T) {
	const hold = `{"callConnectionId":"c","targetParticipant":{"kind":"phoneNumber","phoneNumber":"+1"}}`
	const held = `{"targetParticipant":{"rawId":"4:+1","phoneNumber":{"value":"+1","isAnonymous":false}}}`
	tests := []struct{ name, doc, want string }{
		{"nothing", request("CallMedia.unhold", hold, "POST", "/calling/callConnections/c:unhold", held), "1 passed (0 by rule), 0 failed"},
		{"another method", request("CallMedia.unhold", hold, "PUT", "/calling/callConnections/c:unhold", held), "  method\n    - \"PUT\"\n    + \"POST\"\n"},
		{"another path", request("CallMedia.unhold", hold, "POST", "/calling/callConnections/c:release", held), "FAIL case.json x\n  path\n"},
		{"a header that is wanted", request("CallMedia.unhold", hold, "POST", "/calling/callConnections/c:unhold", held, paired...), "  header repeatability-first-sent\n"},
		{"an unexpected header", request("CallConnection.hangUp", `{"callConnectionId":"c","isForEveryone":true}`, "POST",
			"/calling/callConnections/c:terminate", "null"), "  header repeatability-request-id\n    - (absent)\n"},
		{"another value", request("CallMedia.unhold", hold, "POST", "/calling/callConnections/c:unhold", strings.Replace(held, "4:+1", "4:+2", 1)),
			"  /targetParticipant/rawId\n    - \"4:+2\"\n    + \"4:+1\"\n"},
		{"a member that is wanted", request("CallMedia.unhold", hold, "POST", "/calling/callConnections/c:unhold",
			strings.Replace(held, "{", `{"a/b":[1],`, 1)), "  /a~1b\n    - [1]\n    + (absent)\n"},
		{"a context that only the other client generates", request("CallConnection.removeParticipant",
			`{"callConnectionId":"c","participant":{"kind":"phoneNumber","phoneNumber":"+1"}}`, "POST",
			"/calling/callConnections/c/participants:remove",
			`{"operationContext":"<uuid>","participantToRemove":{"kind":"phoneNumber","rawId":"4:+1","phoneNumber":{"value":"+1","isAnonymous":false}}}`,
			paired...), "1 passed (1 by rule), 0 failed"},
		{"a request that is refused by rule", request("CallMedia.sendDtmfTones",
			`{"callConnectionId":"c","targetParticipant":{"kind":"phoneNumber","phoneNumber":"+1"},"tones":[]}`, "POST",
			"/calling/callConnections/c:sendDtmfTones", `{}`, paired...), "tone-limit"},
		{"a request that is refused without one", request("CallMedia.unhold", `{"callConnectionId":"c"}`, "POST",
			"/calling/callConnections/c:unhold", held), "1 failed"},
		{"a call that is not known", request("CallMedia.dance", `{}`, "POST", "/x", `{}`), "no call stands for dance of CallMedia"},
		{"a status", `[{"operation":"CallMedia.hold","case":"x","accepted":[202],"refused":[200]}]`, "1 failed"},
		{"an address", `{"urls":[{"url":"https://evil.example/x","valid":true}]}`, "1 failed"},
		{"a port", `{"urls":[{"url":"https://a.asm.skype.com:8443/x","valid":true}]}`, "strict-url"},
		{"a raw id", `{"fromRawId":[{"rawId":"4:+1","identifier":{"kind":"phoneNumber","phoneNumber":"+2","isAnonymous":false}}]}`, "1 failed"},
		{"a signature", `{"policy":[{"name":"x","method":"GET","url":"https://a/","date":"d","key":"a2V5","wirePathAndQuery":"/","headers":{}}]}`, "1 failed"},
		{"a type of event", `{"types":["Microsoft.Communication.New"],"events":[]}`, "1 failed"},
		{"a frame", `{"outbound":[{"name":"x","input":{"data":"AA=="},"json":{"kind":"audioData"},"wire":"{}"}]}`, "1 failed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, out := check(t, tt.doc)
			if !strings.Contains(out, tt.want) {
				t.Errorf("output\n%s\nwant %q in it", out, tt.want)
			}
			if failed := strings.Contains(out, "FAIL"); failed != (status == 1) {
				t.Errorf("status %d, want 1 if something failed:\n%s", status, out)
			}
		})
	}
}

func TestUnreadableFilesExitWithStatus2(t *testing.T) {
	for _, doc := range []string{``, `nonsense`, `7`, `{}`, `[{}]`, `{"a":1}`, `[{"operation":7,"request":{}}]`} {
		if status, out := check(t, doc); status != 2 {
			t.Errorf("%s: status %d, want 2\n%s", doc, status, out)
		}
	}
	var out bytes.Buffer
	for _, args := range [][]string{nil, {"-x"}, {"no/such/file"}} {
		if status := run(t.Context(), args, &out, &out); status != 2 {
			t.Errorf("%q: status %d, want 2", args, status)
		}
	}
}
