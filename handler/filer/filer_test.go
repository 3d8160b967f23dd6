package filer_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchboard/handler/acs"
	"switchboard/handler/archive"
	"switchboard/handler/archive/archivetest"
	"switchboard/handler/call"
	"switchboard/handler/faulttest"
	"switchboard/handler/filer"
	"switchboard/handler/filing"
	"switchboard/handler/table"
	"switchboard/test/cluster"
)

// copyGrace is how long after its copy time a run may still be copying.
const copyGrace = time.Minute

// runFilingSim runs a test in a bubble with a simulation of its own.
func runFilingSim(t *testing.T, name, startsAs string, test func(t *testing.T, s *filingSim)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, func(t *testing.T) { test(t, newFilingSim(t, startsAs)) }) })
}

// bodies are the contents of files, by name.
type bodies map[string][]byte

var twoFiles = bodies{"one": []byte("RIFF one"), "two": []byte("RIFF two")}

func TestRecordingIsFiledUnderEveryFault(t *testing.T) {
	cluster.ForEachFaultPoint(t, 20, cluster.AllFaults, func(t *testing.T, fault cluster.Fault) cluster.FaultPoints {
		s := newFilingSim(t, recordingID)
		s.keepFiles(twoFiles)
		s.keepFile("one.meta", []byte(`{"resourceId":"r"}`))
		s.Fault = fault
		s.receive(message("m1", "one", "two"))
		s.run(time.Hour)
		s.wantFiled(cluster.InboundID, twoFiles)
		if got := s.callRecording(); got.State != call.RecordingFiled || got.ID != recordingID {
			t.Errorf("the call has %+v, want %s %s", got, recordingID, call.RecordingFiled)
		}
		return s.Points
	})
}

// The file has two blocks, and each run copies one.
func TestRecordingOfSeveralRunsIsFiledUnderEveryFault(t *testing.T) {
	long := bodies{"long": bytes.Repeat([]byte("switchboard "), archive.BlockSize/12+1)}
	kinds := []cluster.FaultKind{cluster.FaultFailAfter, cluster.FaultCrashBefore} // blocks are large: not all kinds
	cluster.ForEachFaultPoint(t, 20, kinds, func(t *testing.T, fault cluster.Fault) cluster.FaultPoints {
		s := newFilingSim(t, recordingID)
		s.copyTime, s.Instances[0].CopyTimeout = 0, 0
		s.keepFiles(long)
		s.Fault = fault
		s.receive(message("m1", "long"))
		s.run(time.Hour)
		s.wantFiled(cluster.InboundID, long)
		s.wantCallRecording(call.RecordingFiled)
		want := []int64{0, archive.BlockSize}
		if got := s.stored["https://acs/long"].opened; fault == (cluster.Fault{}) && !slices.Equal(got, want) {
			t.Errorf("downloads at offsets %v, want %v", got, want)
		}
		return s.Points
	})
}

func TestRecordingIsFiled(t *testing.T) {
	runFilingSim(t, "with a sidecar beside each file", recordingID, func(t *testing.T, s *filingSim) {
		s.keepFiles(twoFiles)
		s.keepFile("one.meta", []byte(`{"resourceId": "r"}`))
		s.keepFile("two.meta", []byte(`{`)) // not JSON
		s.receive(message("m1", "one", "two"))
		s.run(time.Hour)
		s.wantFiled(cluster.InboundID, twoFiles)
		want := filer.Sidecar{
			File: s.loadRecording().Chunks[0].File, Size: 8, SHA256: sha256Hex(twoFiles["one"]),
			RecordingID: recordingID, Call: string(cluster.InboundID), Operation: 2, DocumentID: "one",
			Start: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), DurationMS: 61000,
			Content: "Audio", Channels: "Mixed", Format: "Wav", EndReason: "CallEnded",
			Metadata: []byte(`{"resourceId":"r"}`),
		}
		if d := cmp.Diff(want, s.sidecar("one")); d != "" {
			t.Errorf("sidecar (-want +got):\n%s", d)
		}
		if got := string(s.sidecar("two").Metadata); got != "null" {
			t.Errorf("metadata %s of a file whose metadata are not JSON, want null", got)
		}
		if want := "2000/01/01/" + recordingKey + "/0001-"; !strings.HasPrefix(s.loadRecording().Chunks[1].File, want) {
			t.Errorf("filed as %s, want %s...", s.loadRecording().Chunks[1].File, want)
		}
	})
}

