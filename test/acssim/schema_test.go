package acssim

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi2"
	"github.com/getkin/kin-openapi/openapi2conv"
	"github.com/getkin/kin-openapi/openapi3"
)

// The description of the API is Microsoft's and not part of this module; it is
// expected beside the repository. Without it nothing is checked against it.
const specs = "../../../shared/spec/"

// published are the descriptions of the REST API and of Event Grid's events.
type published struct{ api, grid *openapi3.T }

var schema = sync.OnceValues(func() (p published, err error) {
	if p.api, err = readSpec("callautomation-2026-03-12.swagger.json"); err != nil {
		return p, err
	}
	p.grid, err = readSpec("eventgrid-communication.swagger.json")
	return p, err
})

// References to files that have another name here.
var (
	commonRef  = regexp.MustCompile(`"\$ref": *"[^"#]*common\.json#/definitions/`)
	exampleRef = regexp.MustCompile(`"\$ref": *"\./examples/[^"]*"`)
)

// readSpec reads a description with the identifiers, which all descriptions share.
func readSpec(name string) (*openapi3.T, error) {
	read := func(name string) (*openapi2.T, error) {
		doc, err := os.ReadFile(specs + name)
		if err != nil {
			return nil, err
		}
		doc = commonRef.ReplaceAll(doc, []byte(`"$$ref": "#/definitions/`))
		doc = exampleRef.ReplaceAll(doc, []byte(`"description": ""`))
		var api openapi2.T
		return &api, json.Unmarshal(doc, &api)
	}
	common, err := read("common-2025-06-30.swagger.json")
	if err != nil {
		return nil, err
	}
	api, err := read(name)
	if err != nil {
		return nil, err
	}
	maps.Copy(api.Definitions, common.Definitions)
	return openapi2conv.ToV3(api)
}

// Where the published description is not beside the repository, there is nothing to compare.
func TestThePublishedOperationsAreSimulated(t *testing.T) {
	p, err := schema()
	if errors.Is(err, fs.ErrNotExist) {
		t.Logf("no response is held against the published schema: %v", err)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	described := map[string]bool{}
	for _, path := range p.api.Paths.Map() {
		for _, op := range path.Operations() {
			described[operationName(op.OperationID)] = true
		}
	}
	for _, op := range operations {
		if !described[op.name] {
			t.Errorf("%s is simulated, want it described as well", op.name)
		}
		delete(described, op.name)
	}
	for name := range described {
		t.Errorf("%s is described, want it simulated as well", name)
	}
}

// operationName returns an operationId without its group.
func operationName(id string) string { return id[strings.LastIndexByte(id, '_')+1:] }

// checkResponse returns an error if an answer does not fit the schema, where there is one.
func checkResponse(method, target string, answer simAnswer) error {
	p, err := schema()
	if err != nil {
		return nil
	}
	q, err := route(httptest.NewRequest(method, target, nil), nil)
	if err != nil {
		return nil // not an operation: the refusal is
	}
	op := p.operation(q.operation.name)
	if op == nil {
		return fmt.Errorf("%s is not described", q.operation.name)
	}
	response := op.Responses.Value(strconv.Itoa(answer.status))
	if response == nil && answer.status < 400 && !(answer.status == http.StatusNoContent && q.operation.name == "StartRecording") {
		return fmt.Errorf("%s answers %d, which is not described", q.operation.name, answer.status)
	}
	if response == nil {
		response = op.Responses.Default()
	}
	media := response.Value.Content.Get("application/json")
	switch {
	case len(answer.body) == 0 && (media == nil || answer.status == http.StatusNoContent):
		return nil
	case media == nil:
		return fmt.Errorf("%s answers %d with a body", q.operation.name, answer.status)
	}
	return conforms(media.Schema.Value, answer.body)
}

func (p published) operation(name string) *openapi3.Operation {
	for _, path := range p.api.Paths.Map() {
		for _, op := range path.Operations() {
			if operationName(op.OperationID) == name {
				return op
			}
		}
	}
	return nil
}

// checkEvent returns an error if the data of a callback does not fit the schema.
func checkEvent(kind string, data []byte) error {
	p, err := schema()
	if err != nil {
		return nil
	}
	described := p.api.Components.Schemas[kind]
	if described == nil {
		return fmt.Errorf("%s is not described", kind)
	}
	return conforms(described.Value, data)
}

// checkGridEvent returns an error if the data of an Event Grid event does not fit the
// schema.
func checkGridEvent(kind string, data []byte) error {
	p, err := schema()
	if err != nil {
		return nil
	}
	described := p.grid.Components.Schemas["Acs"+kind+"EventData"]
	if described == nil {
		return fmt.Errorf("%s is not described", kind)
	}
	return conforms(described.Value, data)
}

func conforms(described *openapi3.Schema, content []byte) error {
	var value any
	if err := json.Unmarshal(content, &value); err != nil {
		return err
	}
	return described.VisitJSON(value, openapi3.VisitAsResponse(), openapi3.MultiErrors())
}
