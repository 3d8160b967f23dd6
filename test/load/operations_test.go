package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"switchboard/test/azurite"
	"switchboard/test/faultproxy"
)

func TestStorageOperationsAreCountedByKindAndBySender(t *testing.T) {
	account := azurite.Account{
		Name: "acc1", TableURL: "http://127.0.0.1:1/acc1", QueueURL: "http://127.0.0.1:2/acc1", BlobURL: "http://127.0.0.1:3/acc1",
	}
	tests := []struct {
		name               string
		port, method, path string
		comp               string
		want               kind
		byHost             bool
	}{
		{"a row is read", "1", "GET", "/acc1/calls(PartitionKey='a',RowKey='call')", "", kindTableRead, false},
		{"rows are listed", "1", "GET", "/acc1/worklist()", "", kindTableRead, false},
		{"a row is inserted", "1", "POST", "/acc1/worklist", "", kindTableWrite, false},
		{"a row is deleted", "1", "DELETE", "/acc1/worklist(PartitionKey='00',RowKey='a')", "", kindTableWrite, false},
		{"rows are written together", "1", "POST", "/acc1/$batch", "", kindTableTransaction, false},
		{"messages are received", "2", "GET", "/acc1/recordings/messages", "", kindQueue, true},
		{"a document is read", "3", "GET", "/acc1/catalog/routes.json", "", kindBlobRead, false},
		{"a block is put", "3", "PUT", "/acc1/recordings/2026/11/30/a.wav", "block", kindBlobWrite, false},
		{"a blob is put", "3", "PUT", "/acc1/recordings/2026/11/30/a.wav.json", "", kindBlobWrite, false},
		{"blobs are listed", "3", "GET", "/acc1/catalog", "list", kindBlobWrite, false},
		{"a lease is renewed", "3", "PUT", "/acc1/azure-webjobs-hosts/locks/sweep", "lease", kindBlobOther, true},
		{"properties are asked for", "3", "HEAD", "/acc1/recordings/2026/11/30/a.wav", "", kindBlobOther, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			q := faultproxy.Request{Target: "127.0.0.1:" + tt.port, Method: tt.method, Path: tt.path, Comp: tt.comp, Sent: 3, Received: 5}
			toACS := faultproxy.Request{Target: "127.0.0.1:4", Method: "POST", Path: "/calling/callConnections:answer", Sent: 1}
			handler, host := countStorage([]faultproxy.Request{q, toACS, q}, account)
			want := operations{tt.want: {2, 6, 10}}
			by, other := handler, host
			if tt.byHost {
				by, other = host, handler
			}
			if d := cmp.Diff(want, by); d != "" || len(other) > 0 {
				t.Errorf("counted (-want +got), and %v of the other:\n%s", other, d)
			}
		})
	}
}
