package event

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchboard/handler/acs/events"
)

// recordingEvent is the documented event in Event Grid's schema.
const recordingEvent = `{
	"id": "7283825e-f8f1-4c61-a9ea-752c56890500",
	"topic": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Communication/CommunicationServices/contoso",
	"subject": "/recording/call/4f2d3a10-0000-4000-8000-2b1c/recordingId/eyJQbGF0Zm9ybSI6IjEifQ==",
	"eventType": "Microsoft.Communication.RecordingFileStatusUpdated",
	"eventTime": "2026-11-20T08:20:11.3456789Z",
	"dataVersion": "1.0",
	"metadataVersion": "1",
	"data": {
		"recordingStorageInfo": {"recordingChunks": [
			{
				"documentId": "0-eus-d12-801b", "index": 0, "endReason": "ChunkMaximumSizeExceeded",
				"contentLocation": "https://us-storage.asm.skype.com/v1/objects/0-eus-d12-801b/content/audio",
				"metadataLocation": "https://us-storage.asm.skype.com/v1/objects/0-eus-d12-801b/content/acsmetadata",
				"deleteLocation": "https://us-storage.asm.skype.com/v1/objects/0-eus-d12-801b"
			},
			{
				"documentId": "0-eus-d12-801c", "index": 1, "endReason": "SessionEnded",
				"contentLocation": "https://us-storage.asm.skype.com/v1/objects/0-eus-d12-801c/content/audio"
			}
		]},
		"recordingStartTime": "2026-11-20T08:15:42.1234567Z",
		"recordingDurationMs": 61500,
		"recordingContentType": "Audio",
		"recordingChannelType": "Unmixed",
		"recordingFormatType": "Wav",
		"sessionEndReason": "CallEnded"
	}
}`

// recordingData returns an event with these data, of recording "r".
func recordingData(data string) string {
	return `{"id":"e1","eventType":"Microsoft.Communication.RecordingFileStatusUpdated",` +
		`"subject":"/recording/call/c/recordingId/r","data":` + data + `}`
}

// recordingChunks returns an event with these chunks.
func recordingChunks(chunks string) string {
	return recordingData(`{"recordingStorageInfo":{"recordingChunks":` + chunks + `}}`)
}

const oneChunk = `{"documentId":"d","contentLocation":"https://h/d"}`

