package filer_test

import (
	"testing"

	"switchboard/test/cluster"
)

func TestStorageCostsOfARecording(t *testing.T) {
	runFilingSim(t, "of one file", recordingID, func(t *testing.T, s *filingSim) {
		s.keepFiles(bodies{"one": []byte("RIFF one"), "one.meta": []byte("{}")})
		got := cluster.CostOf(s.CallRows, s.WorklistRows, s.OtherRows, func() {
			s.receive(message("m1", "one"))
			s.Background.Wait()
		})
		if want := (cluster.Cost{Reads: 8, Transactions: 6, Worklist: 4}); got != want {
			t.Errorf("filing costs %+v, want %+v", got, want)
		}
		// The file's block, its block list, and its sidecar.
		if s.writes != 3 || s.sends > 0 {
			t.Errorf("%d writes of files, %d messages, want 3, 0", s.writes, s.sends)
		}
		if got := s.downloads("one") + s.downloads("one.meta"); got != 2 {
			t.Errorf("%d downloads, want 2", got)
		}
	})
}
