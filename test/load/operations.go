package main

import (
	"net/http"
	"net/url"
	"strings"

	"switchboard/test/azurite"
	"switchboard/test/faultproxy"
	"switchboard/test/rig"
)

// kind is a kind of storage operation. Those of one kind have one price.
type kind string

const (
	kindTableRead        kind = "table read"
	kindTableWrite       kind = "table write" // of one row
	kindTableTransaction kind = "table transaction"
	kindQueue            kind = "queue"
	kindBlobRead         kind = "blob read"
	kindBlobWrite        kind = "blob write"
	kindBlobOther        kind = "blob other" // leases, properties, deletions
)

// kinds is the order in which they are printed.
var kinds = []kind{
	kindTableRead, kindTableWrite, kindTableTransaction, kindQueue, kindBlobRead, kindBlobWrite, kindBlobOther,
}

// tally counts operations, with the bytes of their bodies and of the answers' bodies.
type tally struct {
	Operations int   `json:"operations"`
	Sent       int64 `json:"sent"`
	Received   int64 `json:"received"`
}

// operations are counted by kind.
type operations map[kind]tally

func (o operations) add(k kind, t tally) {
	sum := o[k]
	o[k] = tally{sum.Operations + t.Operations, sum.Sent + t.Sent, sum.Received + t.Received}
}

// join adds the counts of other.
func (o operations) join(other operations) {
	for k, t := range other {
		o.add(k, t)
	}
}

// total returns the sum over all kinds.
func (o operations) total() tally {
	var sum tally
	for _, t := range o {
		sum = tally{sum.Operations + t.Operations, sum.Sent + t.Sent, sum.Received + t.Received}
	}
	return sum
}

// countStorage counts the storage operations among requests, those of the handler and
// those of the host. Others are to ACS.
func countStorage(requests []faultproxy.Request, account azurite.Account) (handler, host operations) {
	tables, queues, blobs := hostOf(account.TableURL), hostOf(account.QueueURL), hostOf(account.BlobURL)
	handler, host = operations{}, operations{}
	for _, q := range requests {
		var k kind
		switch q.Target {
		case tables:
			k = tableKind(q)
		case queues:
			k = kindQueue
		case blobs:
			k = blobKind(q)
		default:
			continue
		}
		by := host
		if rig.FromHandler(q.Method, q.Path) {
			by = handler
		}
		by.add(k, tally{1, q.Sent, q.Received})
	}
	return handler, host
}

// tableKind returns the kind of a request to Table Storage.
func tableKind(q faultproxy.Request) kind {
	switch {
	case q.Method == http.MethodGet:
		return kindTableRead
	case q.Method == http.MethodPost && strings.HasSuffix(q.Path, "/$batch"):
		return kindTableTransaction
	}
	return kindTableWrite
}

// blobKind returns the kind of a request to Blob Storage.
//
// Source: azure.microsoft.com/pricing/details/storage/blobs, "Operations and data transfer": putting a blob, a block or
// a list of blocks, creating a container, and listing are write operations; getting a blob is a read operation.
func blobKind(q faultproxy.Request) kind {
	switch {
	case q.Comp == "list":
		return kindBlobWrite
	case q.Method == http.MethodGet:
		return kindBlobRead
	case q.Method == http.MethodPut && (q.Comp == "" || q.Comp == "block" || q.Comp == "blocklist"):
		return kindBlobWrite
	}
	return kindBlobOther
}

// hostOf returns the host and port of an address.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}