func TestRecordingIsFiledOnce(t *testing.T) {
	runFilingSim(t, "once when its message is delivered three times", recordingID, func(t *testing.T, s *filingSim) {
		s.keepFiles(twoFiles)
		s.receive(message("m1", "one", "two"))
		s.receive(message("m1", "one", "two"))
		s.run(time.Hour)
		s.receive(message("m1", "one", "two")) // and once more, late
		s.run(time.Hour)
		s.wantFiled(cluster.InboundID, twoFiles)
	})
	runFilingSim(t, "whole when its files come in two messages", recordingID, func(t *testing.T, s *filingSim) {
		s.keepFiles(twoFiles)
		s.receive(message("m1", "one"))
		s.run(time.Hour)
		s.wantFiled(cluster.InboundID, bodies{"one": twoFiles["one"]})
		s.receive(message("m2", "one", "two"))
		s.run(time.Hour)
		s.wantFiled(cluster.InboundID, twoFiles)
	})
	runFilingSim(t, "once by three instances at the same time", recordingID, func(t *testing.T, s *filingSim) {
		s.Start()
		s.Start()
		s.keepFiles(twoFiles)
		for _, m := range []filing.Message{message("m1", "one"), message("m2", "two", "one"), message("m1", "one")} {
			s.receive(m)
		}
		s.run(time.Hour)
		s.wantFiled(cluster.InboundID, twoFiles)
		s.wantCallRecording(call.RecordingFiled)
	})
	runFilingSim(t, "by the run that has it leased", recordingID, func(t *testing.T, s *filingSim) {
		s.Start()
		s.keepFiles(twoFiles)
		s.stored["https://acs/one"].takes = 10 * time.Second
		s.receive(message("m1", "one"))
		s.receive(message("m1", "one"))
		time.Sleep(time.Second)
		s.receive(message("m2", "two")) // the run finds it in the row
		s.run(time.Hour)
		s.wantFiled(cluster.InboundID, twoFiles)
		if got := s.downloads("one") + s.downloads("two"); got != 2 {
			t.Errorf("%d downloads of two files, want 2", got)
		}
	})
}

func TestRecordingIsFiledForItsCall(t *testing.T) {
	runFilingSim(t, "and linked when the call learns its id", "", func(t *testing.T, s *filingSim) {
		s.keepFiles(twoFiles)
		s.receive(message("m1", "one", "two"))
		s.Background.Wait()
		s.wantFiled("", twoFiles)
		s.wantCallRecording(call.RecordingWanted)
		ev := call.Event{Key: "late", Body: call.RecordingStateChanged{RecordingID: recordingID, Op: 2}}
		if err := s.Instances[0].Apply(t.Context(), cluster.InboundID, ev); err != nil {
			t.Fatal(err)
		}
		s.run(time.Minute)
		s.wantFiled(cluster.InboundID, twoFiles)
		if got := s.callRecording(); got.State != call.RecordingFiled || got.ID != recordingID {
			t.Errorf("the call has %+v, want %s %s", got, recordingID, call.RecordingFiled)
		}
	})
	runFilingSim(t, "without a link when no call has asked for it", "another", func(t *testing.T, s *filingSim) {
		s.keepFiles(twoFiles)
		s.receive(message("m1", "one", "two"))
		s.Background.Wait()
		s.wantFiled("", twoFiles)
		if got := s.sidecar("one"); got.Call != "" || got.Operation != 0 {
			t.Errorf("sidecar %+v, want no call", got)
		}
		s.wantNotReported()
	})
}

