package acs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/google/go-cmp/cmp"
)

const contentURL = "https://us-storage.asm.skype.com/v1/objects/0-wus-d4/content/audio?sig=a%2Bb"

// breakingBody is a body that breaks after some bytes.
type breakingBody struct {
	io.Reader
	err error
}

func (b *breakingBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err == io.EOF {
		err = b.err
	}
	return n, err
}

func (b *breakingBody) Close() error { return nil }

// contentHost is a host with one file. Its n-th connection breaks after breaks[n] bytes;
// later ones do not break.
type contentHost struct {
	t        *testing.T
	file     string
	breaks   []int
	noRanges bool
	noLength bool
	etags    []string
	seen     []string // the requested ranges
}

func (s *contentHost) do(req *http.Request) (*http.Response, error) {
	if req.URL.String() != contentURL || req.Header.Get("X-Ms-Host") != "contoso.communication.azure.com" {
		s.t.Errorf("request = %s for %s, want %s for contoso", req.URL, req.Header.Get("X-Ms-Host"), contentURL)
	}
	asked := req.Header.Get("Range")
	s.seen = append(s.seen, asked)
	n := len(s.seen) - 1
	resp := &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"audio/wav"}}, Request: req}
	rest := s.file
	if asked != "" && !s.noRanges {
		var from, to int
		if _, err := fmt.Sscanf(asked, "bytes=%d-%d", &from, &to); err != nil {
			to = len(s.file) - 1
			from, _ = strconv.Atoi(strings.Trim(asked, "bytes=-"))
		}
		if from >= len(s.file) {
			resp.StatusCode, resp.Body = http.StatusRequestedRangeNotSatisfiable, http.NoBody
			return resp, nil
		}
		to = min(to, len(s.file)-1)
		rest = s.file[from : to+1]
		resp.StatusCode = http.StatusPartialContent
		resp.Header.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, to, len(s.file)))
	}
	resp.ContentLength = int64(len(rest))
	if s.noLength {
		resp.ContentLength = -1
	}
	if len(s.etags) > 0 {
		resp.Header.Set("Etag", s.etags[min(n, len(s.etags)-1)])
	}
	resp.Body = io.NopCloser(strings.NewReader(rest))
	if n < len(s.breaks) {
		resp.Body = &breakingBody{strings.NewReader(rest[:s.breaks[n]]), io.ErrUnexpectedEOF}
	}
	return resp, nil
}

func TestContentIsReadToItsEnd(t *testing.T) {
	const file = "RIFF....WAVEfmt golden recording"
	tests := []struct {
		name   string
		host   contentHost
		part   *ByteRange
		want   string
		ranges []string
	}{
		{"the whole file", contentHost{}, nil, file, []string{""}},
		{"from its start", contentHost{}, &ByteRange{}, file, []string{"bytes=0-"}},
		{"its end", contentHost{}, &ByteRange{Offset: 26}, "ording", []string{"bytes=26-"}},
		{"its beginning", contentHost{}, &ByteRange{Count: 4}, "RIFF", []string{"bytes=0-3"}},
		{"a part", contentHost{}, &ByteRange{8, 4}, "WAVE", []string{"bytes=8-11"}},
		{"a part beyond its end", contentHost{}, &ByteRange{26, 100}, "ording", []string{"bytes=26-125"}},
		{"a part from a host without ranges", contentHost{noRanges: true}, &ByteRange{8, 4}, "WAVE", []string{"bytes=8-11"}},
		{"its end from a host without ranges", contentHost{noRanges: true}, &ByteRange{Offset: 26}, "ording", []string{"bytes=26-"}},
		{"without a length", contentHost{noLength: true}, nil, file, []string{""}},
		{"over connections that break", contentHost{breaks: []int{4, 8}}, nil, file, []string{"", "bytes=4-31", "bytes=12-31"}},
		{"a part over a connection that breaks", contentHost{breaks: []int{2}}, &ByteRange{8, 4}, "WAVE", []string{"bytes=8-11", "bytes=10-11"}},
		{"without a length over a connection that breaks", contentHost{breaks: []int{4}, noLength: true}, nil, file, []string{"", "bytes=4-"}},
		{"from a host without ranges over a connection that breaks", contentHost{breaks: []int{4}, noRanges: true}, nil, file, []string{"", "bytes=4-31"}},
		{"over connections without a byte at first", contentHost{breaks: []int{0, 0, 0}}, nil, file, []string{"", "bytes=0-31", "bytes=0-31", "bytes=0-31"}},
		{"a file that stays the same", contentHost{breaks: []int{4}, etags: []string{"1"}}, nil, file, []string{"", "bytes=4-31"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := tt.host
				s.t, s.file = t, file
				resp, err := transportFunc(s.do).client(t).DownloadRecording(t.Context(), contentURL, &DownloadRecordingOptions{tt.part})
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				got, err := io.ReadAll(resp.Body)
				if err != nil || string(got) != tt.want {
					t.Errorf("content = %q, %v, want %q", got, err, tt.want)
				}
				if resp.ContentType != "audio/wav" || !s.noLength && resp.ContentLength != int64(len(tt.want)) {
					t.Errorf("%s of %d bytes, want audio/wav of %d",
						resp.ContentType, resp.ContentLength, len(tt.want))
				}
				if d := cmp.Diff(tt.ranges, s.seen); d != "" {
					t.Errorf("ranges (-want +got):\n%s", d)
				}
			})
		})
	}
}

