package config

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"
)

const (
	testConnection = "DefaultEndpointsProtocol=https;AccountName=acme;AccountKey=c2VjcmV0LWFjY291bnQ="
	testAccessKey  = "c2VjcmV0LWFjcy1rZXk="
	testResource   = "0b2e7c9e-1111-4222-8333-444455556666"
)

func encodedKey(fill string) string {
	return base64.StdEncoding.EncodeToString([]byte(strings.Repeat(fill, minKey)))
}

// env returns a getenv of the fewest settings that Azure needs, changed by pairs of name and value.
func env(pairs ...string) func(string) string {
	values := map[string]string{
		"FUNCTIONS_CUSTOMHANDLER_PORT": "40123",
		"AzureWebJobsStorage":          testConnection,
		"ACS_ENDPOINT":                 "https://acme.communication.azure.com/",
		"ACS_ACCESS_KEY":               testAccessKey,
		"ACS_RESOURCE_ID":              testResource,
		"WEBSITE_HOSTNAME":             "acme.azurewebsites.net",
		"CALLBACK_KEYS":                "k1:" + encodedKey("x"),
	}
	for pair := range slices.Chunk(pairs, 2) {
		values[pair[0]] = pair[1]
	}
	return func(name string) string { return values[name] }
}

// defaults returns the configuration of env.
func defaults() Config {
	return Config{
		Port:     "40123",
		LogLevel: zerolog.InfoLevel,
		Storage:  Storage{ConnectionString: testConnection},
		ACS: ACS{
			Endpoint: "https://acme.communication.azure.com", AccessKey: testAccessKey, ResourceID: testResource,
			Issuer:  "https://acscallautomation.communication.azure.com",
			JWKSURL: "https://acscallautomation.communication.azure.com/calling/keys",
		},
		Callbacks: Callbacks{
			BaseURL: "https://acme.azurewebsites.net",
			Keys:    []Key{{"k1", Secret(strings.Repeat("x", minKey))}},
		},
		LineCalls: 2,
		Timeouts: Timeouts{
			ACS: 10 * time.Second, Answer: 25 * time.Second, Connect: 30 * time.Second, Prompt: 2 * time.Minute,
			InviteGrace: 5 * time.Second, RecordingStart: 30 * time.Second, Hangup: 10 * time.Second,
			KeepAlive: 2 * time.Minute, Call: 4 * time.Hour,
			Ring: 45 * time.Second, Confirm: 10 * time.Minute, Recording: 25 * time.Hour, RecordingCopy: 75 * time.Second,
		},
	}
}

func TestSettings(t *testing.T) {
	var a, b = encodedKey("a"), encodedKey("b")
	simulated := []string{"ACS_ENDPOINT", "http://127.0.0.1:8080", "CALLBACK_BASE_URL", "http://localhost:7071"}
	simulatedACS := func(c *Config) {
		c.ACS.Endpoint, c.Callbacks.BaseURL = "http://127.0.0.1:8080", "http://localhost:7071"
	}
	tests := []struct {
		name     string
		settings []string
		change   func(*Config) // of the defaults
	}{
		{"the defaults", nil, func(*Config) {}},
		{"storage by identity", []string{"AzureWebJobsStorage", "", "AzureWebJobsStorage__accountName", "acme1",
			"AzureWebJobsStorage__clientId", testResource},
			func(c *Config) { c.Storage = Storage{Account: "acme1", ClientID: testResource} }},
		{"ACS by identity", []string{"ACS_ACCESS_KEY", ""},
			func(c *Config) { c.ACS.AccessKey = "" }},
		{"an issuer is kept to the letter", []string{"ACS_ISSUER", "https://issuer.example/"},
			func(c *Config) { c.ACS.Issuer = "https://issuer.example/" }},
		{"a callback URL replaces the host's name",
			[]string{"CALLBACK_BASE_URL", "https://calls.example/tel/"},
			func(c *Config) { c.Callbacks.BaseURL = "https://calls.example/tel" }},
		{"a simulator on this machine may be used by plain http", simulated, simulatedACS},
		{"with a simulator the host's name may be local",
			append(simulated, "CALLBACK_BASE_URL", "", "WEBSITE_HOSTNAME", "localhost:7071"), simulatedACS},
		{"two keys, in their order", []string{"CALLBACK_KEYS", "new-1:" + a + ", old_1:" + b},
			func(c *Config) {
				c.Callbacks.Keys = []Key{
					{"new-1", Secret(strings.Repeat("a", minKey))}, {"old_1", Secret(strings.Repeat("b", minKey))},
				}
			}},
		{"lines by raw id and number", []string{"LINES", "28:orgid:8f1e, +12065550100"},
			func(c *Config) { c.Lines = []string{"28:orgid:8f1e", "4:+12065550100"} }},
		{"as many calls on a line as there may be", []string{"LINE_CALLS", "1000"},
			func(c *Config) { c.LineCalls = 1000 }},
		{"hosts of recordings, one by one and all of a domain",
			[]string{"RECORDING_HOSTS", "Media.Example, .contoso.example,127.0.0.1"},
			func(c *Config) { c.RecordingHosts = []string{"media.example", ".contoso.example", "127.0.0.1"} }},
		{"cognitive services", []string{"COGNITIVE_SERVICES_ENDPOINT", "https://acme.cognitiveservices.azure.com/"},
			func(c *Config) { c.CognitiveServices = "https://acme.cognitiveservices.azure.com" }},
		{"a log level", []string{"LOG_LEVEL", "debug"},
			func(c *Config) { c.LogLevel = zerolog.DebugLevel }},
		{"a duration", []string{"CALL_TIMEOUT", "90m"},
			func(c *Config) { c.Timeouts.Call = 90 * time.Minute }},
		{"no grace at all", []string{"INVITE_GRACE", "0s"},
			func(c *Config) { c.Timeouts.InviteGrace = 0 }},
		{"blanks around a value", []string{"ANSWER_TIMEOUT", " 20s\n"},
			func(c *Config) { c.Timeouts.Answer = 20 * time.Second }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Load(env(tt.settings...))
			if err != nil {
				t.Fatal(err)
			}
			want := defaults()
			tt.change(&want)
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("config (-want +got):\n%s", d)
			}
		})
	}
}

