package config

import (
	neturl "net/url"
	"strings"
	"testing"
)

func FuzzLoad(f *testing.F) {
	f.Add("UseDevelopmentStorage=true", "http://127.0.0.1:8080", "dev:"+encodedKey("a"),
		"+12065550100,28:orgid:8f1e", "30s", "2", "127.0.0.1")
	f.Add(testConnection, "https://a.example/x/", "a:"+encodedKey("a")+",b:"+encodedKey("b"), "4:x", "1h", "1000",
		"media.example,.contoso.example")
	f.Fuzz(func(t *testing.T, connection, url, keys, lines, duration, calls, hosts string) {
		c, err := Load(env("AzureWebJobsStorage", connection, "ACS_ENDPOINT", url, "CALLBACK_BASE_URL", url,
			"CALLBACK_KEYS", keys, "LINES", lines, "PROMPT_TIMEOUT", duration,
			"LINE_CALLS", calls, "RECORDING_HOSTS", hosts))
		if err != nil {
			checkNoSecret(t, err, connection, keys)
			return
		}
		checkKeys(t, c.Callbacks.Keys)
		if c.LineCalls < 1 || c.LineCalls > 1000 {
			t.Errorf("%d calls on a line", c.LineCalls)
		}
		for _, host := range c.RecordingHosts {
			checkRecordingHost(t, host)
		}
		if strings.HasSuffix(c.ACS.Endpoint, "/") || isPlain(c.ACS.Endpoint) && !isLoopback(c.Callbacks.BaseURL) {
			t.Errorf("endpoint %q, callbacks %q", c.ACS.Endpoint, c.Callbacks.BaseURL)
		}
	})
}

// checkNoSecret checks that an error shows none of the secrets.
func checkNoSecret(t *testing.T, err error, secrets ...string) {
	t.Helper()
	for _, secret := range secrets {
		if len(secret) > 20 && strings.Contains(err.Error(), secret) {
			t.Errorf("error %v, want no secret in it", err)
		}
	}
}

// checkKeys checks the keys of valid settings.
func checkKeys(t *testing.T, keys []Key) {
	t.Helper()
	if n := len(keys); n < 1 || n > 2 {
		t.Errorf("%d keys", n)
	}
	for _, k := range keys {
		if len(k.Secret) < minKey || k.ID == "" {
			t.Errorf("key %q of %d bytes", k.ID, len(k.Secret))
		}
	}
}

// checkRecordingHost checks one host of recordings of valid settings.
func checkRecordingHost(t *testing.T, host string) {
	t.Helper()
	domain, all := strings.CutPrefix(host, ".")
	if u, err := neturl.Parse("https://" + domain); err != nil || u.Hostname() != domain || domain == "" ||
		all && !strings.Contains(domain, ".") {
		t.Errorf("host of recordings %q", host)
	}
}