func TestContentThatCannotBeRead(t *testing.T) {
	tests := []struct {
		name     string
		host     contentHost
		part     *ByteRange
		text     string
		requests int
	}{
		{"connections without a byte", contentHost{breaks: []int{1, 0, 0, 0, 0, 0}}, nil, "acs: DownloadRecording: no answer: unexpected EOF", 4},
		{"a file that changes", contentHost{breaks: []int{4}, etags: []string{"1", "2"}}, nil, "acs: DownloadRecording: 206 Partial Content: the file has changed", 2},
		{"a file that is shorter than the range", contentHost{noRanges: true}, &ByteRange{Offset: 100}, "acs: DownloadRecording: 200 OK: the file is shorter than the range", 1},
		{"a range beyond its end", contentHost{}, &ByteRange{Offset: 100}, "acs: DownloadRecording: 416 Requested Range Not Satisfiable", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := tt.host
				s.t, s.file = t, "RIFF....WAVE"
				resp, err := transportFunc(s.do).client(t).DownloadRecording(t.Context(), contentURL, &DownloadRecordingOptions{tt.part})
				if err == nil {
					_, err = io.ReadAll(resp.Body)
				}
				if e, ok := errors.AsType[*Error](err); !ok || e.Error() != tt.text {
					t.Errorf("err = %v, want %s", err, tt.text)
				}
				if len(s.seen) != tt.requests {
					t.Errorf("%d requests, want %d: %q", len(s.seen), tt.requests, s.seen)
				}
			})
		})
	}
	t.Run("a reader that is closed", func(t *testing.T) {
		s := contentHost{t: t, file: "RIFF"}
		resp, err := transportFunc(s.do).client(t).DownloadRecording(t.Context(), contentURL, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Error(err)
		}
		if _, err := resp.Body.Read(make([]byte, 1)); err == nil || err == io.EOF {
			t.Errorf("err = %v, want one that is not the end of the file", err)
		}
	})
	t.Run("a context that ends", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			s := contentHost{t: t, file: "RIFF", breaks: []int{2, 0, 0, 0}}
			resp, err := transportFunc(s.do).client(t).DownloadRecording(ctx, contentURL, nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadAll(resp.Body); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("err = %v, want %v", err, context.DeadlineExceeded)
			}
		})
	})
}

