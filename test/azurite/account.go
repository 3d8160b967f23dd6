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

// The other accounts. Azurite reads them at its start, so there are many. Their names
// and their key are short, because Windows allows at most 32,767 characters in an
// environment variable.
const (
	accounts = 2000
	key      = "a2V5"
)

// Account is one storage account of an Azurite. Its tables, containers and queues
// are separate from those of other accounts, also under the same names. The addresses
// may be those of proxies.
type Account struct {
	Name string
	Key  string // in base64; not secret
	// BlobURL, QueueURL and TableURL are the addresses of the services, without a
	// slash at the end.
	BlobURL, QueueURL, TableURL string
}

// ConnectionString returns the account's connection string, for the Azure SDKs and
// the setting AzureWebJobsStorage.
func (a Account) ConnectionString() string {
	return "DefaultEndpointsProtocol=http;AccountName=" + a.Name + ";AccountKey=" + a.Key +
		";BlobEndpoint=" + a.BlobURL + ";QueueEndpoint=" + a.QueueURL + ";TableEndpoint=" + a.TableURL + ";"
}

// ConnectionString returns a connection string of the well-known account. The
// addresses may be those of proxies.
func ConnectionString(blobURL, queueURL, tableURL string) string {
	return Account{knownAccount, knownKey, blobURL, queueURL, tableURL}.ConnectionString()
}

// NewAccount returns an empty account, in this process a different one each time. It
// may be called concurrently. It fails when all of the server's accounts are in
// use.
func (s *Server) NewAccount() (Account, error) {
	n := s.given.Add(1)
	if n > accounts {
		return Account{}, fmt.Errorf("azurite: all %d accounts are in use", accounts)
	}
	name := accountName(n)
	of := func(known string) string { return strings.TrimSuffix(known, knownAccount) + name }
	return Account{name, key, of(s.BlobURL), of(s.QueueURL), of(s.TableURL)}, nil
}

// accountName returns the name of the n-th account, from 1.
func accountName(n int64) string { return fmt.Sprintf("acc%d", n) }

// accountList returns all accounts in the form of the variable AZURITE_ACCOUNTS.
// Source: https://learn.microsoft.com/azure/storage/common/storage-use-azurite
func accountList() string {
	var list strings.Builder
	list.WriteString(knownAccount + ":" + knownKey)
	for n := range int64(accounts) {
		list.WriteString(";" + accountName(n+1) + ":" + key)
	}
	return list.String()
}
