package azurite

import (
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"
)

func TestAccountsAreSeparate(t *testing.T) {
	server := ForTest(t)
	tests := []struct {
		name string
		put  func(t *testing.T, a Account) (things int)
	}{
		{"two tables of one name", putEntity},
		{"two containers of one name", putBlob},
		{"two queues of one name", putMessage},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for range 2 {
				a, err := server.NewAccount()
				if err != nil {
					t.Fatal(err)
				}
				if n := tt.put(t, a); n != 1 {
					t.Errorf("%s holds %d after the first, want 1", a.Name, n)
				}
			}
		})
	}
}

// name is the name of all tables, containers and queues in these tests.
const name = "fixed"

// putEntity creates a table, adds an entity and returns the number of entities.
func putEntity(t *testing.T, a Account) int {
	t.Helper()
	service, err := aztables.NewServiceClientFromConnectionString(a.ConnectionString(), nil)
	must(t, err)
	_, err = service.CreateTable(t.Context(), name, nil)
	must(t, err)
	table := service.NewClient(name)
	_, err = table.AddEntity(t.Context(), []byte(`{"PartitionKey":"p","RowKey":"r"}`), nil)
	must(t, err)
	page, err := table.NewListEntitiesPager(nil).NextPage(t.Context())
	must(t, err)
	return len(page.Entities)
}

// putBlob creates a container, adds a blob and returns the number of blobs.
func putBlob(t *testing.T, a Account) int {
	t.Helper()
	client, err := azblob.NewClientFromConnectionString(a.ConnectionString(), nil)
	must(t, err)
	_, err = client.CreateContainer(t.Context(), name, nil)
	must(t, err)
	_, err = client.UploadBuffer(t.Context(), name, "blob", []byte("content"), nil)
	must(t, err)
	page, err := client.NewListBlobsFlatPager(name, nil).NextPage(t.Context())
	must(t, err)
	return len(page.Segment.BlobItems)
}

// putMessage creates a queue, adds a message and returns the number of messages.
func putMessage(t *testing.T, a Account) int {
	t.Helper()
	queue, err := azqueue.NewQueueClientFromConnectionString(a.ConnectionString(), name, nil)
	must(t, err)
	_, err = queue.Create(t.Context(), nil)
	must(t, err)
	_, err = queue.EnqueueMessage(t.Context(), "text", nil)
	must(t, err)
	page, err := queue.PeekMessages(t.Context(), &azqueue.PeekMessagesOptions{NumberOfMessages: new(int32(32))})
	must(t, err)
	return len(page.Messages)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestNewAccountFailsWhenAllAreInUse(t *testing.T) {
	s := &Server{}
	s.given.Store(accounts)
	if a, err := s.NewAccount(); err == nil {
		t.Errorf("account %s, want an error", a.Name)
	}
}

func TestTheAccountListFitsIntoAVariableOnWindows(t *testing.T) {
	if n := len(accountList()); n > 32_767 {
		t.Errorf("the list has %d characters, want 32,767 at most", n)
	}
}
