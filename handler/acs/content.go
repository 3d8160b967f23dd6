package acs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

// ByteRange is a part of a file.
type ByteRange struct {
	Offset int64 // offset of the first byte, from 0
	Count  int64 // number of bytes; 0: all that follow
}

func (r ByteRange) check() error {
	return refuse(r.Offset < 0 || r.Count < 0 || r.Offset+r.Count < 0, "the range is negative, or ends beyond any file")
}

// String returns the range as the value of a Range header.
func (r ByteRange) String() string {
	if r.Count == 0 {
		return fmt.Sprintf("bytes=%d-", r.Offset)
	}
	return fmt.Sprintf("bytes=%d-%d", r.Offset, r.Offset+r.Count-1)
}

// DownloadRecordingOptions are the optional parts of a download; nil means none.
type DownloadRecordingOptions struct {
	Range *ByteRange // nil is the whole file
}

// DownloadRecordingResponse holds a file as a stream.
type DownloadRecordingResponse struct {
	// Body is the content. The caller closes it. When the connection breaks, it
	// requests the rest of the file; Read returns an *Error if that fails too.
	Body io.ReadCloser

	ContentLength int64  // length of Body in bytes; -1 if unknown
	ContentType   string // such as "audio/wav"
	ETag          string // may be empty
}

// DownloadRecording fetches a file of a recording as a stream, from the
// contentLocation or metadataLocation of a RecordingFileStatusUpdated event. The
// service deletes its files after 24 h; then the error is ErrGone.
//
// The location must be https on a host of the service, because the request
// carries credentials: see ClientOptions.RecordingHosts. The context bounds the
// reading of the body as well. The client repeats the request. While it reads, it
// tolerates as many connections in a row without a byte as Retry allows repeats.
//
// Source: "Download a recording", Azure Communication Services documentation;
// its signature: @azure/communication-call-automation 1.6.0.
func (c *Client) DownloadRecording(
	ctx context.Context, location string, options *DownloadRecordingOptions,
) (resp DownloadRecordingResponse, err error) {
	op := operation{
		name: "DownloadRecording", method: http.MethodGet, ok: []int{http.StatusOK, http.StatusPartialContent}, stream: true,
	}
	ctx, endSpan := runtime.StartSpan(ctx, "Client."+op.name, c.azc.Tracer(), nil)
	defer func() { endSpan(err) }()

	part := orDefault(options).Range
	if part != nil {
		if err := part.check(); err != nil {
			return resp, invalid(op.name, err.Error())
		}
	}
	location = strings.TrimSpace(location)
	first, err := c.fetch(ctx, op, location, part)
	if err != nil {
		return resp, err
	}
	body := &contentReader{
		fetch: func(rest ByteRange) (*http.Response, error) { return c.fetch(ctx, op, location, &rest) },
		ctx:   ctx, op: op, limits: c.readLimits(), etag: first.Header.Get("Etag"),
		body: first.Body, left: -1,
	}
	whole := orDefault(part) // without a part: from 0 to the end
	body.next = whole.Offset
	if err := body.position(first); err != nil {
		_ = first.Body.Close() // there is a better error
		return resp, err
	}
	if first.ContentLength >= 0 {
		body.left = first.ContentLength
		if first.StatusCode == http.StatusOK { // the host does not support ranges
			body.left -= whole.Offset
		}
	}
	if whole.Count > 0 && (body.left < 0 || body.left > whole.Count) {
		body.left = whole.Count
	}
	return DownloadRecordingResponse{
		Body: body, ContentLength: body.left, ContentType: first.Header.Get("Content-Type"), ETag: body.etag,
	}, nil
}

// DeleteRecordingOptions has no fields yet.
type DeleteRecordingOptions struct{}

// DeleteRecordingResponse is empty.
type DeleteRecordingResponse struct{}

