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
//   - An idle queue is polled at least every 2 s, as under Core Tools; Azure's
//     default is a minute.
//   - A schedule that restricts both day of month and day of week is refused: the
//     library reads the two as or, the host as and.
//   - Under Core Tools the host keeps a client's trace id and makes a new span;
//     funcsim passes the client's traceparent on.
//   - An output without a binding causes a warning; the host ignores it.
package funcsim