func TestParseFinishedRecordingReadsTheDocumentedEvent(t *testing.T) {
	const at = "https://us-storage.asm.skype.com/v1/objects/"
	want := FinishedRecording{
		Time:        time.Date(2026, 11, 20, 8, 20, 11, 345678900, time.UTC),
		RecordingID: "eyJQbGF0Zm9ybSI6IjEifQ==",
		CallID:      "4f2d3a10-0000-4000-8000-2b1c",
		Chunks: []events.RecordingChunk{{
			DocumentID: "0-eus-d12-801b", EndReason: "ChunkMaximumSizeExceeded",
			ContentLocation:  at + "0-eus-d12-801b/content/audio",
			MetadataLocation: at + "0-eus-d12-801b/content/acsmetadata",
			DeleteLocation:   at + "0-eus-d12-801b",
		}, {
			DocumentID: "0-eus-d12-801c", Index: 1, EndReason: "SessionEnded",
			ContentLocation: at + "0-eus-d12-801c/content/audio",
		}},
		StartTime:   time.Date(2026, 11, 20, 8, 15, 42, 123456700, time.UTC),
		Duration:    61500 * time.Millisecond,
		ContentType: "Audio", ChannelType: "Unmixed", Format: "Wav", EndReason: "CallEnded",
	}
	cloud := strings.NewReplacer(
		"eventType", "type", "eventTime", "time", "topic", "source", `"dataVersion"`, `"specversion"`)
	for schema, doc := range map[string]string{
		"Event Grid's": recordingEvent, "CloudEvents": cloud.Replace(recordingEvent), "an array": "[" + recordingEvent + "]",
	} {
		t.Run(schema, func(t *testing.T) {
			got, err := ParseFinishedRecording([]byte(doc))
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(got.Key, "recording ") {
				t.Errorf("key %q, want one of a recording", got.Key)
			}
			want.Key = got.Key
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestParseFinishedRecordingInTheCustomersStorage(t *testing.T) {
	got, err := ParseFinishedRecording([]byte(`{"id":"e1","eventType":"Microsoft.Communication.RecordingFileStatusUpdated",
		"subject":"/recording/call/c/serverCallId/aHR0cHM6","data":{"storageType":"AzureBlob","recordingId":"a/b==",
		"recordingStorageInfo":{"recordingChunks":[` + oneChunk + `]}}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := FinishedRecording{
		Key: got.Key, RecordingID: "a/b==", CallID: "c", ServerCallID: "aHR0cHM6", StorageType: "AzureBlob",
		Chunks: []events.RecordingChunk{{DocumentID: "d", ContentLocation: "https://h/d"}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestParseFinishedRecordingIsLenient(t *testing.T) {
	const chunks = `"recordingStorageInfo":{"recordingChunks":[` + oneChunk + `]}`
	for name, data := range map[string]string{
		"chunks only":                 `{` + chunks + `}`,
		"members of other types":      `{"recordingDurationMs":"long","recordingFormatType":7,"sessionEndReason":{},` + chunks + `}`,
		"members that are new":        `{"hologram":[1],` + chunks + `}`,
		"a negative duration":         `{"recordingDurationMs":-1,` + chunks + `}`,
		"a duration that is too long": `{"recordingDurationMs":9223372036854775807,` + chunks + `}`,
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ParseFinishedRecording([]byte(recordingData(data)))
			if err != nil {
				t.Fatal(err)
			}
			want := FinishedRecording{
				Key: got.Key, RecordingID: "r", CallID: "c",
				Chunks: []events.RecordingChunk{{DocumentID: "d", ContentLocation: "https://h/d"}},
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestParseFinishedRecordingRefusesOtherEvents(t *testing.T) {
	long := strings.Repeat("x", maxText+1)
	tests := []struct {
		name, doc, err string
	}{
		{"no recording id", strings.Replace(recordingChunks("["+oneChunk+"]"), "recordingId", "other", 1),
			"recording without recordingId"},
		{"no subject", `{"eventType":"Microsoft.Communication.RecordingFileStatusUpdated"}`, "recording without recordingId"},
		{"a recording id that is too long", recordingData(`{"recordingId":"` + long + `"}`),
			"recording with a recordingId of more than 4096 bytes"},
		{"no data", recordingData(`null`), "recording without recordingChunks"},
		{"no chunks", recordingChunks(`[]`), "recording without recordingChunks"},
		{"chunks of another type", recordingChunks(`"two"`), "recording without recordingChunks"},
		{"a chunk of another type", recordingChunks(`[` + oneChunk + `,7]`), "recording: chunk 1 without documentId"},
		{"a chunk without a document", recordingChunks(`[` + oneChunk + `,{"contentLocation":"https://h/d"}]`),
			"recording: chunk 1 without documentId"},
		{"a chunk without content", recordingChunks(`[{"documentId":"d"}]`), "recording: chunk 0 without contentLocation"},
		{"a document id that is too long", recordingChunks(`[{"documentId":"` + long + `"}]`),
			"recording: chunk 0 with a documentId of more than 4096 bytes"},
		{"a content location that is too long", recordingChunks(`[{"documentId":"d","contentLocation":"` + long + `"}]`),
			"recording: chunk 0 with a contentLocation of more than 4096 bytes"},
		{"a metadata location that is too long",
			recordingChunks(`[{"documentId":"d","contentLocation":"https://h/d","metadataLocation":"` + long + `"}]`),
			"recording: chunk 0 with a metadataLocation of more than 4096 bytes"},
		{"a delete location that is too long",
			recordingChunks(`[{"documentId":"d","contentLocation":"https://h/d","deleteLocation":"` + long + `"}]`),
			"recording: chunk 0 with a deleteLocation of more than 4096 bytes"},
		{"too many chunks", recordingChunks(`[` + strings.Repeat(oneChunk+",", maxChunks) + oneChunk + `]`),
			"recording with 401 chunks, more than 400"},
		{"one of several events", `[{"type":"Microsoft.Communication.CallEnded"},` + recordingEvent + `]`,
			"recording among 2 events"},
		{"a time that is not one", recordingData(`{"recordingStartTime":"noon"}`),
			`recording: event 0: parsing time "noon" as "2006-01-02T15:04:05Z07:00": cannot parse "noon" as "2006"`},
		{"no JSON", `nonsense`, "recording: invalid character 'o' in literal null (expecting 'u')"},
		{"nothing", ``, "recording: unexpected end of JSON input"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParseFinishedRecording([]byte(tt.doc))
			if err == nil || err.Error() != tt.err || errors.Is(err, ErrNotOurs) {
				t.Errorf("err = %v, want %q", err, tt.err)
			}
		})
	}
	for _, other := range []string{
		`{}`, `[]`, `7`, `null`, `[7]`, `{"recording":"r"}`,
		`{"eventType":"Microsoft.Storage.BlobCreated","data":{"url":"https://h/x"}}`,
		`{"type":"Microsoft.Communication.CallEnded"}`, `[{"type":"Microsoft.Communication.CallEnded"},{}]`,
		`{"eventType":"Microsoft.EventGrid.SubscriptionValidationEvent","data":{"validationCode":"x"}}`,
	} {
		if _, err := ParseFinishedRecording([]byte(other)); !errors.Is(err, ErrNotOurs) {
			t.Errorf("%s: err = %v, want ErrNotOurs", other, err)
		}
	}
}

func TestParseFinishedRecordingBoundsItsValues(t *testing.T) {
	long := strings.Repeat("ü", maxText)
	got, err := ParseFinishedRecording(fmt.Appendf(nil, `{"id":"e1","eventType":"Microsoft.Communication.RecordingFileStatusUpdated",
		"subject":"/recording/call/%[1]s/serverCallId/%[1]s","data":{"recordingId":"r",
		"recordingContentType":%[1]q,"recordingChannelType":%[1]q,"recordingFormatType":%[1]q,"sessionEndReason":%[1]q,
		"storageType":%[1]q,"recordingStorageInfo":{"recordingChunks":[
		{"documentId":"d","contentLocation":"https://h/d","endReason":%[1]q}]}}}`, long))
	if err != nil {
		t.Fatal(err)
	}
	for i, text := range []string{
		got.CallID, got.ServerCallID, got.ContentType, got.ChannelType, got.Format, got.EndReason, got.StorageType,
		got.Chunks[0].EndReason,
	} {
		if text == "" || len(text) > maxText {
			t.Errorf("text %d has %d bytes, want 1 to %d", i, len(text), maxText)
		}
	}
	most := recordingChunks(`[` + strings.Repeat(oneChunk+",", maxChunks-1) + oneChunk + `]`)
	if got, err = ParseFinishedRecording([]byte(most)); err != nil || len(got.Chunks) != maxChunks {
		t.Errorf("%d chunks, %v, want %d", len(got.Chunks), err, maxChunks)
	}
}

func TestKeyOfAFinishedRecording(t *testing.T) {
	key := func(id, eventTime string) string {
		t.Helper()
		got, err := ParseFinishedRecording(fmt.Appendf(nil, `{"id":%q,"eventType":"Microsoft.Communication.RecordingFileStatusUpdated",
			"eventTime":%q,"subject":"/recordingId/r","data":{"recordingStorageInfo":{"recordingChunks":[%s]}}}`,
			id, eventTime, oneChunk))
		if err != nil {
			t.Fatal(err)
		}
		return got.Key
	}
	if key("e1", "t") != key("e1", "u") {
		t.Errorf("keys %q and %q of one id, want one", key("e1", "t"), key("e1", "u"))
	}
	if key("e1", "t") == key("e2", "t") {
		t.Errorf("key %q of two ids, want two", key("e1", "t"))
	}
	if key("", "t") == key("", "u") {
		t.Errorf("without an id, key %q of two times, want two", key("", "t"))
	}
}

func TestMessageReadsJSONAndBase64(t *testing.T) {
	encoded := base64.StdEncoding.EncodeToString([]byte(recordingEvent))
	for _, tt := range []struct{ name, text, want string }{
		{"JSON", recordingEvent, recordingEvent},
		{"base64 of JSON", encoded, recordingEvent},
		{"base64 in lines", "\n" + encoded[:76] + "\r\n" + encoded[76:] + "\n", recordingEvent},
		{"JSON between blanks", " {} \n", "{}"},
		{"JSON that could be base64", "1234", "1234"},
		{"null, which could be base64", "null", "null"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Message(tt.text)
			if err != nil || string(got) != tt.want {
				t.Errorf("%s, %v; want %s", got, err, tt.want)
			}
		})
	}
}

func TestMessageRefusesOtherTexts(t *testing.T) {
	encode := base64.StdEncoding.EncodeToString
	for name, text := range map[string]string{
		"nothing":                "",
		"blanks":                 " \n",
		"plain text":             "hello, world",
		"part of JSON":           `{"id":`,
		"base64 of nonsense":     encode([]byte("nonsense")),
		"base64 of part of JSON": encode([]byte(`{"id":`)),
		"base64 without its end": encode([]byte(recordingEvent))[:401],
		"base64 of base64":       encode([]byte(encode([]byte(`{}`)))),
	} {
		t.Run(name, func(t *testing.T) {
			const want = "message is neither JSON nor base64 of JSON"
			if got, err := Message(text); err == nil || err.Error() != want {
				t.Errorf("message %s, %v, want the error %s", got, err, want)
			}
		})
	}
}

func FuzzParseFinishedRecording(f *testing.F) {
	f.Add([]byte(recordingEvent))
	f.Add([]byte(recordingChunks(`[{"documentId":7,"index":"x"},null]`)))
	f.Add([]byte(`[{"type":"Microsoft.Communication.RecordingFileStatusUpdated","time":"x","subject":"/recordingId/","data":[]}]`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		got, err := ParseFinishedRecording(doc)
		if err != nil {
			return
		}
		if got.RecordingID == "" || got.Key == "" || got.Duration < 0 ||
			len(got.Chunks) == 0 || len(got.Chunks) > maxChunks {
			t.Errorf("recording %+v, want its id, a key, and chunks", got)
		}
		for _, c := range got.Chunks {
			if c.DocumentID == "" || c.ContentLocation == "" || len(c.ContentLocation) > maxText {
				t.Errorf("chunk %+v, want its document and location", c)
			}
		}
		if again, err := ParseFinishedRecording(doc); err != nil || !cmp.Equal(again, got) {
			t.Errorf("again: %+v, %v, want %+v", again, err, got)
		}
	})
}

func FuzzMessage(f *testing.F) {
	f.Add(recordingEvent)
	f.Add(base64.StdEncoding.EncodeToString([]byte(recordingEvent)))
	f.Add("1234")
	f.Fuzz(func(t *testing.T, text string) {
		doc, err := Message(text)
		if err != nil {
			return
		}
		if !json.Valid(doc) {
			t.Fatalf("message %q, want JSON", doc)
		}
		encoded, err := Message(base64.StdEncoding.EncodeToString(doc))
		if err != nil || string(encoded) != string(doc) {
			t.Errorf("as base64: %q, %v, want %q", encoded, err, doc)
		}
	})
}
