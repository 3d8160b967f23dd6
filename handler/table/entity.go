package table

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
)

// writeEntity returns e, which has passed CheckWrites, in the JSON of aztables: the document's parts and the
// columns as properties. Integers are written as Edm.Int64, because a plain JSON number is rounded above
// 2^53.
func writeEntity(e Entity) ([]byte, error) {
	parts, err := splitDoc(e.Doc)
	if err != nil {
		return nil, err
	}
	properties := make(map[string]any, len(parts)+len(e.Columns))
	for i, part := range parts {
		properties[docName(i)] = part
	}
	for name, v := range e.Columns {
		switch v := v.(type) {
		case int64:
			properties[name] = aztables.EDMInt64(v)
		case time.Time:
			properties[name] = aztables.EDMDateTime(ColumnTime(v))
		default:
			properties[name] = v
		}
	}
	return json.Marshal(aztables.EDMEntity{
		Entity:     aztables.Entity{PartitionKey: e.Key.Partition, RowKey: e.Key.Row},
		Properties: properties,
	})
}

// readEntity returns the row that data holds in the JSON of aztables.
func readEntity(data []byte) (Entity, error) {
	var row aztables.EDMEntity
	if err := json.Unmarshal(data, &row); err != nil {
		return Entity{}, fmt.Errorf("read row: %w", err)
	}
	e := Entity{
		Key:  Key{row.PartitionKey, row.RowKey},
		ETag: row.ETag,
		Doc:  joinDoc(row.Properties),
	}
	for name, v := range row.Properties {
		if strings.HasPrefix(name, "Doc") {
			continue
		}
		switch u := v.(type) {
		case aztables.EDMInt64:
			v = int64(u)
		case aztables.EDMDateTime:
			v = time.Time(u).UTC()
		case string, bool:
		default:
			continue // written by another program: Switchboard writes no other type
		}
		if e.Columns == nil {
			e.Columns = make(map[string]any)
		}
		e.Columns[name] = v
	}
	return e, nil
}
