package table

import (
	"strconv"
	"strings"
	"time"
)

// filter returns the query as an OData expression. Every value in it is written by odataLiteral, and every
// column name has passed CheckQuery.
// Source: https://learn.microsoft.com/rest/api/storageservices/querying-tables-and-entities
func (q Query) filter() string {
	terms := []string{"PartitionKey eq " + odataLiteral(q.Partition)}
	if q.From != "" {
		terms = append(terms, "RowKey ge "+odataLiteral(q.From))
	}
	if q.Before != "" {
		terms = append(terms, "RowKey lt "+odataLiteral(q.Before))
	}
	for _, c := range q.Where {
		terms = append(terms, c.Column+" "+string(c.Op)+" "+odataLiteral(c.Value))
	}
	return strings.Join(terms, " and ")
}

// odataLiteral returns a column's value as a literal of OData. It panics on a type that CheckQuery refuses.
func odataLiteral(v any) string {
	switch v := v.(type) {
	case string:
		return "'" + strings.ReplaceAll(v, "'", "''") + "'"
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return strconv.FormatInt(v, 10) + "L"
	case time.Time:
		return "datetime'" + ColumnTime(v).Format("2006-01-02T15:04:05.000Z") + "'"
	}
	panic("table: value of an unchecked type in a filter")
}
