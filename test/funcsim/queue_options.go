package funcsim

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"runtime"
	"slices"
	"strings"
	"time"
)

// queueOptions are extensions.queues of host.json. All queue functions share them.
type queueOptions struct {
	batchSize         int           // of one receive
	newBatchThreshold int           // receive the next batch when so many messages or fewer are in flight
	maxDequeueCount   int           // a message that has failed so often goes to the poison queue
	retryDelay        time.Duration // how long a failed message stays hidden; in whole seconds
	maxPause          time.Duration // between two polls of an empty queue
	base64            bool          // messages are base64 of their text
}

const (
	queueSection = "extensions:queues:"
	// maxHide is the longest time for which a message can be hidden.
	// Source: learn.microsoft.com/rest/api/storageservices/update-message.
	maxHide = 7 * 24 * time.Hour
	// developmentPause replaces the default of maxPollingInterval in development.
	developmentPause = 2 * time.Second
)

// parseQueueOptions reads extensions.queues. Defaults and limits are the host's, and two
// checks are stricter: the host ignores an unknown name, and notices a visibilityTimeout
// below 0 or above 7 days only when a message fails.
//
// Source: Microsoft.Azure.WebJobs.Extensions.Storage.Queues, QueuesOptions.cs,
// StorageQueuesWebJobsBuilderExtensions.cs; tried on a running host.
func parseQueueOptions(host settings, development bool) (queueOptions, error) {
	var o queueOptions
	var errs []error
	check := func(err error) {
		if err != nil {
			errs = append(errs, err)
		}
	}
	var err error
	o.batchSize, err = host.int(queueSection+"batchsize", 16, 1, 32)
	check(err)
	o.newBatchThreshold, err = host.int(queueSection+"newbatchthreshold", o.batchSize/2*runtime.NumCPU(), 0, math.MaxInt32)
	check(err)
	o.maxDequeueCount, err = host.int(queueSection+"maxdequeuecount", 5, 1, math.MaxInt32)
	check(err)
	o.retryDelay, err = host.duration(queueSection+"visibilitytimeout", 0)
	check(err)
	if o.retryDelay = o.retryDelay.Truncate(time.Second); o.retryDelay > maxHide {
		check(errors.New("extensions.queues.visibilityTimeout is over 7 days"))
	}
	o.maxPause, err = host.duration(queueSection+"maxpollinginterval", time.Minute)
	check(err)
	if o.maxPause < firstPause {
		check(fmt.Errorf("extensions.queues.maxPollingInterval is under %v", firstPause))
	}
	if development && o.maxPause == time.Minute { // the host, too, replaces a minute that was set
		o.maxPause = developmentPause
	}
	switch e := host[queueSection+"messageencoding"]; strings.ToLower(e) {
	case "", "base64":
		o.base64 = true
	case "none":
	default:
		check(fmt.Errorf("extensions.queues.messageEncoding is %q, neither base64 nor none", e))
	}
	known := []string{"batchsize", "newbatchthreshold", "maxdequeuecount", "visibilitytimeout", "maxpollinginterval", "messageencoding"}
	for _, key := range slices.Sorted(maps.Keys(host)) {
		if name, ok := strings.CutPrefix(key, queueSection); ok && !slices.Contains(known, name) {
			check(fmt.Errorf("%s: not a setting of queues", key))
		}
	}
	return o, errors.Join(errs...)
}
