// Package schema checks requests against the published description of the Call
// Automation API. The description is Microsoft's and no part of this module: it
// is looked for beside the repository, in ../shared/spec.
package schema

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi2"
	"github.com/getkin/kin-openapi/openapi2conv"
	"github.com/getkin/kin-openapi/openapi3"
)

// ErrAbsent means that the description is not on this machine. The text after it
// names the place searched.
var ErrAbsent = errors.New("the published schema is not here")

// Schema is the parsed description.
type Schema struct {
	operations []operation
}

type operation struct {
	id     string
	method string
	path   *regexp.Regexp // matches an escaped path: ids have no ":" there
	query  []string
	header []string
	body   *openapi3.Schema // nil for none
}

// Load reads the published description. It does so once: later calls return the same.
var Load = sync.OnceValues(func() (*Schema, error) {
	root, err := moduleRoot()
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(filepath.Dir(root), "shared", "spec")
	s, err := load(
		filepath.Join(dir, "callautomation-2026-03-12.swagger.json"), filepath.Join(dir, "common-2025-06-30.swagger.json"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%w: %w", ErrAbsent, err)
	}
	return s, err
})

// load reads a description and the file with the definitions that it refers to.
func load(apiFile, commonFile string) (*Schema, error) {
	api, err := read(apiFile)
	if err != nil {
		return nil, err
	}
	common, err := read(commonFile)
	if err != nil {
		return nil, err
	}
	// api refers to the definitions of common as to its own.
	maps.Copy(api.Definitions, common.Definitions)
	doc, err := openapi2conv.ToV3(api)
	if err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	s := &Schema{}
	for _, template := range doc.Paths.InMatchingOrder() {
		for method, op := range doc.Paths.Value(template).Operations() {
			s.operations = append(s.operations, describe(template, method, op))
		}
	}
	return s, nil
}

// commonRef matches a reference to a definition in the other file.
var commonRef = regexp.MustCompile(`"\$ref": *"[^"#]*common\.json#/definitions/`)

// exampleRef matches a reference to an example; the examples are not here.
var exampleRef = regexp.MustCompile(`"\$ref": *"\./examples/[^"]*"`)

func read(name string) (*openapi2.T, error) {
	doc, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	doc = commonRef.ReplaceAll(doc, []byte(`"$$ref": "#/definitions/`))
	doc = exampleRef.ReplaceAll(doc, []byte(`"description": ""`))
	var api openapi2.T
	if err := json.Unmarshal(doc, &api); err != nil {
		return nil, fmt.Errorf("schema %s: %w", filepath.Base(name), err)
	}
	return &api, nil
}

// placeholder is a parameter in a path.
var placeholder = regexp.MustCompile(`\\\{[^/]*?\\\}`)

func describe(template, method string, op *openapi3.Operation) operation {
	pattern := placeholder.ReplaceAllString(regexp.QuoteMeta(template), `[^/:?]+`)
	o := operation{id: op.OperationID, method: method, path: regexp.MustCompile("^" + pattern + "$")}
	for _, p := range op.Parameters {
		switch p.Value.In {
		case openapi3.ParameterInQuery:
			o.query = append(o.query, p.Value.Name)
		case openapi3.ParameterInHeader:
			o.header = append(o.header, p.Value.Name)
		}
	}
	if op.RequestBody != nil {
		o.body = op.RequestBody.Value.Content.Get("application/json").Schema.Value
	}
	return o
}

// Operations returns the ids of all operations, sorted.
func (s *Schema) Operations() []string {
	var ids []string
	for _, o := range s.operations {
		ids = append(ids, o.id)
	}
	slices.Sort(ids)
	return ids
}

// Check returns the id of the operation that a request is for, and an error for
// what in it is not as described.
func (s *Schema) Check(method, requestURI string, header http.Header, body []byte) (id string, err error) {
	u, err := url.ParseRequestURI(requestURI)
	if err != nil {
		return "", fmt.Errorf("schema: %w", err)
	}
	i := slices.IndexFunc(s.operations, func(o operation) bool {
		return o.method == method && o.path.MatchString(u.EscapedPath())
	})
	if i < 0 {
		return "", fmt.Errorf("schema: %s %s is no operation", method, u.EscapedPath())
	}
	o := s.operations[i]
	return o.id, errors.Join(o.checkQuery(u.Query()), o.checkHeader(header), o.checkBody(body))
}

func (o operation) checkQuery(query url.Values) error {
	for name := range query {
		if !slices.Contains(o.query, name) {
			return fmt.Errorf("schema: %s has no query parameter %s", o.id, name)
		}
	}
	return nil
}

// checkHeader checks the Repeatability pair, which some operations have and others not.
func (o operation) checkHeader(header http.Header) error {
	for _, name := range []string{"Repeatability-Request-ID", "Repeatability-First-Sent"} {
		if (header.Get(name) != "") != slices.Contains(o.header, name) {
			return fmt.Errorf("schema: %s with %s = %q", o.id, name, header.Get(name))
		}
	}
	return nil
}

func (o operation) checkBody(body []byte) error {
	switch {
	case o.body == nil && len(body) == 0:
		return nil
	case o.body == nil:
		return fmt.Errorf("schema: %s has no body", o.id)
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return fmt.Errorf("schema: body of %s: %w", o.id, err)
	}
	if err := o.body.VisitJSON(value, openapi3.VisitAsRequest(), openapi3.MultiErrors()); err != nil {
		return fmt.Errorf("schema: body of %s: %s", o.id, strings.ReplaceAll(err.Error(), "\n", " "))
	}
	return nil
}

// moduleRoot returns the folder with go.mod above the working directory.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("schema: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("%w: no go.mod above the working directory", ErrAbsent)
		}
		dir = parent
	}
}
