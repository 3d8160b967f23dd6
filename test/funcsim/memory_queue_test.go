package funcsim

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchboard/test/acssim"
)

var _ acssim.Queue = (*MemoryQueue)(nil)

func TestAMessageIsReceivedWhenItsDelayIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &MemoryQueue{}
		q.SendLater("in a minute", time.Minute)
		if err := q.Enqueue(t.Context(), "now"); err != nil {
			t.Fatal(err)
		}
		q.SendLater("in two", 2*time.Minute)
		for _, step := range []struct {
			wait time.Duration
			want []string
		}{
			{0, []string{"now"}},
			{time.Minute - time.Nanosecond, nil},
			{time.Nanosecond, []string{"in a minute"}},
			{time.Hour, []string{"in two"}},
		} {
			time.Sleep(step.wait)
			messages, err := q.Receive(t.Context(), 32, 24*time.Hour)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, m := range messages {
				got = append(got, m.Text)
			}
			if d := cmp.Diff(step.want, got); d != "" {
				t.Errorf("after %v more (-want +got):\n%s", step.wait, d)
			}
		}
	})
}
