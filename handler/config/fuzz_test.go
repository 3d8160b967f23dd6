package config

import (
	"strings"
	"testing"
)

func FuzzLoad(f *testing.F) {
	f.Add("UseDevelopmentStorage=true", "http://127.0.0.1:8080", "dev:"+encodedKey("a"),
		"+12065550100,28:orgid:8f1e", "30s")
	f.Add(testConnection, "https://a.example/x/", "a:"+encodedKey("a")+",b:"+encodedKey("b"), "4:x", "1h")
	f.Fuzz(func(t *testing.T, connection, url, keys, lines, duration string) {
		c, err := Load(env("AzureWebJobsStorage", connection, "ACS_ENDPOINT", url, "CALLBACK_BASE_URL", url,
			"CALLBACK_KEYS", keys, "LINES", lines, "PROMPT_TIMEOUT", duration))
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
		if strings.HasSuffix(c.ACS.Endpoint, "/") || isPlain(c.ACS.Endpoint) && !isLoopback(c.Callbacks.BaseURL) {
			t.Errorf("endpoint %q, callbacks %q", c.ACS.Endpoint, c.Callbacks.BaseURL)
		}
	})
}
