package table_test

import (
	"errors"
	"net/http"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/google/go-cmp/cmp"

	"switchboard/handler/table"
	"switchboard/handler/table/tabletest"
	"switchboard/test/azurite"
	"switchboard/test/faultproxy"
)

func TestAzuriteKeepsTheContract(t *testing.T) {
	tabletest.Run(t, func(t *testing.T) table.Rows {
		account, err := table.Open(azurite.AccountForTest(t).ConnectionString(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := account.Create(t.Context(), "rows"); err != nil {
			t.Fatal(err)
		}
		return account.Table("rows")
	})
}

// The client repeats a write whose answer was lost. The repeated write is refused because the first was
// applied.
func TestARepeatedWriteIsRefused(t *testing.T) {
	storage := azurite.AccountForTest(t)
	target, err := url.Parse(storage.TableURL)
	if err != nil {
		t.Fatal(err)
	}
	var lost atomic.Int64 // the number of the request whose answer is lost
	hook := &faultproxy.Hook{At: func(n int, when faultproxy.When, _ *http.Request) bool {
		return int64(n) == lost.Load() && when == faultproxy.WhenAfter
	}}
	proxy, err := faultproxy.Start(target, hook)
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	storage.TableURL = proxy.URL
	retry := policy.RetryOptions{RetryDelay: time.Millisecond}
	account, err := table.Open(storage.ConnectionString(), &azcore.ClientOptions{Retry: retry})
	if err != nil {
		t.Fatal(err)
	}
	if err := account.Create(t.Context(), "rows"); err != nil {
		t.Fatal(err)
	}
	rows := account.Table("rows")
	view := table.NewTable[guests](rows)
	lose := func(ahead int) { lost.Store(int64(len(hook.Seen()) + ahead)) }

	lose(1)
	if err := view.Save(t.Context(), table.Row[guests]{Key: key}, guests{[]string{"a"}}); !errors.Is(err, table.ErrExists) {
		t.Errorf("Save: %v, want %v", err, table.ErrExists)
	}
	tx := table.Begin(rows)
	view.InsertIn(tx, table.Key{Partition: "p", Row: "s"}, guests{})
	view.InsertIn(tx, table.Key{Partition: "p", Row: "t"}, guests{})
	lose(1)
	if _, err := tx.Commit(t.Context()); !errors.Is(err, table.ErrConflict) {
		t.Errorf("Commit: %v, want %v", err, table.ErrConflict)
	}
	lose(2) // the write, after the read
	got, err := view.Update(t.Context(), key, add("b"))
	if d := cmp.Diff(guests{[]string{"a", "b"}}, got); d != "" || err != nil {
		t.Errorf("Update: %v, value (-want +got):\n%s", err, d)
	}
	row, err := view.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	lose(1)
	if err := view.Delete(t.Context(), row); !errors.Is(err, table.ErrNotFound) {
		t.Errorf("Delete: %v, want %v", err, table.ErrNotFound)
	}
}