func TestCredentialsAreSentToTrustedHostsOnly(t *testing.T) {
	var asked int
	transport := transportFunc(func(req *http.Request) (*http.Response, error) {
		asked++
		return reply(req, answer{status: 200}), nil
	})
	client := func(endpoint string) *Client {
		c, err := NewClientWithKey(endpoint, testKey, &ClientOptions{
			ClientOptions:  azcore.ClientOptions{Transport: transport},
			RecordingHosts: []string{"127.0.0.1", "store.contoso.example", ".many.contoso.example"},
		})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	cloud, local := client("https://contoso.communication.azure.com"), client("http://127.0.0.1:8080")
	for _, tt := range []struct {
		client   *Client
		location string
		ok       bool
	}{
		{cloud, contentURL, true},
		{cloud, " " + contentURL + "\n", true},
		{cloud, "https://eu-prod.asyncgw.teams.microsoft.com:443/v1/objects/x", true},
		{cloud, "https://x.ams.gov.teams.microsoft.us/v1/objects/x#fragment", true},
		{cloud, "https://store.contoso.example/x", true},
		{cloud, "https://store.contoso.example:8443/x", true},
		{cloud, "https://a.many.contoso.example/x", true},
		{local, "http://127.0.0.1:8080/content/x", true},
		{cloud, "http://127.0.0.1:8080/content/x", false},
		{local, "http://store.contoso.example/x", false},
		{cloud, "http://us-storage.asm.skype.com/v1/objects/x", false},
		{cloud, "https://us-storage.asm.skype.com:8443/v1/objects/x", false},
		{cloud, "https://me@us-storage.asm.skype.com/v1/objects/x", false},
		{cloud, "https://asm.skype.com/v1/objects/x", false},
		{cloud, "https://evilasm.skype.com/v1/objects/x", false},
		{cloud, "https://us-storage.asm.skype.com./v1/objects/x", false},
		{cloud, "https://us-storage.asm.skype.com.evil.example/x", false},
		{cloud, "https://evil.example/.asm.skype.com", false},
		{cloud, "https://many.contoso.example/x", false},
		{cloud, "//us-storage.asm.skype.com/v1/objects/x", false},
		{cloud, "ftp://us-storage.asm.skype.com/x", false},
		{cloud, "https:us-storage.asm.skype.com/x", false},
		{cloud, "%", false},
		{cloud, "", false},
	} {
		asked = 0
		_, err := tt.client.DownloadRecording(t.Context(), tt.location, nil)
		_, deleted := tt.client.DeleteRecording(t.Context(), tt.location, nil)
		if tt.ok != (err == nil) || tt.ok != (deleted == nil) || tt.ok != (asked == 2) || !tt.ok && !errors.Is(err, ErrInvalidRequest) {
			t.Errorf("%s: %v, %v after %d requests, want them to succeed: %t",
				tt.location, err, deleted, asked, tt.ok)
		}
	}
	for _, part := range []ByteRange{{-1, 0}, {0, -1}, {1 << 62, 1 << 62}} {
		if _, err := cloud.DownloadRecording(t.Context(), contentURL, &DownloadRecordingOptions{&part}); !errors.Is(err, ErrInvalidRequest) {
			t.Errorf("%v: %v, want %v", part, err, ErrInvalidRequest)
		}
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s %s arrived with %q, want no such request", r.Method, r.URL, r.Header.Get("Authorization"))
	}))
	defer elsewhere.Close()
	srv := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	defer srv.Close()
	for name, transport := range map[string]*http.Client{"the default": nil, "a client of one's own": {}} {
		options := &ClientOptions{RecordingHosts: []string{"127.0.0.1"}}
		if transport != nil {
			options.Transport = transport
		}
		c, err := NewClientWithKey(srv.URL, testKey, options)
		if err != nil {
			t.Fatal(err)
		}
		_, err1 := c.GetCall(t.Context(), conn, nil)
		_, err2 := c.DownloadRecording(t.Context(), srv.URL+"/content", nil)
		for _, err := range []error{err1, err2} {
			if e, ok := errors.AsType[*Error](err); !ok || e.Status != http.StatusTemporaryRedirect || !e.Refused() {
				t.Errorf("%s: err = %v, want it refused with %d", name, err, http.StatusTemporaryRedirect)
			}
		}
	}
}

func TestContentErrorsAreFlat(t *testing.T) {
	for body, want := range map[string]string{
		`{"status":404,"message":"The document is gone."}`:     "acs: DeleteRecording: 404 Not Found: The document is gone.",
		`{"error":{"code":"8522","message":"Call not found"}}`: "acs: DeleteRecording: 404 Not Found 8522: Call not found",
		``: "acs: DeleteRecording: 404 Not Found",
	} {
		transport := transportFunc(func(req *http.Request) (*http.Response, error) {
			return reply(req, answer{status: 404, body: body}), nil
		})
		_, err := transport.client(t).DeleteRecording(t.Context(), contentURL, nil)
		if err == nil || err.Error() != want || !errors.Is(err, ErrGone) {
			t.Errorf("err = %v, want %s", err, want)
		}
	}
}