func TestShortFormOfAzuriteIsSpelledOut(t *testing.T) {
	c, err := Load(env("AzureWebJobsStorage", "UseDevelopmentStorage=true;"))
	if err != nil {
		t.Fatal(err)
	}
	want := "TableEndpoint=http://127.0.0.1:10002/devstoreaccount1"
	if got := string(c.Storage.ConnectionString); !strings.Contains(got, want) {
		t.Errorf("connection string %s, want %s in it", got, want)
	}
}

func TestFaults(t *testing.T) {
	const local = "must be https (http is for a simulator on this machine)"
	key := encodedKey("a")
	tests := []struct {
		name     string
		settings []string
		want     []string
	}{
		{"no port", []string{"FUNCTIONS_CUSTOMHANDLER_PORT", ""},
			[]string{"FUNCTIONS_CUSTOMHANDLER_PORT is not set"}},
		{"a port out of range", []string{"FUNCTIONS_CUSTOMHANDLER_PORT", "65536"},
			[]string{"FUNCTIONS_CUSTOMHANDLER_PORT is not a port number"}},
		{"no storage", []string{"AzureWebJobsStorage", ""},
			[]string{"AzureWebJobsStorage or AzureWebJobsStorage__accountName must be set"}},
		{"storage that is no connection string", []string{"AzureWebJobsStorage", "acme"},
			[]string{"AzureWebJobsStorage is not a connection string"}},
		{"a faulty account is not also a missing one",
			[]string{"AzureWebJobsStorage", "", "AzureWebJobsStorage__accountName", "Acme!"},
			[]string{"AzureWebJobsStorage__accountName is not the name of a storage account"}},
		{"ACS by plain http", []string{"ACS_ENDPOINT", "http://acme.communication.azure.com"},
			[]string{"ACS_ENDPOINT " + local}},
		{"a connection string as endpoint", []string{"ACS_ENDPOINT", "endpoint=https://a/;accesskey=c2VjcmV0"},
			[]string{"ACS_ENDPOINT is not an https URL of host and path alone"}},
		{"tokens' keys by plain http", []string{"ACS_JWKS_URL", "http://127.0.0.1/keys"},
			[]string{"ACS_JWKS_URL " + local}},
		{"a simulator whose issuer is elsewhere",
			[]string{"ACS_ENDPOINT", "http://[::1]:8080", "ACS_ISSUER", "http://issuer.example"},
			[]string{"ACS_ISSUER " + local}},
		{"an access key that is not base64", []string{"ACS_ACCESS_KEY", "secret!"},
			[]string{"ACS_ACCESS_KEY is not base64"}},
		{"a resource's path for its id", []string{"ACS_RESOURCE_ID", "/subscriptions/s/acs1"},
			[]string{"ACS_RESOURCE_ID is not a GUID"}},
		{"no callback URL", []string{"WEBSITE_HOSTNAME", ""},
			[]string{"CALLBACK_BASE_URL must be set where there is no WEBSITE_HOSTNAME"}},
		{"a callback URL that ACS cannot reach", []string{"WEBSITE_HOSTNAME", "localhost:7071"},
			[]string{"CALLBACK_BASE_URL " + local}},
		{"a callback URL with a query", []string{"CALLBACK_BASE_URL", "https://a.example/?x=1"},
			[]string{"CALLBACK_BASE_URL is not an https URL of host and path alone"}},
		{"no keys", []string{"CALLBACK_KEYS", ""}, []string{"CALLBACK_KEYS is not set"}},
		{"a key without an id", []string{"CALLBACK_KEYS", key},
			[]string{"CALLBACK_KEYS has no id of 1 to 16 letters, digits, - and _ in front of key 1"}},
		{"a key that is not base64", []string{"CALLBACK_KEYS", "a:" + key + ",b:secret!"},
			[]string{"CALLBACK_KEYS has a key 2 that is not base64"}},
		{"a short key", []string{"CALLBACK_KEYS", "a:c2VjcmV0"},
			[]string{"CALLBACK_KEYS has a key 1 of fewer than 32 bytes"}},
		{"three keys", []string{"CALLBACK_KEYS", "a:" + key + ",b:" + key + ",c:" + key},
			[]string{"CALLBACK_KEYS has more than two keys"}},
		{"two keys of one name", []string{"CALLBACK_KEYS", "a:" + key + ",a:" + key},
			[]string{"CALLBACK_KEYS has two keys with one id"}},
		{"cognitive services by plain http", []string{"COGNITIVE_SERVICES_ENDPOINT", "http://127.0.0.1"},
			[]string{"COGNITIVE_SERVICES_ENDPOINT must be https"}},
		{"a line that is none", []string{"LINES", "+12065550100,12065550101"},
			[]string{"LINES has an entry 2 that is neither a raw id nor a number with + and country code"}},
		{"a line that may hold no call", []string{"LINE_CALLS", "0"},
			[]string{"LINE_CALLS is not a whole number from 1 to 1000"}},
		{"a line that may hold too many", []string{"LINE_CALLS", "1001"},
			[]string{"LINE_CALLS is not a whole number from 1 to 1000"}},
		{"a line that may hold half a call more", []string{"LINE_CALLS", "2.5"},
			[]string{"LINE_CALLS is not a whole number from 1 to 1000"}},
		{"a URL for a host of recordings", []string{"RECORDING_HOSTS", "media.example,https://media.example/"},
			[]string{"RECORDING_HOSTS has an entry 2 that is neither the name of a host nor a dot and a domain"}},
		{"a host of recordings with a port", []string{"RECORDING_HOSTS", "media.example:8443"},
			[]string{"RECORDING_HOSTS has an entry 1 that is neither the name of a host nor a dot and a domain"}},
		{"all hosts of a top-level domain", []string{"RECORDING_HOSTS", ".example"},
			[]string{"RECORDING_HOSTS has an entry 1 that is neither the name of a host nor a dot and a domain"}},
		{"all hosts under no domain", []string{"RECORDING_HOSTS", "."},
			[]string{"RECORDING_HOSTS has an entry 1 that is neither the name of a host nor a dot and a domain"}},
		{"a host of recordings with a dot at its end", []string{"RECORDING_HOSTS", ".media.example."},
			[]string{"RECORDING_HOSTS has an entry 1 that is neither the name of a host nor a dot and a domain"}},
		{"a host of recordings with nothing between its dots", []string{"RECORDING_HOSTS", "media..example"},
			[]string{"RECORDING_HOSTS has an entry 1 that is neither the name of a host nor a dot and a domain"}},
		{"a comma after the last host of recordings", []string{"RECORDING_HOSTS", "media.example,"},
			[]string{"RECORDING_HOSTS has an entry 2 that is neither the name of a host nor a dot and a domain"}},
		{"a log level of another system", []string{"LOG_LEVEL", "verbose"},
			[]string{"LOG_LEVEL is none of trace, debug, info, warn, error, disabled"}},
		{"a number for a duration", []string{"CONNECT_TIMEOUT", "30"},
			[]string{`CONNECT_TIMEOUT is not a duration such as "30s" or "2m"`}},
		{"a duration too long", []string{"ANSWER_TIMEOUT", "31s"},
			[]string{"ANSWER_TIMEOUT must be between 1s and 30s"}},
		{"a negative duration", []string{"INVITE_GRACE", "-1s"},
			[]string{"INVITE_GRACE must be between 0s and 1m0s"}},
		{"deadlines of campaigns and recordings out of range",
			[]string{"RING_TIMEOUT", "181s", "CONFIRM_TIMEOUT", "9s", "RECORDING_TIMEOUT", "169h", "RECORDING_COPY_TIMEOUT", "11m"},
			[]string{"RING_TIMEOUT must be between 5s and 3m0s", "CONFIRM_TIMEOUT must be between 10s and 1h0m0s",
				"RECORDING_TIMEOUT must be between 1m0s and 168h0m0s", "RECORDING_COPY_TIMEOUT must be between 1s and 10m0s"}},
		{"all of them at once", []string{"ACS_RESOURCE_ID", "", "CALLBACK_KEYS", "a:", "LOG_LEVEL", "loud"},
			[]string{"ACS_RESOURCE_ID is not set", "CALLBACK_KEYS has a key 1 of fewer than 32 bytes",
				"LOG_LEVEL is none of trace, debug, info, warn, error, disabled"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Load(env(tt.settings...))
			if err == nil {
				t.Fatalf("config %+v, want an error", got)
			}
			if d := cmp.Diff(tt.want, strings.Split(err.Error(), "\n")); d != "" {
				t.Errorf("faults (-want +got):\n%s", d)
			}
			if d := cmp.Diff(Config{}, got); d != "" {
				t.Errorf("config beside the error, want none (-want +got):\n%s", d)
			}
			if strings.Contains(err.Error(), "c2VjcmV0") || strings.Contains(err.Error(), key) {
				t.Errorf("error %v, want no secret in it", err)
			}
		})
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	c, err := Load(env())
	if err != nil {
		t.Fatal(err)
	}
	var shown strings.Builder
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&shown, format, c)
		fmt.Fprintf(&shown, format, c.Callbacks.Keys[0].Secret)
	}
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	shown.Write(text)
	log := zerolog.New(&shown)
	log.Info().Interface("c", c).Stringer("s", c.ACS.AccessKey).Send()
	for _, secret := range []string{testConnection, testAccessKey, "xxxx", "787878", "120 120"} {
		if strings.Contains(shown.String(), secret) {
			t.Errorf("printed %s, want no %q in it", &shown, secret)
		}
	}
}

