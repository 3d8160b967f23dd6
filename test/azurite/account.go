package azurite

import (
	"fmt"
	"strings"
)

// The account that every Azurite has.
// Source: https://learn.microsoft.com/azure/storage/common/storage-use-azurite
const (
	knownAccount = "devstoreaccount1"
	knownKey     = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)

// The accounts beside it. Azurite learns of them at its start, so there are many;
// their names and their key are short, because Windows takes no more than 32,767
// characters in a variable.
const (
	accounts = 2000
	key      = "a2V5"
)

// Account is one storage account of an Azurite: its tables, containers and queues
// are nobody else's, whatever they are called. With other addresses it is the
// same account by way of proxies.
type Account struct {
	Name string
	Key  string // in base64; nothing secret
	// The addresses of its services, without a slash at the end.
	BlobURL, QueueURL, TableURL string
}

// ConnectionString is what the Azure SDKs and the setting AzureWebJobsStorage take.
func (a Account) ConnectionString() string {
	return "DefaultEndpointsProtocol=http;AccountName=" + a.Name + ";AccountKey=" + a.Key +
		";BlobEndpoint=" + a.BlobURL + ";QueueEndpoint=" + a.QueueURL + ";TableEndpoint=" + a.TableURL + ";"
}

// ConnectionString names the well-known account of an Azurite by addresses that may
// be those of proxies.
func ConnectionString(blobURL, queueURL, tableURL string) string {
	return Account{knownAccount, knownKey, blobURL, queueURL, tableURL}.ConnectionString()
}

// NewAccount returns an account that is empty and that nobody else in this process
// gets. It may be called concurrently. The server has some thousand of them; it
// fails when they are used up.
func (s *Server) NewAccount() (Account, error) {
	n := s.given.Add(1)
	if n > accounts {
		return Account{}, fmt.Errorf("azurite: all %d accounts are in use", accounts)
	}
	name := accountName(n)
	of := func(known string) string { return strings.TrimSuffix(known, knownAccount) + name }
	return Account{name, key, of(s.BlobURL), of(s.QueueURL), of(s.TableURL)}, nil
}

// accountName is the name of the n-th account, from 1.
func accountName(n int64) string { return fmt.Sprintf("acc%d", n) }

// accountList names all accounts as the variable AZURITE_ACCOUNTS does.
// Source: https://learn.microsoft.com/azure/storage/common/storage-use-azurite
func accountList() string {
	var list strings.Builder
	list.WriteString(knownAccount + ":" + knownKey)
	for n := range int64(accounts) {
		list.WriteString(";" + accountName(n+1) + ":" + key)
	}
	return list.String()
}
