package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"switchboard/handler/acs"
	"switchboard/test/wire/schema"
)

// vector is one recorded request and the call that it came from.
type vector struct {
	Name          string
	Operation     string
	Input         json.RawMessage
	Step          step
	Request       *recordedRequest // nil: the call was refused before it was sent
	SDKDefaults   []string
	IgnoredInputs []string
	Response      response
	Error         json.RawMessage

	in input // Input, decoded
}

// step numbers a vector among the requests of one call.
type step struct {
	Index, Of   int
	SameAsFirst []string
}

type recordedRequest struct {
	Method  string
	Path    string
	Query   map[string]any
	Headers map[string]string
	Body    json.RawMessage
	Signed  *struct{ Host, PathAndQuery string }
}

// base returns the name of the call, which its requests share.
func (v vector) base() string {
	name, _, _ := strings.Cut(v.Name, "#")
	return name
}

func checkVectorsWithin(ctx context.Context, r *report, doc []byte) error {
	var file struct{ Vectors json.RawMessage }
	if err := json.Unmarshal(doc, &file); err != nil {
		return err
	}
	return checkVectors(ctx, r, file.Vectors)
}

func checkVectors(ctx context.Context, r *report, doc []byte) error {
	var vectors []vector
	if err := json.Unmarshal(doc, &vectors); err != nil {
		return err
	}
	described, err := schema.Load()
	if err != nil && !errors.Is(err, schema.ErrAbsent) {
		return err
	}
	rec := newRecorder()
	defer rec.close()
	for len(vectors) > 0 {
		n := 1 // number of requests of the call
		for n < len(vectors) && vectors[n].Step.Index > 1 && vectors[n].base() == vectors[0].base() {
			n++
		}
		if err := checkCall(ctx, r, rec, described, vectors[:n]); err != nil {
			return err
		}
		vectors = vectors[n:]
	}
	return nil
}

// checkCall makes a call and compares its requests with those that were recorded.
func checkCall(ctx context.Context, r *report, rec *recorder, described *schema.Schema, steps []vector) error {
	var responses []response
	for i := range steps {
		in, err := decode(steps[i].Input)
		if err != nil {
			return fmt.Errorf("%s: %w", steps[i].Name, err)
		}
		steps[i].in, _ = in.(map[string]any)
		responses = append(responses, steps[i].Response)
	}
	rec.prepare(responses)
	client, err := rec.client(steps[0].in.object("client"))
	if err != nil {
		return fmt.Errorf("%s: %w", steps[0].Name, err)
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	err = call(ctx, client, steps[0].Operation, steps[0].in)
	seen := rec.seen()
	for i, v := range steps {
		var o outcome
		index := max(v.Step.Index-1, i)
		if index < len(seen) && v.Request != nil {
			o.request(v, seen[0], seen[index], rec)
		} else {
			o.notSentByBoth(steps, i, seen, err)
		}
		// Later requests are repeats of the first, or next links that the service made.
		if described != nil && index == 0 && len(seen) > 0 {
			o.schema(described, seen[0])
		}
		r.add(v.Name, o)
	}
	return nil
}

// notSentByBoth explains a step in which only one of the two clients sent a request. Our call has sent the requests that
// were seen, and has returned err.
func (o *outcome) notSentByBoth(steps []vector, i int, seen []recorded, err error) {
	v := steps[i]
	if v.Request == nil {
		if len(seen) > 0 {
			o.explain(difference{"request", absent{}, seen[0].method + " " + seen[0].uri}, v.sentAnyway())
		}
		return
	}
	want := v.Request.Method + " " + v.Request.Path
	if len(seen) == 0 && errors.Is(err, acs.ErrInvalidRequest) {
		o.explain(difference{"request", want, err}, v.refusal())
		return
	}
	o.explain(difference{fmt.Sprintf("request %d", max(v.Step.Index, i+1)), want, err}, v.notRepeated(steps))
}

// schema checks a request to the calling service against the published schema.
func (o *outcome) schema(described *schema.Schema, got recorded) {
	if !strings.HasPrefix(got.uri, "/calling/") {
		return
	}
	if _, err := described.Check(got.method, got.uri, got.header, got.body); err != nil {
		o.fail("published schema", "a request as described", err)
	}
}

// request compares one request with the recorded one.
func (o *outcome) request(v vector, first, got recorded, rec *recorder) {
	want := *v.Request
	path, rawQuery, _ := strings.Cut(got.uri, "?")
	if got.method != want.Method {
		o.fail("method", want.Method, got.method)
	}
	if path != want.Path {
		o.fail("path", want.Path, path)
	}
	for _, d := range compare(nil, "query", any(want.Query), queryMembers(rawQuery)) {
		o.explain(d, nil)
	}
	o.headers(v, got, rec)
	o.signature(v, got, rec)
	o.sameAsFirst(v, first, got)

	wantBody, err := decode(want.Body)
	if err != nil {
		o.fail("body", "JSON", err)
	}
	gotBody, err := decode(got.body)
	if err != nil {
		o.fail("body", "JSON", err)
	}
	for _, d := range compare(nil, "", wantBody, gotBody) {
		if text, ok := d.want.(string); ok && matches(text, d.got, rec, got) {
			continue
		}
		o.explain(d, v.bodyRule(d))
	}
}

// queryMembers decodes a query into the form of the recordings: a repeated member
// is a list.
func queryMembers(raw string) any {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return err
	}
	members := map[string]any{}
	for name, list := range values {
		members[name] = list[0]
		if len(list) > 1 {
			var all []any
			for _, v := range list {
				all = append(all, v)
			}
			members[name] = all
		}
	}
	return members
}