func TestRecordingIsFiledByLaterRuns(t *testing.T) {
	runFilingSim(t, "by several runs when it has many files", recordingID, func(t *testing.T, s *filingSim) {
		many := bodies{}
		var names []string
		for i := range 5 {
			names = append(names, fmt.Sprint(i))
			many[names[i]] = []byte(names[i])
		}
		s.Instances[0].CopyTimeout = 0
		s.keepFiles(many)
		s.receive(message("m1", names...))
		s.run(time.Hour)
		s.wantFiled(cluster.InboundID, many)
		if s.sends != len(many)-1 {
			t.Errorf("%d messages for further runs, want %d", s.sends, len(many)-1)
		}
	})
	runFilingSim(t, "after a sweep when the queue refuses messages", recordingID, func(t *testing.T, s *filingSim) {
		s.Instances[0].CopyTimeout = 0
		s.queueFails = func(sends int) bool { return sends <= 3 }
		s.keepFiles(twoFiles)
		s.receive(message("m1", "one", "two"))
		began := time.Now()
		s.run(time.Hour)
		s.wantFiled(cluster.InboundID, twoFiles)
		if took := time.Since(began); took < 3*copyGrace || took > 4*copyGrace {
			t.Errorf("it took %v, want %v to %v", took, 3*copyGrace, 4*copyGrace)
		}
	})
}

func TestRecordingThatCannotBeDownloaded(t *testing.T) {
	runFilingSim(t, "is tried again with a growing backoff", recordingID, func(t *testing.T, s *filingSim) {
		s.keepFiles(twoFiles)
		var at []time.Duration
		began := time.Now()
		s.stored["https://acs/one"].fails = func(opened int) error {
			at = append(at, time.Since(began).Truncate(time.Second))
			if opened <= 4 {
				return errors.New("the host has gone")
			}
			return nil
		}
		s.receive(message("m1", "one"))
		time.Sleep(time.Second)
		if r := s.loadRecording(); r.Tries != 1 || !strings.Contains(r.Reason, "the host has gone") || r.NotBefore.IsZero() {
			t.Errorf("recording %+v, want one try, its reason, and a backoff", r)
		}
		s.run(time.Hour)
		s.wantFiled(cluster.InboundID, bodies{"one": twoFiles["one"]})
		want := []time.Duration{0, 5 * time.Second, 15 * time.Second, 35 * time.Second, 75 * time.Second}
		if d := cmp.Diff(want, at); d != "" {
			t.Errorf("tried at (-want +got):\n%s", d)
		}
		if r := s.loadRecording(); r.Tries != 0 || r.Reason != "" {
			t.Errorf("recording %+v, want no tries and no reason", r)
		}
	})
	runFilingSim(t, "does not hold its run when the source stops sending", recordingID, func(t *testing.T, s *filingSim) {
		s.keepFiles(twoFiles)
		s.stored["https://acs/one"].hangs = func(opened int) bool { return opened == 1 }
		s.receive(message("m1", "one"))
		time.Sleep(s.copyTime + copyGrace + time.Second)
		if r := s.loadRecording(); r.Tries != 1 {
			t.Errorf("recording %+v, want one try", r)
		}
		s.run(time.Hour)
		s.wantFiled(cluster.InboundID, bodies{"one": twoFiles["one"]})
	})
	runFilingSim(t, "does not keep the other files from being copied", recordingID, func(t *testing.T, s *filingSim) {
		s.keepFiles(twoFiles)
		s.keepFiles(bodies{"three": []byte("RIFF three")})
		s.stored["https://acs/one"].hangs = func(int) bool { return true }
		s.receive(message("m1", "one", "two", "three"))
		time.Sleep(10 * time.Minute)
		if r := s.loadRecording(); r.Chunks[1].State != filing.ChunkFiled || r.Chunks[2].State != filing.ChunkFiled {
			t.Errorf("recording %+v, want files two and three %s", r, filing.ChunkFiled)
		}
		s.deleteFile("one")
		s.run(48 * time.Hour)
		s.wantCallRecording(call.RecordingLost)
	})
}

