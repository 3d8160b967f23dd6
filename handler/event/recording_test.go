package event

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"switchboard/handler/acs/events"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The event as it is documented, in Event Grid's schema.
const finishedEvent = `{
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

// finishedData is an event with these data, of recording "r".
func finishedData(data string) string {
	return `{"id":"e1","eventType":"Microsoft.Communication.RecordingFileStatusUpdated",` +
		`"subject":"/recording/call/c/recordingId/r","data":` + data + `}`
}

// finishedChunks is an event with these chunks.
func finishedChunks(chunks string) string {
	return finishedData(`{"recordingStorageInfo":{"recordingChunks":` + chunks + `}}`)
}

const oneChunk = `{"documentId":"d","contentLocation":"https://h/d"}`

func TestAFinishedRecordingIsReadAsAzureSendsIt(t *testing.T) {
	const at = "https://us-storage.asm.skype.com/v1/objects/"
	want := Finished{
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
		"Event Grid's": finishedEvent, "CloudEvents": cloud.Replace(finishedEvent), "an array": "[" + finishedEvent + "]",
	} {
		t.Run(schema, func(t *testing.T) {
			got, err := ParseFinished([]byte(doc))
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(got.Key, "recording ") {
				t.Errorf("key %q", got.Key)
			}
			want.Key = got.Key
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestARecordingInTheCustomersOwnStorage(t *testing.T) {
	got, err := ParseFinished([]byte(`{"id":"e1","eventType":"Microsoft.Communication.RecordingFileStatusUpdated",
		"subject":"/recording/call/c/serverCallId/aHR0cHM6","data":{"storageType":"AzureBlob","recordingId":"a/b==",
		"recordingStorageInfo":{"recordingChunks":[` + oneChunk + `]}}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := Finished{
		Key: got.Key, RecordingID: "a/b==", CallID: "c", ServerCallID: "aHR0cHM6", StorageType: "AzureBlob",
		Chunks: []events.RecordingChunk{{DocumentID: "d", ContentLocation: "https://h/d"}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestFinishedRecordingsAreReadLeniently(t *testing.T) {
	const chunks = `"recordingStorageInfo":{"recordingChunks":[` + oneChunk + `]}`
	for name, data := range map[string]string{
		"chunks alone":            `{` + chunks + `}`,
		"members of other types":  `{"recordingDurationMs":"long","recordingFormatType":7,"sessionEndReason":{},` + chunks + `}`,
		"members that are new":    `{"hologram":[1],` + chunks + `}`,
		"a duration before 0":     `{"recordingDurationMs":-1,` + chunks + `}`,
		"a duration beyond years": `{"recordingDurationMs":9223372036854775807,` + chunks + `}`,
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ParseFinished([]byte(finishedData(data)))
			if err != nil {
				t.Fatal(err)
			}
			want := Finished{
				Key: got.Key, RecordingID: "r", CallID: "c",
				Chunks: []events.RecordingChunk{{DocumentID: "d", ContentLocation: "https://h/d"}},
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestWhatIsNoFinishedRecording(t *testing.T) {
	long := strings.Repeat("x", maxText+1)
	tests := []struct {
		name, doc, err string
	}{
		{"no recording id", strings.Replace(finishedChunks("["+oneChunk+"]"), "recordingId", "other", 1),
			"recording without recordingId"},
		{"no subject", `{"eventType":"Microsoft.Communication.RecordingFileStatusUpdated"}`, "recording without recordingId"},
		{"a recording id beyond measure", finishedData(`{"recordingId":"` + long + `"}`),
			"recording with a recordingId of more than 4096 bytes"},
		{"no data", finishedData(`null`), "recording without recordingChunks"},
		{"no chunks", finishedChunks(`[]`), "recording without recordingChunks"},
		{"chunks of another type", finishedChunks(`"two"`), "recording without recordingChunks"},
		{"a chunk that is none", finishedChunks(`[` + oneChunk + `,7]`), "recording: chunk 1 without documentId"},
		{"a chunk without a document", finishedChunks(`[` + oneChunk + `,{"contentLocation":"https://h/d"}]`),
			"recording: chunk 1 without documentId"},
		{"a chunk without content", finishedChunks(`[{"documentId":"d"}]`), "recording: chunk 0 without contentLocation"},
		{"a document id beyond measure", finishedChunks(`[{"documentId":"` + long + `"}]`),
			"recording: chunk 0 with a documentId of more than 4096 bytes"},
		{"a content location beyond measure", finishedChunks(`[{"documentId":"d","contentLocation":"` + long + `"}]`),
			"recording: chunk 0 with a contentLocation of more than 4096 bytes"},
		{"a metadata location beyond measure",
			finishedChunks(`[{"documentId":"d","contentLocation":"https://h/d","metadataLocation":"` + long + `"}]`),
			"recording: chunk 0 with a metadataLocation of more than 4096 bytes"},
		{"a delete location beyond measure",
			finishedChunks(`[{"documentId":"d","contentLocation":"https://h/d","deleteLocation":"` + long + `"}]`),
			"recording: chunk 0 with a deleteLocation of more than 4096 bytes"},
		{"too many chunks", finishedChunks(`[` + strings.Repeat(oneChunk+",", maxChunks) + oneChunk + `]`),
			"recording with 401 chunks, more than 400"},
		{"one of several events", `[{"type":"Microsoft.Communication.CallEnded"},` + finishedEvent + `]`,
			"recording among 2 events"},
		{"a time that is none", finishedData(`{"recordingStartTime":"noon"}`),
			`recording: event 0: parsing time "noon" as "2006-01-02T15:04:05Z07:00": cannot parse "noon" as "2006"`},
		{"no JSON", `nonsense`, "recording: invalid character 'o' in literal null (expecting 'u')"},
		{"nothing", ``, "recording: unexpected end of JSON input"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParseFinished([]byte(tt.doc))
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
		if _, err := ParseFinished([]byte(other)); !errors.Is(err, ErrNotOurs) {
			t.Errorf("%s: err = %v, want ErrNotOurs", other, err)
		}
	}
}

func TestFinishedRecordingsAreBounded(t *testing.T) {
	long := strings.Repeat("ü", maxText)
	got, err := ParseFinished(fmt.Appendf(nil, `{"id":"e1","eventType":"Microsoft.Communication.RecordingFileStatusUpdated",
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
			t.Errorf("of text %d are %d bytes kept", i, len(text))
		}
	}
	most := finishedChunks(`[` + strings.Repeat(oneChunk+",", maxChunks-1) + oneChunk + `]`)
	if got, err = ParseFinished([]byte(most)); err != nil || len(got.Chunks) != maxChunks {
		t.Errorf("%d chunks, %v", len(got.Chunks), err)
	}
}

func TestTheKeyOfAFinishedRecording(t *testing.T) {
	key := func(id, eventTime string) string {
		t.Helper()
		got, err := ParseFinished(fmt.Appendf(nil, `{"id":%q,"eventType":"Microsoft.Communication.RecordingFileStatusUpdated",
			"eventTime":%q,"subject":"/recordingId/r","data":{"recordingStorageInfo":{"recordingChunks":[%s]}}}`,
			id, eventTime, oneChunk))
		if err != nil {
			t.Fatal(err)
		}
		return got.Key
	}
	if key("e1", "t") != key("e1", "u") {
		t.Error("one id, two keys")
	}
	if key("e1", "t") == key("e2", "t") {
		t.Error("two ids, one key")
	}
	if key("", "t") == key("", "u") {
		t.Error("without an id, the key is of the time")
	}
}

func TestMessagesAreReadPlainAndAsBase64(t *testing.T) {
	encoded := base64.StdEncoding.EncodeToString([]byte(finishedEvent))
	for _, tt := range []struct{ name, text, want string }{
		{"JSON", finishedEvent, finishedEvent},
		{"base64 of JSON", encoded, finishedEvent},
		{"base64 in lines", "\n" + encoded[:76] + "\r\n" + encoded[76:] + "\n", finishedEvent},
		{"JSON amid blanks", " {} \n", "{}"},
		{"JSON that could be base64", "1234", "1234"},
		{"a word of JSON that could be base64", "null", "null"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Message(tt.text)
			if err != nil || string(got) != tt.want {
				t.Errorf("%s, %v; want %s", got, err, tt.want)
			}
		})
	}
}

func TestWhatIsNoMessage(t *testing.T) {
	encode := base64.StdEncoding.EncodeToString
	for name, text := range map[string]string{
		"nothing":                "",
		"blanks":                 " \n",
		"neither":                "hello, world",
		"part of JSON":           `{"id":`,
		"base64 of nonsense":     encode([]byte("nonsense")),
		"base64 of part of JSON": encode([]byte(`{"id":`)),
		"base64 without its end": encode([]byte(finishedEvent))[:401],
		"base64 of base64":       encode([]byte(encode([]byte(`{}`)))),
	} {
		t.Run(name, func(t *testing.T) {
			const want = "message is neither JSON nor base64 of JSON"
			if got, err := Message(text); err == nil || err.Error() != want {
				t.Errorf("%s, %v", got, err)
			}
		})
	}
}

func FuzzParseFinished(f *testing.F) {
	f.Add([]byte(finishedEvent))
	f.Add([]byte(finishedChunks(`[{"documentId":7,"index":"x"},null]`)))
	f.Add([]byte(`[{"type":"Microsoft.Communication.RecordingFileStatusUpdated","time":"x","subject":"/recordingId/","data":[]}]`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		got, err := ParseFinished(doc)
		if err != nil {
			return
		}
		if got.RecordingID == "" || got.Key == "" || got.Duration < 0 ||
			len(got.Chunks) == 0 || len(got.Chunks) > maxChunks {
			t.Errorf("%+v", got)
		}
		for _, c := range got.Chunks {
			if c.DocumentID == "" || c.ContentLocation == "" || len(c.ContentLocation) > maxText {
				t.Errorf("%+v", c)
			}
		}
		if again, err := ParseFinished(doc); err != nil || !cmp.Equal(again, got) {
			t.Errorf("again: %+v, %v", again, err)
		}
	})
}

func FuzzMessage(f *testing.F) {
	f.Add(finishedEvent)
	f.Add(base64.StdEncoding.EncodeToString([]byte(finishedEvent)))
	f.Add("1234")
	f.Fuzz(func(t *testing.T, text string) {
		doc, err := Message(text)
		if err != nil {
			return
		}
		if !json.Valid(doc) {
			t.Fatalf("%q", doc)
		}
		encoded, err := Message(base64.StdEncoding.EncodeToString(doc))
		if err != nil || string(encoded) != string(doc) {
			t.Errorf("as base64: %q, %v; as it is: %q", encoded, err, doc)
		}
	})
}
