package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// checkStatuses checks which statuses count as a success.
func checkStatuses(ctx context.Context, r *report, doc []byte) error {
	var entries []struct {
		Operation, Case   string
		Accepted, Refused []int
	}
	if err := json.Unmarshal(doc, &entries); err != nil {
		return err
	}
	rec := newRecorder()
	defer rec.close()
	client, err := rec.client(nil)
	if err != nil {
		return err
	}
	for _, e := range entries {
		var o outcome
		accepts := func(status int) bool {
			rec.prepare([]response{{Status: status, Body: json.RawMessage(`{}`)}})
			ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
			defer cancel()
			return call(ctx, client, e.Operation, usualInput(e.Operation, e.Case)) == nil && len(rec.seen()) > 0
		}
		for _, status := range e.Accepted {
			if !accepts(status) {
				o.fail(fmt.Sprintf("status %d", status), "a success", "an error")
			}
		}
		for _, status := range e.Refused {
			if accepts(status) {
				o.explain(difference{fmt.Sprintf("status %d", status), "an error", "a success"}, statusRule(e.Operation, status))
			}
		}
		r.add("statuses "+e.Operation+" "+e.Case, o)
	}
	return nil
}

// statusRule returns the rule by which a status counts as a success, nil if there is none.
func statusRule(operation string, status int) *rule {
	if status == 204 && (operation == "CallRecording.start" || operation == "CallRecording.delete") {
		return &moreStatuses
	}
	return nil
}

// usualInput returns a valid input of the operation. If a call has more than one
// form, the name of the case selects it.
func usualInput(operation, name string) input {
	user := map[string]any{"kind": "communicationUser", "communicationUserId": "8:acs:r_u"}
	source := map[string]any{"kind": "file", "url": "https://media.contoso.example/hold.wav"}
	locator := map[string]any{"kind": "serverCallLocator", "id": "s"}
	in := input{
		"callConnectionId": "c", "callbackUrl": "https://app.contoso.example/callbacks", "incomingCallContext": "i",
		"callInvite": map[string]any{"targetParticipant": user}, "callLocator": locator,
		"targetParticipant": user, "participant": user, "targetParticipants": []any{user},
		"isForEveryone": strings.Contains(name, "everyone"), "invitationId": "i", "fromCall": "f", "locale": "en-US",
		"playSources": []any{source}, "playTo": []any{user}, "tones": []any{"one"}, "recordingId": "r",
		"url": "https://us-storage.asm.skype.com/v1/objects/x/content/video",
	}
	switch operation {
	case "CallMedia.startRecognizing":
		in["options"] = map[string]any{"inputType": "dtmf"}
	case "CallRecording.start":
		in["options"] = map[string]any{"callLocator": locator}
	}
	return in
}
