package table

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
)

// azureTable is Rows in Table Storage.
type azureTable struct {
	name   string
	client *aztables.Client
}

func (t *azureTable) Get(ctx context.Context, k Key) (Entity, error) {
	if err := k.Check(); err != nil {
		return Entity{}, err
	}
	resp, err := t.client.GetEntity(ctx, k.Partition, k.Row, nil)
	if err != nil {
		return Entity{}, wrap("get", t.name, err)
	}
	e, err := readEntity(resp.Value)
	if err != nil {
		return Entity{}, wrap("get", t.name, err)
	}
	e.ETag = string(resp.ETag)
	return e, nil
}

func (t *azureTable) List(ctx context.Context, q Query) (Page, error) {
	if err := CheckQuery(q); err != nil {
		return Page{}, err
	}
	o := &aztables.ListEntitiesOptions{Filter: new(q.filter())}
	if q.Limit > 0 {
		o.Top = new(int32(q.Limit))
	}
	if q.After != "" {
		partition, row, err := readToken(q.After)
		if err != nil {
			return Page{}, err
		}
		o.NextPartitionKey, o.NextRowKey = partition, row
	}
	resp, err := t.client.NewListEntitiesPager(o).NextPage(ctx)
	if err != nil {
		return Page{}, wrap("list", t.name, err)
	}
	page := Page{Next: token(resp.NextPartitionKey, resp.NextRowKey)}
	for _, data := range resp.Entities {
		e, err := readEntity(data)
		if err != nil {
			return Page{}, wrap("list", t.name, err)
		}
		page.Entities = append(page.Entities, e)
	}
	return page, nil
}

func (t *azureTable) Apply(ctx context.Context, writes ...Write) ([]string, error) {
	if err := CheckWrites(writes...); err != nil {
		return nil, err
	}
	switch len(writes) {
	case 0:
		return nil, nil
	case 1:
		etag, err := t.write(ctx, writes[0])
		if err != nil {
			return nil, wrap("write", t.name, err)
		}
		return []string{string(etag)}, nil
	}
	etags, err := t.transact(ctx, writes)
	if err != nil {
		return nil, conflict(wrap("transaction", t.name, err))
	}
	return etags, nil
}

// write performs a single write. It sets IfMatch for Replace and Delete: without it UpdateEntity and
// DeleteEntity have no condition.
func (t *azureTable) write(ctx context.Context, w Write) (azcore.ETag, error) {
	k, ifMatch := w.Entity.Key, azcore.ETag(w.Entity.ETag)
	if w.Kind == WriteDelete {
		_, err := t.client.DeleteEntity(ctx, k.Partition, k.Row, &aztables.DeleteEntityOptions{IfMatch: &ifMatch})
		return "", err
	}
	data, err := writeEntity(w.Entity)
	if err != nil {
		return "", err
	}
	switch w.Kind {
	case WriteInsert:
		// Without this the service sends the whole row back.
		ctx = policy.WithHTTPHeader(ctx, http.Header{"Prefer": {"return-no-content"}})
		resp, err := t.client.AddEntity(ctx, data, nil)
		return resp.ETag, err
	case WriteReplace:
		resp, err := t.client.UpdateEntity(ctx, data, &aztables.UpdateEntityOptions{
			IfMatch: &ifMatch, UpdateMode: aztables.UpdateModeReplace,
		})
		return resp.ETag, err
	default: // WritePut: CheckWrites accepts no other kind
		resp, err := t.client.UpsertEntity(ctx, data, &aztables.UpsertEntityOptions{
			UpdateMode: aztables.UpdateModeReplace,
		})
		return resp.ETag, err
	}
}

// token returns a continuation token for the keys with which the service says where the next page begins.
// They may hold any character, and the row key may be missing.
func token(partition, row *string) string {
	if partition == nil || *partition == "" {
		return ""
	}
	data, _ := json.Marshal([2]*string{partition, row}) // strings do not fail
	return base64.RawURLEncoding.EncodeToString(data)
}

func readToken(s string) (partition, row *string, err error) {
	data, err := base64.RawURLEncoding.DecodeString(s)
	var pair []*string
	if err != nil || json.Unmarshal(data, &pair) != nil || len(pair) != 2 || pair[0] == nil {
		return nil, nil, fmt.Errorf("%w: continuation token", ErrInvalid)
	}
	return pair[0], pair[1], nil
}
