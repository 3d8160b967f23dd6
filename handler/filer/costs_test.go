package filer_test

import (
	"testing"

	"switchboard/test/cluster"
)

func TestCostsOfARecording(t *testing.T) {
	runFilingSim(t, "of one file", recordingID, func(t *testing.T, v *filingSim) {
		v.wantFiles(bodies{"one": []byte("RIFF one"), "one.meta": []byte("{}")})
		got := cluster.CostOf(v.CallRows, v.WorklistRows, v.OtherRows, func() {
			v.receive(message("m1", "one"))
			v.Background.Wait()
		})
		if want := (cluster.Cost{Reads: 9, Transactions: 6, Worklist: 4}); got != want {
			t.Errorf("it costs %+v, want %+v", got, want)
		}
		// Its block, the block list, and what is known of it.
		if v.written != 3 || len(v.stored["https://acs/one"].opened)+len(v.stored["https://acs/one.meta"].opened) != 2 || v.sends > 0 {
			t.Errorf("%d writes of files, %d messages", v.written, v.sends)
		}
	})
}