func TestLocalSettingsLoad(t *testing.T) {
	text, err := os.ReadFile("../../local.settings.json")
	if err != nil {
		t.Fatal(err)
	}
	var local struct {
		IsEncrypted bool
		Values      map[string]string
	}
	if err := json.Unmarshal(text, &local); err != nil {
		t.Fatal(err)
	}
	// The host adds these two.
	local.Values["FUNCTIONS_CUSTOMHANDLER_PORT"] = "40123"
	local.Values["WEBSITE_HOSTNAME"] = "localhost:7071"
	c, err := Load(func(name string) string { return local.Values[name] })
	if err != nil {
		t.Fatal(err)
	}
	if !isLoopback(c.ACS.Endpoint) || !isLoopback(c.Callbacks.BaseURL) {
		t.Errorf("local settings %+v, want addresses of this machine", c)
	}
	for name := range local.Values {
		known := slices.ContainsFunc(settings, func(s setting) bool { return s.name == name })
		if !known && name != "FUNCTIONS_WORKER_RUNTIME" { // read by the host itself
			t.Errorf("local.settings.json has %s, want settings that are read", name)
		}
	}
}

// TestCopyTimeoutFitsIntoTheFunctionTimeout compares the default of RECORDING_COPY_TIMEOUT with functionTimeout of
// host.json, which also has to last for the work before and after the copy, and for a run that starts late.
func TestCopyTimeoutFitsIntoTheFunctionTimeout(t *testing.T) {
	text, err := os.ReadFile("../../host.json")
	if err != nil {
		t.Fatal(err)
	}
	var host struct {
		FunctionTimeout string `json:"functionTimeout"`
	}
	if err := json.Unmarshal(text, &host); err != nil {
		t.Fatal(err)
	}
	timeout, err := time.Parse("15:04:05", host.FunctionTimeout)
	if err != nil {
		t.Fatal(err)
	}
	c, err := Load(env())
	if err != nil {
		t.Fatal(err)
	}
	most := timeout.Sub(timeout.Truncate(24*time.Hour)) / 4
	if c.Timeouts.RecordingCopy > most {
		t.Errorf("RECORDING_COPY_TIMEOUT is %s, want %s at most of a functionTimeout of %s",
			c.Timeouts.RecordingCopy, most, host.FunctionTimeout)
	}
}