// transportHeaders belong to a transport, not to a request.
var transportHeaders = []string{"user-agent", "accept-encoding", "connection", "content-length"}

func (o *outcome) headers(v vector, got recorded, rec *recorder) {
	header := map[string]string{"host": got.host}
	for name, values := range got.header {
		header[strings.ToLower(name)] = strings.Join(values, ", ")
	}
	for _, name := range slices.Sorted(maps.Keys(v.Request.Headers)) {
		want, value := v.Request.Headers[name], header[name]
		delete(header, name)
		if slices.Contains(transportHeaders, name) || matches(want, value, rec, got) {
			continue
		}
		o.explain(difference{"header " + name, want, value}, nil)
	}
	for _, name := range slices.Sorted(maps.Keys(header)) {
		if !slices.Contains(transportHeaders, name) {
			o.explain(difference{"header " + name, absent{}, header[name]}, nil)
		}
	}
}

// forms are the patterns of placeholders.
var forms = map[string]string{
	"<uuid>":      `[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`,
	"<http-date>": `[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT`,
	"<hmac>":      `[A-Za-z0-9+/]{43}=`,
}

// matches reports whether a value matches want, a text with placeholders.
func matches(want string, got any, rec *recorder, in recorded) bool {
	text, ok := got.(string)
	if !ok {
		return false
	}
	want = strings.NewReplacer(
		"<endpoint>", rec.endpoint(), "<endpoint-host>", rec.host(), "<token>", bearer,
		"<content-sha256>", acs.ContentHash(in.body),
	).Replace(want)
	if want == text {
		return true
	}
	if want == "<http-date>" {
		_, err := http.ParseTime(text)
		return err == nil
	}
	pattern := regexp.QuoteMeta(want)
	for placeholder, form := range forms {
		pattern = strings.ReplaceAll(pattern, placeholder, form)
	}
	return regexp.MustCompile("^" + pattern + "$").MatchString(text)
}

// signature checks what a signature covers, with code of its own.
func (o *outcome) signature(v vector, got recorded, rec *recorder) {
	given, signed := strings.CutPrefix(got.header.Get("Authorization"), "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=")
	if v.Request.Signed == nil {
		if signed {
			o.fail("signature", absent{}, given)
		}
		return
	}
	covers := func(pathAndQuery string) bool {
		hash := sha256.Sum256(got.body)
		mac := hmac.New(sha256.New, must(base64.StdEncoding.DecodeString(accessKey)))
		fmt.Fprintf(mac, "%s\n%s\n%s;%s;%s", got.method, pathAndQuery, got.header.Get("X-Ms-Date"),
			strings.ReplaceAll(v.Request.Signed.Host, "<endpoint-host>", rec.host()), base64.StdEncoding.EncodeToString(hash[:]))
		return given == base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	switch {
	case covers(v.Request.Signed.PathAndQuery):
	case covers(got.uri): // as it was sent, where Microsoft's client signs another spelling of the query
		o.explain(difference{"signed path and query", v.Request.Signed.PathAndQuery, got.uri}, &signedAsSent)
	default:
		o.fail("signature", "one of "+v.Request.Signed.Host+v.Request.Signed.PathAndQuery, given)
	}
}

func (o *outcome) sameAsFirst(v vector, first, got recorded) {
	for _, name := range v.Step.SameAsFirst {
		if a, b := first.header.Get(name), got.header.Get(name); a != b {
			o.explain(difference{"header " + name + " of the repeat", a, b}, v.repeatRule(name))
		}
	}
}

// must returns v. It panics on an error, which constant arguments never cause.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
