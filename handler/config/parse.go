package config

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"switchboard/handler/acs"
)

// pattern is a regular expression and its meaning in words.
type pattern struct {
	*regexp.Regexp
	words string
}

var (
	guid = pattern{regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`), "a GUID"}
	// Source: https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
	accountName = pattern{regexp.MustCompile(`^[a-z0-9]{3,24}$`), "the name of a storage account"}
	keyID       = regexp.MustCompile(`^[A-Za-z0-9_-]{1,16}$`)
	number      = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`) // E.164
	rawID       = regexp.MustCompile(`^[0-9]+:\S+$`)
	// hostName is a host's name or IPv4 address, or a dot and a domain for all its hosts. A top-level domain
	// is refused, because credentials are sent to all hosts.
	hostName = regexp.MustCompile(`^([a-z0-9-]+(\.[a-z0-9-]+)*|(\.[a-z0-9-]+){2,})$`)
)

// text returns a setter for a field whose value must match p.
func text(p pattern, field func(*Config) *string) func(*Config, string) error {
	return func(c *Config, value string) error {
		if !p.MatchString(value) {
			return fmt.Errorf("is not %s", p.words)
		}
		*field(c) = value
		return nil
	}
}

// address returns a setter for a field that holds an absolute URL. It removes a trailing slash. It accepts
// plain http, which plainIsLocal checks later.
func address(field func(*Config) *string) func(*Config, string) error {
	return func(c *Config, value string) error {
		u, err := url.Parse(value)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" ||
			u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
			// Without the value, which may be a connection string by mistake.
			return errors.New("is not an https URL of host and path alone")
		}
		*field(c) = strings.TrimRight(value, "/")
		return nil
	}
}

// issuer sets the issuer's URL without any change, because tokens must contain exactly the same.
func issuer(c *Config, value string) error {
	set := address(func(c *Config) *string { return &c.ACS.Issuer })
	if err := set(c, value); err != nil {
		return err
	}
	c.ACS.Issuer = value
	return nil
}

// secureAddress returns a setter like that of address which refuses plain http.
func secureAddress(field func(*Config) *string) func(*Config, string) error {
	set := address(field)
	return func(c *Config, value string) error {
		if isPlain(value) {
			return errors.New("must be https")
		}
		return set(c, value)
	}
}

// hostname sets the callbacks' base URL from the app's host name.
func hostname(c *Config, value string) error {
	scheme := "https://"
	if isLoopback("http://" + value) {
		scheme = "http://"
	}
	return address(func(c *Config) *string { return &c.Callbacks.BaseURL })(c, scheme+value)
}

func isPlain(address string) bool { return strings.HasPrefix(strings.ToLower(address), "http://") }

func isLoopback(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return err == nil && ip.IsLoopback() || strings.EqualFold(u.Hostname(), "localhost")
}

// connectionString sets the connection string. It expands Azurite's short form, which the SDKs for Go do not
// know.
func connectionString(c *Config, value string) error {
	if strings.EqualFold(strings.TrimRight(value, ";"), "UseDevelopmentStorage=true") {
		value = azurite()
	}
	for field := range strings.SplitSeq(strings.TrimRight(value, ";"), ";") {
		if name, _, ok := strings.Cut(field, "="); !ok || name == "" {
			return errors.New("is not a connection string")
		}
	}
	c.Storage.ConnectionString = Secret(value)
	return nil
}

// azurite returns the connection string of an Azurite on its default ports. Its account and key are public.
//
// Source: https://learn.microsoft.com/azure/storage/common/storage-connect-azurite
func azurite() string {
	const (
		account = "devstoreaccount1"
		key     = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
	)
	endpoint := func(port string) string { return "http://127.0.0.1:" + port + "/" + account }
	return "DefaultEndpointsProtocol=http;AccountName=" + account + ";AccountKey=" + key +
		";BlobEndpoint=" + endpoint("10000") +
		";QueueEndpoint=" + endpoint("10001") +
		";TableEndpoint=" + endpoint("10002")
}

func accessKey(c *Config, value string) error {
	if _, err := base64.StdEncoding.DecodeString(value); err != nil {
		return errors.New("is not base64")
	}
	c.ACS.AccessKey = Secret(value)
	return nil
}

// minKey is the least length of a signing secret, in bytes: the length of the hash it is used with.
const minKey = 32

// keys sets the signing keys from "id:base64,id:base64".
func keys(c *Config, value string) error {
	var keys []Key
	for i, entry := range strings.Split(value, ",") {
		id, encoded, ok := strings.Cut(strings.TrimSpace(entry), ":")
		if !ok || !keyID.MatchString(id) {
			return fmt.Errorf("has no id of 1 to 16 letters, digits, - and _ in front of key %d", i+1)
		}
		secret, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			return fmt.Errorf("has a key %d that is not base64", i+1)
		}
		if len(secret) < minKey {
			return fmt.Errorf("has a key %d of fewer than %d bytes", i+1, minKey)
		}
		keys = append(keys, Key{id, Secret(secret)})
	}
	if len(keys) > 2 {
		return errors.New("has more than two keys")
	}
	if len(keys) == 2 && keys[0].ID == keys[1].ID {
		return errors.New("has two keys with one id")
	}
	c.Callbacks.Keys = keys
	return nil
}

// lines sets the lines from raw ids and numbers. It turns numbers into raw ids.
func lines(c *Config, value string) error {
	for i, line := range strings.Split(value, ",") {
		line = strings.TrimSpace(line)
		switch {
		case number.MatchString(line):
			line = acs.PhoneNumber(line).RawID()
		case !rawID.MatchString(line):
			return fmt.Errorf("has an entry %d that is neither a raw id nor a number with + and country code", i+1)
		}
		c.Lines = append(c.Lines, line)
	}
	return nil
}

// lineCalls sets the limit of calls on a line.
func lineCalls(c *Config, value string) error {
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 || n > 1000 {
		return errors.New("is not a whole number from 1 to 1000")
	}
	c.LineCalls = n
	return nil
}

// recordingHosts sets the hosts of recordings.
func recordingHosts(c *Config, value string) error {
	for i, host := range strings.Split(value, ",") {
		host = strings.ToLower(strings.TrimSpace(host))
		if !hostName.MatchString(host) {
			return fmt.Errorf("has an entry %d that is neither the name of a host nor a dot and a domain", i+1)
		}
		c.RecordingHosts = append(c.RecordingHosts, host)
	}
	return nil
}
