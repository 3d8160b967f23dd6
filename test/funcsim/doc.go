// Package funcsim stands in for the Azure Functions host: it runs this
// repository's app, or a handler inside a test, as the host would run it, where
// no host is installed and where a test needs what the host cannot give (virtual
// time, death at a chosen moment). It serves the triggers the app has and no
// others: HTTP through the proxy, Event Grid, timer, queue. What it does not
// know it refuses at start, never ignores.
//
// The one rule: where the real host is known to differ between Azure and a
// developer's machine, or is not known for certain, funcsim takes the variant
// that is harder on the handler. What it sends and answers is compared with
// recordings of a running host (testdata/host-golden), so that nothing passes
// here and fails there.
//
// Known differences from the host that was recorded (4.1045.200, Core Tools
// 4.7.0-dev, storage extension 4.0.2):
//
//   - Event Grid with cardinality many, HTTP in JSON form, output bindings, blob
//     triggers, retry policies and runOnStartup are refused at start, because the
//     app has none. So the recordings of EventGridMany and HttpJson are not
//     compared, and those of TimerMinute without their RetryContext.
//   - Of the host's leases only those of timers' listeners are taken, not the one
//     that elects a primary host. After an error of the storage a lease is asked
//     for, or renewed, at the next usual moment, not sooner.
//   - A front end that gives up after 230 s is in Azure only; it does not cut an
//     answer that has begun.
//   - extensions.queues.messageEncoding is honoured, as by storage extension 5;
//     the recorded 4.0.2 always decodes base64.
//   - An idle queue is asked at least every 2 s, as under Core Tools; Azure's
//     default is a minute.
//   - Day of month and day of week both restricted in one schedule are refused:
//     the library reads them as or, the host as and.
//   - Under Core Tools the host keeps a client's trace id and makes a new span;
//     funcsim passes the client's traceparent on.
//   - Outputs that no binding takes draw a warning; the host drops them in silence.
package funcsim