func TestRecordingWhoseFileIsGone(t *testing.T) {
	runFilingSim(t, "in part is reported lost, with the other files filed", recordingID, func(t *testing.T, s *filingSim) {
		s.keepFiles(bodies{"two": twoFiles["two"]})
		s.receive(message("m1", "one", "two"))
		time.Sleep(time.Minute)
		if r := s.loadRecording(); r.State != filing.StateFiling || r.Chunks[1].State != filing.ChunkFiled {
			t.Errorf("recording %+v, want it %s, with file two %s", r, filing.StateFiling, filing.ChunkFiled)
		}
		s.run(48 * time.Hour)
		r := s.loadRecording()
		one, two := r.Chunks[0], r.Chunks[1]
		if r.State != filing.StateLost || one.State != filing.ChunkLost || two.State != filing.ChunkFiled {
			t.Errorf("recording %+v, want it and file one lost, file two filed", r)
		}
		s.wantCallRecording(call.RecordingLost)
		if got := s.callRecording(); got.Reason != r.Reason || !strings.Contains(got.Reason, "404") {
			t.Errorf("the call has the reason %q, want %q, with 404 in it", got.Reason, r.Reason)
		}
	})
	runFilingSim(t, "any more was filed when a run has committed the file", recordingID, func(t *testing.T, s *filingSim) {
		s.keepFiles(twoFiles)
		s.files.Fail = func(op archivetest.Op) faulttest.Fault {
			if op.Kind == archivetest.KindCommit {
				s.Crash(s.Instances[0])
			}
			return faulttest.FaultNone
		}
		s.receive(message("m1", "one"))
		time.Sleep(time.Second)
		if len(s.Running()) > 0 || len(s.files.Files()) != 1 {
			t.Fatalf("%d instances, files %+v, want no instance and one file", len(s.Running()), s.files.Files())
		}
		s.deleteFile("one")
		s.run(time.Hour)
		s.wantFiled(cluster.InboundID, bodies{"one": twoFiles["one"]})
	})
}

func TestRecordingWhoseMetadataCannotBeDownloaded(t *testing.T) {
	for name, fails := range map[string]error{
		"refused": &acs.Error{Op: "DownloadRecording", Status: 403}, "gone": errGone,
	} {
		runFilingSim(t, "is filed when its metadata are "+name, recordingID, func(t *testing.T, s *filingSim) {
			s.keepFiles(twoFiles)
			s.keepFile("one.meta", nil).fails = func(int) error { return fails }
			s.receive(message("m1", "one"))
			s.run(time.Minute)
			s.wantFiled(cluster.InboundID, bodies{"one": twoFiles["one"]})
		})
	}
	runFilingSim(t, "does not write its sidecar before its metadata", recordingID, func(t *testing.T, s *filingSim) {
		s.keepFiles(twoFiles)
		s.keepFile("one.meta", []byte(`{"a":1}`)).fails = func(opened int) error {
			if opened == 1 {
				return &acs.Error{Op: "DownloadRecording", Status: 503}
			}
			return nil
		}
		s.receive(message("m1", "one"))
		s.run(time.Minute)
		s.wantFiled(cluster.InboundID, bodies{"one": twoFiles["one"]})
		if got := string(s.sidecar("one").Metadata); got != `{"a":1}` || s.downloads("one") != 1 {
			t.Errorf(`metadata %s, %d downloads of the file, want {"a":1}, 1`, got, s.downloads("one"))
		}
	})
}

func TestRecordingWithoutAnyReportIsReportedLost(t *testing.T) {
	for startsAs, reason := range map[string]string{
		recordingID: "no file came in time", "": "no file came in time, and ACS never reported its id",
	} {
		runFilingSim(t, fmt.Sprintf("with the id %q", startsAs), startsAs, func(t *testing.T, s *filingSim) {
			s.run(cluster.Limits.Recording + 10*time.Minute)
			if got := s.callRecording(); got.State != call.RecordingLost || got.Reason != reason {
				t.Errorf("the call has %+v, want it %s because of %q", got, call.RecordingLost, reason)
			}
			s.keepFiles(twoFiles) // the files come late, and are filed
			s.receive(message("m1", "one", "two"))
			s.run(time.Hour)
			want := call.RecordingLost
			if startsAs != "" {
				want = call.RecordingFiled
			}
			s.wantCallRecording(want)
		})
	}
}

func TestRecordingThatDoesNotExist(t *testing.T) {
	runFilingSim(t, "is an error", recordingID, func(t *testing.T, s *filingSim) {
		err := s.Instances[0].File(t.Context(), filing.Key("unknown"))
		if !errors.Is(err, table.ErrNotFound) {
			t.Errorf("error %v, want %v", err, table.ErrNotFound)
		}
	})
}
