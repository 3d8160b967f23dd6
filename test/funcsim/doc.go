// Package funcsim stands in for the Azure Functions host. It runs this
// repository's app, or a handler inside a test, as the host would. It is used
// where no host is installed, and where a test needs what the host does not offer
// (virtual time, a crash at a chosen point). It serves only the triggers that the
// app has: HTTP through the proxy, Event Grid, timer, queue. It refuses everything
// else at start and ignores nothing.
//
// The one rule: where the real host differs between Azure and a developer's
// machine, or where its behaviour is not certain, funcsim chooses the variant that
// is harder for the handler. Its requests and answers are compared with recordings
// of a running host (testdata/host-golden), so that nothing passes here and fails
// there.
//
// Queues follow extensions.queues of host.json, with the host's defaults and limits.
// The rules were read in the source of the storage extension (QueueListener.cs,
// QueueProcessor.cs, QueuesOptions.cs, RandomizedExponentialBackoffStrategy.cs), and a
// running host was seen to keep them. Only from the source are known: the 5 minutes, the
// default in Azure, and what follows where storage refuses.
//
//   - At most batchSize + newBatchThreshold messages of a function are in flight in a
//     host: by default 16 + 8 a core, so 32 on two cores. A new batch is received when
//     at most newBatchThreshold are left.
//   - A message whose function fails, or whose handler crashes, is visible again after
//     visibilityTimeout, without its fraction of a second. After maxDequeueCount
//     failures it is moved to the poison queue.
//   - A message is hidden for 10 minutes, and again every 5 minutes while its function
//     runs. So one in hand comes back 10 minutes after its receipt if the host is killed
//     or stopped.
//   - The third crash of the handler ends the host. The message that caused it comes
//     back after 10 minutes here; the real host may still make it visible sooner.
//   - After a message the queue is polled again at once, and while it is empty with
//     pauses that grow from 0.1 s to maxPollingInterval. By default that is a minute in
//     Azure and 2 s in development: a message may be found so much later.
//   - Where storage is busy (503) when messages are received, the host goes on polling. It
//     ends where storage refuses or does not answer a receive, or fails to delete, hide or
//     move a message. Each request is tried six times, within 25 s.
//   - %SETTING% in queueName is replaced.
//
// Known differences from the host that was recorded (4.1045.200, Core Tools
// 4.7.0-dev, storage extension 5.3.10):
//
//   - Event Grid with cardinality many, HTTP in JSON form, output bindings, blob
//     triggers, retry policies and runOnStartup are refused at start, because the
//     app has none. So the recordings of EventGridMany and HttpJson are not
//     compared, and those of TimerMinute are compared without their RetryContext.
//   - funcsim acquires the leases of timers' listeners, but not the lease that
//     elects a primary host. After a storage error it acquires or renews a lease at
//     the next regular time, not sooner.
//   - The front end gives up after 230 s in Azure only; it does not cut off an
//     answer that has begun.
//   - The pauses between polls of an idle queue are not varied by up to 20 %. After a
//     storage error a message in hand is hidden again at the next regular time, not sooner.
//   - An unknown name in extensions.queues is refused at start, and so is a queue that
//     the host would give no poison queue; the host accepts both.
//   - A schedule that restricts both day of month and day of week is refused: the
//     library reads the two as or, the host as and.
//   - Under Core Tools the host keeps a client's trace id and makes a new span;
//     funcsim passes the client's traceparent on.
//   - An output without a binding causes a warning; the host ignores it.
package funcsim
