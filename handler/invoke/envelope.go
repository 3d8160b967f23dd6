package invoke

import (
	"encoding/json"
	"errors"
	"fmt"
)

// trigger returns the value of the trigger binding from the body of an invocation,
//
//	{"Data": {"<binding>": value, …}, "Metadata": {…}}
//
// The host sends objects unchanged and everything else (text, numbers, arrays) as JSON text within a JSON
// string, so a string is decoded once more. Dates and binary values, which it sends as plain strings, do not
// occur in our triggers.
//
// Source: ScriptInvocationContextExtensions.cs, Azure/azure-functions-host; testdata/host-golden.
func trigger(body []byte, binding string) (json.RawMessage, error) {
	var envelope struct {
		Data map[string]json.RawMessage
	}
	if err := json.Unmarshal(body, &envelope); err != nil {
		return nil, fmt.Errorf("invocation: %w", err)
	}
	value, ok := envelope.Data[binding]
	if !ok || string(value) == "null" {
		return nil, fmt.Errorf("invocation has no value for binding %q", binding)
	}
	if value[0] != '"' {
		return value, nil
	}
	var text string
	if err := json.Unmarshal(value, &text); err != nil {
		return nil, fmt.Errorf("binding %q: %w", binding, err)
	}
	if !json.Valid([]byte(text)) {
		return nil, fmt.Errorf("binding %q: %w", binding, errNotJSON)
	}
	return json.RawMessage(text), nil
}

var errNotJSON = errors.New("string does not hold JSON")
