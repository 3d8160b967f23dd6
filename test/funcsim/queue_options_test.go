package funcsim

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// queueSettings returns extensions.queues of a host.json.
func queueSettings(t *testing.T, section string) settings {
	t.Helper()
	s, err := parseSettings([]byte(`{"extensions":{"queues":` + section + `}}`))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestQueueOptionsHaveTheDefaultsOfTheHost(t *testing.T) {
	tests := []struct {
		name, section string
		development   bool
		want          queueOptions
	}{
		{"nothing is set", `{}`, false, queueOptions{
			batchSize: 16, newBatchThreshold: 8 * runtime.NumCPU(), maxDequeueCount: 5, maxPause: time.Minute, base64: true}},
		{"nothing is set, in development", `{}`, true, queueOptions{
			batchSize: 16, newBatchThreshold: 8 * runtime.NumCPU(), maxDequeueCount: 5, maxPause: 2 * time.Second, base64: true}},
		{"a batch of another size", `{"batchSize":5,"messageEncoding":"None"}`, true, queueOptions{
			batchSize: 5, newBatchThreshold: 2 * runtime.NumCPU(), maxDequeueCount: 5, maxPause: 2 * time.Second}},
		{"everything is set", `{"batchSize":32,"newBatchThreshold":1000,"maxDequeueCount":60,"visibilityTimeout":"00:01:00.9",
			"maxPollingInterval":"00:00:03","messageEncoding":"base64"}`, true, queueOptions{
			batchSize: 32, newBatchThreshold: 1000, maxDequeueCount: 60, retryDelay: time.Minute, maxPause: 3 * time.Second, base64: true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseQueueOptions(queueSettings(t, tt.section), tt.development)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, got, cmp.AllowUnexported(queueOptions{})); d != "" {
				t.Errorf("options (-want +got):\n%s", d)
			}
		})
	}
}

func TestQueueOptionsOutsideTheirLimitsAreRefused(t *testing.T) {
	tests := []struct{ section, want string }{
		{`{"batchSize":0}`, `batchsize: "0" is not a number from 1 to 32`},
		{`{"batchSize":33}`, `batchsize: "33" is not a number from 1 to 32`},
		{`{"batchSize":"many"}`, `batchsize: "many" is not a number`},
		{`{"newBatchThreshold":-1}`, `newbatchthreshold: "-1" is not a number from 0`},
		{`{"maxDequeueCount":0}`, `maxdequeuecount: "0" is not a number from 1`},
		{`{"maxPollingInterval":"00:00:00.0999999"}`, "maxPollingInterval is under 100ms"},
		{`{"visibilityTimeout":"-00:00:01"}`, `visibilitytimeout: "-00:00:01" is not a time span`},
		{`{"visibilityTimeout":"7.00:00:01"}`, "visibilityTimeout is over 7 days"},
		{`{"messageEncoding":"utf8"}`, `messageEncoding is "utf8"`},
		{`{"maxPolingInterval":"00:00:02"}`, "extensions:queues:maxpolinginterval: not a setting of queues"},
	}
	for _, tt := range tests {
		t.Run(tt.section, func(t *testing.T) {
			_, err := parseQueueOptions(queueSettings(t, tt.section), false)
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("err = %v, want only %q", err, tt.want)
			}
		})
	}
}