const metadataJSON = `{"resourceId":"r","callId":"c","chunkDocumentId":"d","chunkIndex":"1","chunkStartTime":"2026-11-20T08:15:48.1234567Z",
	"chunkDuration":9000.5,"pauseResumeIntervals":[{"startTime":"2026-11-20T08:16:00Z","duration":"1500"}],
	"recordingInfo":{"contentType":"mixed","channelType":"unmixed","format":"wav","audioConfiguration":{"sampleRate":"16000","bitRate":128000,"channels":2.0},
	"videoConfiguration":{"longerSideLength":1920,"shorterSideLength":1080,"framerate":16,"bitRate":1000000}},
	"participants":[{"participantId":"4:+14255550123","channel":0},{"participantId":"28:orgid:a"}],"somethingNew":{}}`

func TestMetadataWithUnexpectedTypesAreRead(t *testing.T) {
	transport := transportFunc(func(req *http.Request) (*http.Response, error) {
		return reply(req, answer{status: 200, body: metadataJSON}), nil
	})
	got, err := transport.client(t).GetRecordingMetadata(t.Context(), contentURL, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := RecordingMetadata{
		ResourceID: "r", CallID: "c", ChunkDocumentID: "d", ChunkIndex: 1,
		ChunkStartTime: time.Date(2026, 11, 20, 8, 15, 48, 123456700, time.UTC), ChunkDuration: 9000500 * time.Microsecond,
		PauseResumeIntervals: []RecordingInterval{{time.Date(2026, 11, 20, 8, 16, 0, 0, time.UTC), 1500 * time.Millisecond}},
		ContentType:          "mixed", ChannelType: "unmixed", Format: "wav", SampleRate: 16000, BitRate: 128000, Channels: 2,
		Video:        &RecordingVideo{1920, 1080, 16, 1000000},
		Participants: []RecordingParticipant{{phone, new(0)}, {TeamsApp("a"), nil}},
	}
	if d := cmp.Diff(want, got.RecordingMetadata); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	transport = func(req *http.Request) (*http.Response, error) {
		return reply(req, answer{status: 200, body: "<html>"}), nil
	}
	if _, err := transport.client(t).GetRecordingMetadata(t.Context(), contentURL, nil); err == nil {
		t.Error("a page was read as metadata, want an error")
	}
}

func FuzzMetadata(f *testing.F) {
	f.Add([]byte(metadataJSON))
	f.Add([]byte(`{"chunkDuration":1e300,"chunkIndex":"NaN","participants":[null,{"channel":"x"}]}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		var m RecordingMetadata
		if m.UnmarshalJSON(doc) == nil && m.ChunkDuration != m.ChunkDuration.Truncate(0) {
			t.Errorf("ChunkDuration = %v, want it whole", m.ChunkDuration)
		}
	})
}

func FuzzContentRange(f *testing.F) {
	for _, seed := range []string{"bytes 5-31/32", "bytes */32", "bytes 5-", "", "bytes -1-2/3", "items 1-2/3"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if at, ok := contentRange(http.Header{"Content-Range": {text}}); ok && at < 0 {
			t.Errorf("%q begins at %d, want at least 0", text, at)
		}
	})
}

// BenchmarkDownload measures that memory does not grow with the file.
func BenchmarkDownload(b *testing.B) {
	file := bytes.Repeat([]byte("x"), 1<<20)
	transport := transportFunc(func(req *http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: 200, Request: req, ContentLength: int64(len(file)), Body: io.NopCloser(bytes.NewReader(file)),
		}, nil
	})
	c, err := NewClientWithKey("https://contoso.communication.azure.com", testKey,
		&ClientOptions{ClientOptions: azcore.ClientOptions{Transport: transport}})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		resp, err := c.DownloadRecording(b.Context(), contentURL, nil)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			b.Fatal(err)
		}
	}
}
