package rig

import "testing"

func TestFromHandlerDistinguishesRequestsOfTheHandlerAndOfTheHost(t *testing.T) {
	tests := []struct {
		name         string
		method, path string
		handler      bool
	}{
		{"the handler makes a table", "POST", "/acc1/Tables", true},
		{"the handler reads a row", "GET", "/acc1/calls(PartitionKey='in-1',RowKey='call')", true},
		{"the handler lists rows", "GET", "/acc1/worklist()", true},
		{"the handler inserts a row", "POST", "/acc1/calls", true},
		{"the handler writes several rows", "POST", "/acc1/$batch", true},
		{"the handler makes a container", "PUT", "/acc1/catalog", true},
		{"the handler reads a document", "GET", "/acc1/catalog/flows%2Freception.json", true},
		{"the handler writes a file of a recording", "PUT", "/acc1/recordings/2026%2F11%2F21%2Fre-5f%2F0000-5f.wav", true},
		{"the handler makes the queue", "PUT", "/acc1/recordings", true},
		{"the handler sends a message", "POST", "/acc1/recordings/messages", true},
		{"the handler answers a call", "POST", "/calling/callConnections:answer", true},
		{"the handler starts a recording", "POST", "/calling/recordings", true},
		{"the handler fetches a recording", "GET", "/v1/objects/0-eus-d1-5f/content/audio", true},
		{"the host looks for the queue", "HEAD", "/acc1/recordings", false},
		{"the host receives messages", "GET", "/acc1/recordings/messages", false},
		{"the host hides a message", "PUT", "/acc1/recordings/messages/5f", false},
		{"the host deletes a message", "DELETE", "/acc1/recordings/messages/5f", false},
		{"the host makes the poison queue", "PUT", "/acc1/recordings-poison", false},
		{"the host keeps a failed message", "POST", "/acc1/recordings-poison/messages", false},
		{"the host renews a lease", "PUT", "/acc1/azure-webjobs-hosts/locks/acc1/Host.Functions.sweep.Listener", false},
		{"the host reads its keys", "GET", "/acc1/azure-webjobs-secrets/acc1/host.json", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := FromHandler(tt.method, tt.path); got != tt.handler {
				t.Errorf("FromHandler(%s, %s) = %t, want %t", tt.method, tt.path, got, tt.handler)
			}
		})
	}
}