// DeleteRecording deletes a recording from the service's storage, by the
// deleteLocation of a RecordingFileStatusUpdated event. If it is deleted
// already, the error is ErrGone. The location must be as for DownloadRecording.
// The client repeats the request.
//
// Source: as for DownloadRecording.
func (c *Client) DeleteRecording(
	ctx context.Context, location string, _ *DeleteRecordingOptions,
) (resp DeleteRecordingResponse, err error) {
	op := operation{name: "DeleteRecording", method: http.MethodDelete, ok: []int{http.StatusOK, http.StatusNoContent}}
	ctx, endSpan := runtime.StartSpan(ctx, "Client."+op.name, c.azc.Tracer(), nil)
	defer func() { endSpan(err) }()

	_, err = c.fetch(ctx, op, strings.TrimSpace(location), nil)
	return resp, err
}

// GetRecordingMetadataOptions has no fields yet.
type GetRecordingMetadataOptions struct{}

// GetRecordingMetadataResponse holds the metadata of a file.
type GetRecordingMetadataResponse struct{ RecordingMetadata }

// MaxMetadata is the largest metadata file that is read, in bytes: there may be
// 350 participants.
const MaxMetadata = 4 << 20

// GetRecordingMetadata fetches and reads the metadata of a recording's file, from
// the metadataLocation of a RecordingFileStatusUpdated event, up to 4 MiB. The
// location, the repeats and the errors are as for DownloadRecording.
func (c *Client) GetRecordingMetadata(
	ctx context.Context, location string, _ *GetRecordingMetadataOptions,
) (GetRecordingMetadataResponse, error) {
	const name = "GetRecordingMetadata"
	var resp GetRecordingMetadataResponse
	file, err := c.DownloadRecording(ctx, location, nil)
	if err != nil {
		return resp, err
	}
	defer file.Body.Close() // read only
	doc, err := io.ReadAll(io.LimitReader(file.Body, MaxMetadata+1))
	if err != nil {
		return resp, err
	}
	if len(doc) > MaxMetadata {
		return resp, &Error{Op: name, Status: http.StatusOK, Message: "metadata larger than 4 MiB", Err: errors.New("too long")}
	}
	if err := json.Unmarshal(doc, &resp); err != nil {
		return resp, &Error{Op: name, Status: http.StatusOK, Message: "the metadata are not the expected JSON", Err: err}
	}
	return resp, nil
}

// fetch sends a request to a host that stores recordings. It signs it as a request
// to the resource: the signature covers the resource's host and the path, but not
// the query. Every error is an *Error.
func (c *Client) fetch(ctx context.Context, op operation, location string, part *ByteRange) (*http.Response, error) {
	u, err := c.parseContent(location)
	if err != nil {
		return nil, invalid(op.name, err.Error())
	}
	req, err := runtime.NewRequest(policy.WithRetryOptions(ctx, op.repeats(ctx, c)), op.method, u.String())
	if err != nil {
		return nil, invalid(op.name, "the location is malformed")
	}
	resource := signedHost(c.endpoint)
	req.SetOperationValue(signedFor{resource})
	setHeader(req)
	h := req.Raw().Header
	h.Set("Accept-Encoding", "identity")
	h.Set("X-Ms-Host", resource)
	h.Set("OriginalUrl", location) // as Microsoft's own client does; it repeats the request line
	if part != nil {
		h.Set("Range", part.String())
	}
	if op.stream {
		runtime.SkipBodyDownload(req)
	}
	resp, err := c.azc.Pipeline().Do(req)
	if err != nil {
		return nil, unanswered(op, err)
	}
	if slices.Contains(op.ok, resp.StatusCode) {
		return resp, nil
	}
	body, err := runtime.Payload(resp)
	if err != nil {
		return nil, unanswered(op, err)
	}
	return nil, refused(op, resp, body, nil)
}

// contentRange returns the offset at which the body of a 206 begins: 5 for the
// header "bytes 5-31/32".
func contentRange(h http.Header) (offset int64, ok bool) {
	text, ok := strings.CutPrefix(h.Get("Content-Range"), "bytes ")
	first, _, dash := strings.Cut(text, "-")
	offset, err := strconv.ParseInt(first, 10, 64)
	return offset, ok && dash && err == nil && offset >= 0
}
