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
			for _, secret := range []string{connection, keys} {
				if len(secret) > 20 && strings.Contains(err.Error(), secret) {
					t.Errorf("a secret is in %v", err)
				}
			}
			return
		}
		if n := len(c.Callbacks.Keys); n < 1 || n > 2 {
			t.Errorf("%d keys", n)
		}
		for _, k := range c.Callbacks.Keys {
			if len(k.Secret) < minKey || k.ID == "" {
				t.Errorf("key %q of %d bytes", k.ID, len(k.Secret))
			}
		}
		if c.LineCalls < 1 || c.LineCalls > 1000 {
			t.Errorf("%d calls on a line", c.LineCalls)
		}
		for _, host := range c.RecordingHosts {
			domain, all := strings.CutPrefix(host, ".")
			if u, err := neturl.Parse("https://" + domain); err != nil || u.Hostname() != domain || domain == "" ||
				all && !strings.Contains(domain, ".") {
				t.Errorf("host of recordings %q", host)
			}
		}
		if strings.HasSuffix(c.ACS.Endpoint, "/") || isPlain(c.ACS.Endpoint) && !isLoopback(c.Callbacks.BaseURL) {
			t.Errorf("endpoint %q, callbacks %q", c.ACS.Endpoint, c.Callbacks.BaseURL)
		}
	})
}
