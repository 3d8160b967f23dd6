package funcsim

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
)

const (
	// firstPause is the time between two polls that find the queue empty after a message.
	firstPause = 100 * time.Millisecond
	// hiddenWhileRunning is how long a message is hidden while its function runs.
	// After half of it the message is hidden again. After a crash of the host the
	// message becomes visible only when that time has passed.
	hiddenWhileRunning = 10 * time.Minute
)

// queueListener runs one queue function.
type queueListener struct {
	in    *instance
	f     *function
	queue Queue
	opts  queueOptions
}

// listen receives batches from the queue until the host ends. It receives a new batch
// when at most newBatchThreshold messages are in flight. While the queue is empty, the
// pauses between two polls grow: 0.1, 0.2, 0.3, 0.5, 0.9, 1.7 s and so on, up to maxPause.
//
// Source: Microsoft.Azure.WebJobs.Extensions.Storage.Queues, QueueListener.cs,
// RandomizedExponentialBackoffStrategy.cs.
func (l *queueListener) listen() {
	var running sync.WaitGroup
	defer running.Wait()
	free := make(chan struct{}, l.opts.batchSize+l.opts.newBatchThreshold)
	inFlight := 0
	pause, growth := firstPause, firstPause
	for l.in.ctx.Err() == nil {
		for inFlight > l.opts.newBatchThreshold {
			<-free
			inFlight--
		}
		messages, err := l.queue.Receive(l.in.ctx, l.opts.batchSize, hiddenWhileRunning)
		if err != nil && !isServerError(err) {
			l.fail("receive messages", err)
			return
		}
		if err != nil {
			l.in.log.add(LevelError, FromHost, fmt.Sprintf("Functions.%s: queue %s: %v", l.f.name, l.f.queue, err))
		}
		for _, m := range messages {
			inFlight++
			running.Go(func() {
				defer func() { free <- struct{}{} }()
				l.process(m)
			})
		}
		if len(messages) > 0 {
			pause, growth = firstPause, firstPause
			continue
		}
		select {
		case <-time.After(pause):
		case <-l.in.ctx.Done():
		}
		pause, growth = min(firstPause+growth, l.opts.maxPause), min(2*growth, l.opts.maxPause)
	}
}

// isServerError reports whether storage has answered with a status of 500 or above.
func isServerError(err error) bool {
	answer, ok := errors.AsType[*azcore.ResponseError](err)
	return ok && answer.StatusCode >= http.StatusInternalServerError
}

// fail ends the host because of err. The real host ends where storage refuses a receive or
// does not answer it, and where a message cannot be settled, even if storage is only busy.
// While the host is ending anyway, fail does nothing: that has caused err.
func (l *queueListener) fail(what string, err error) {
	if l.in.ctx.Err() == nil {
		l.in.giveUp(fmt.Sprintf("An unhandled exception has occurred. Host is shutting down. Functions.%s: %s: %v", l.f.name, what, err))
	}
}

// process runs the function for m and then deletes m, or hides it for another try. A
// message that does not decode, or has failed too often, goes to the poison queue. If
// the host ends meanwhile, m is left as it is and will be received again.
func (l *queueListener) process(m Message) {
	ctx := l.in.ctx
	text, err := l.decode(m.Text)
	poisoned := err != nil || m.DequeueCount > l.opts.maxDequeueCount
	if !poisoned {
		c := messageCall(l.f, m, text)
		m, err = l.whileHidden(m, func() error { return l.in.invoke(ctx, c) })
		poisoned = err != nil && m.DequeueCount >= l.opts.maxDequeueCount
	}
	if ctx.Err() != nil {
		return
	}
	switch {
	case poisoned:
		l.in.log.add(LevelWarning, FromHost, fmt.Sprintf("Message has reached MaxDequeueCount of %d. Moving message to queue '%s'.",
			l.opts.maxDequeueCount, l.f.queue+poisonSuffix))
		if err = l.queue.Poison(ctx, m); err == nil {
			err = l.queue.Delete(ctx, m)
		}
	case err != nil:
		_, err = l.queue.Hide(ctx, m, l.opts.retryDelay)
	default:
		err = l.queue.Delete(ctx, m)
	}
	if err != nil && !errors.Is(err, ErrMessageGone) {
		l.fail("settle message", err)
	}
}

// whileHidden keeps m hidden while f runs. It returns the latest version of m and the
// error of f.
func (l *queueListener) whileHidden(m Message, f func() error) (Message, error) {
	done := make(chan error, 1)
	go func() { done <- f() }()
	renew := time.NewTicker(hiddenWhileRunning / 2)
	defer renew.Stop()
	for {
		select {
		case err := <-done:
			return m, err
		case <-renew.C:
			hidden, err := l.queue.Hide(l.in.ctx, m, hiddenWhileRunning)
			if err != nil {
				l.in.log.add(LevelError, FromHost, fmt.Sprintf("Functions.%s: hide message: %v", l.f.name, err))
				continue
			}
			m = hidden
		}
	}
}

func (l *queueListener) decode(text string) (string, error) {
	if !l.opts.base64 {
		return text, nil
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return "", errors.New("the message is not base64")
	}
	return string(raw), nil
}
