package funcsim

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchboard/test/acssim"
)

var _ acssim.Queue = (*MemoryQueue)(nil)

// receiveAll returns the texts of the visible messages, and hides them for a day.
func receiveAll(t *testing.T, q *MemoryQueue) (texts []string) {
	t.Helper()
	messages, err := q.Receive(t.Context(), 32, 24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range messages {
		texts = append(texts, m.Text)
	}
	return texts
}

func TestAMessageIsReceivedWhenItsDelayIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &MemoryQueue{}
		if err := q.Enqueue(t.Context(), "now"); err != nil {
			t.Fatal(err)
		}
		for text, delay := range map[string]time.Duration{
			"in two minutes": 2 * time.Minute, "in a minute": time.Minute, "in ten seconds": 9*time.Second + time.Nanosecond,
		} {
			if err := q.SendLater(text, delay); err != nil {
				t.Fatal(err)
			}
		}
		for _, step := range []struct {
			wait time.Duration
			want []string
		}{
			{0, []string{"now"}},
			{10*time.Second - time.Nanosecond, nil},
			{time.Nanosecond, []string{"in ten seconds"}},
			{50*time.Second - time.Nanosecond, nil},
			{time.Nanosecond, []string{"in a minute"}},
			{time.Hour, []string{"in two minutes"}},
		} {
			time.Sleep(step.wait)
			if d := cmp.Diff(step.want, receiveAll(t, q)); d != "" {
				t.Errorf("after %v more (-want +got):\n%s", step.wait, d)
			}
		}
	})
}

func TestAMessageExpiresAfterAWeekUnlessTheHandlerHasSentIt(t *testing.T) {
	const week = 7 * 24 * time.Hour
	synctest.Test(t, func(t *testing.T) {
		q := &MemoryQueue{}
		q.Send("expires")
		if err := q.SendLater("does not expire", week); err != nil {
			t.Fatal(err)
		}
		time.Sleep(week)
		if d := cmp.Diff([]string{"does not expire"}, receiveAll(t, q)); d != "" {
			t.Errorf("after a week (-want +got):\n%s", d)
		}
	})
}
