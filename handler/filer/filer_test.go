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

// copyGrace is how long after its time a run may still be copying.
const copyGrace = time.Minute

// inVault runs a test in a bubble with a vault of its own.
func runFilingSim(t *testing.T, name, startsAs string, test func(t *testing.T, v *filingSim)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, func(t *testing.T) { test(t, newFilingSim(t, startsAs)) }) })
}

// bodies are the contents of files, by name.
type bodies map[string][]byte

// holds makes ACS keep the files.
func (v *filingSim) wantFiles(files bodies) {
	for name, body := range files {
		v.file(name, body)
	}
}

var twoFiles = bodies{"one": []byte("RIFF one"), "two": []byte("RIFF two")}

func TestRecordingWhateverGoesWrong(t *testing.T) {
	cluster.ForEachFaultPoint(t, 20, cluster.AllFaults, func(t *testing.T, wrong cluster.Fault) cluster.FaultPoints {
		v := newFilingSim(t, recordingID)
		v.wantFiles(twoFiles)
		v.file("one.meta", []byte(`{"resourceId":"r"}`))
		v.Fault = wrong
		v.receive(message("m1", "one", "two"))
		v.play(time.Hour)
		v.wantFiled(cluster.InboundID, twoFiles)
		if got := v.callRecording(); got.State != call.RecordingFiled || got.ID != recordingID {
			t.Errorf("the call says %+v", got)
		}
		return v.Points
	})
}

// A file of two blocks, each of which is a run of its own.
func TestRecordingOfManyRunsWhateverGoesWrong(t *testing.T) {
	long := bodies{"long": bytes.Repeat([]byte("switchboard "), archive.BlockSize/12+1)}
	cluster.ForEachFaultPoint(t, 20, []cluster.FaultKind{cluster.FailAfter, cluster.CrashBefore}, func(t *testing.T, wrong cluster.Fault) cluster.FaultPoints { // blocks are large
		v := newFilingSim(t, recordingID)
		v.copyTime, v.Instances[0].CopyTimeout = 0, 0
		v.wantFiles(long)
		v.Fault = wrong
		v.receive(message("m1", "long"))
		v.play(time.Hour)
		v.wantFiled(cluster.InboundID, long)
		if got := v.callRecording(); got.State != call.RecordingFiled {
			t.Errorf("the call says %+v", got)
		}
		if got := v.stored["https://acs/long"].opened; wrong == (cluster.Fault{}) &&
			!slices.Equal(got, []int64{0, archive.BlockSize}) {
			t.Errorf("asked for from %v", got)
		}
		return v.Points
	})
}

func TestRecording(t *testing.T) {
	runFilingSim(t, "is filed beside what is known of it", recordingID, func(t *testing.T, v *filingSim) {
		v.wantFiles(twoFiles)
		v.file("one.meta", []byte(`{"resourceId": "r"}`))
		v.file("two.meta", []byte(`{`)) // is none
		v.receive(message("m1", "one", "two"))
		v.play(time.Hour)
		v.wantFiled(cluster.InboundID, twoFiles)
		want := filer.Sidecar{
			File: v.loadRecording().Chunks[0].File, Size: 8, SHA256: sha(twoFiles["one"]), RecordingID: recordingID, Call: string(cluster.InboundID),
			Operation: 2, DocumentID: "one", Start: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), DurationMS: 61000,
			Content: "Audio", Channels: "Mixed", Format: "Wav", EndReason: "CallEnded", Metadata: []byte(`{"resourceId":"r"}`),
		}
		if d := cmp.Diff(want, v.sidecar("one")); d != "" {
			t.Errorf("sidecar (-want +got):\n%s", d)
		}
		if got := string(v.sidecar("two").Metadata); got != "null" {
			t.Errorf("metadata that are no JSON: %s", got)
		}
		if want := "2000/01/01/" + recordingKey + "/0001-"; !strings.HasPrefix(v.loadRecording().Chunks[1].File, want) {
			t.Errorf("filed as %s", v.loadRecording().Chunks[1].File)
		}
	})
	runFilingSim(t, "is filed once, though its message comes twice", recordingID, func(t *testing.T, v *filingSim) {
		v.wantFiles(twoFiles)
		v.receive(message("m1", "one", "two"))
		v.receive(message("m1", "one", "two"))
		v.play(time.Hour)
		v.receive(message("m1", "one", "two")) // and once more, late
		v.play(time.Hour)
		v.wantFiled(cluster.InboundID, twoFiles)
	})
	runFilingSim(t, "is filed whole, though its files come in two messages", recordingID, func(t *testing.T, v *filingSim) {
		v.wantFiles(twoFiles)
		v.receive(message("m1", "one"))
		v.play(time.Hour)
		v.wantFiled(cluster.InboundID, bodies{"one": twoFiles["one"]})
		v.receive(message("m2", "one", "two"))
		v.play(time.Hour)
		v.wantFiled(cluster.InboundID, twoFiles)
	})
	runFilingSim(t, "is filed once by several at once", recordingID, func(t *testing.T, v *filingSim) {
		v.Start()
		v.Start()
		v.wantFiles(twoFiles)
		for _, m := range []filing.Message{message("m1", "one"), message("m2", "two", "one"), message("m1", "one")} {
			v.receive(m)
		}
		v.play(time.Hour)
		v.wantFiled(cluster.InboundID, twoFiles)
		if got := v.callRecording(); got.State != call.RecordingFiled {
			t.Errorf("the call says %+v", got)
		}
	})
	runFilingSim(t, "is left to the run that is at it", recordingID, func(t *testing.T, v *filingSim) {
		v.Start()
		v.wantFiles(twoFiles)
		v.stored["https://acs/one"].takes = 10 * time.Second
		v.receive(message("m1", "one"))
		v.receive(message("m1", "one"))
		time.Sleep(time.Second)
		v.receive(message("m2", "two")) // the run finds it in the row
		v.play(time.Hour)
		v.wantFiled(cluster.InboundID, twoFiles)
		if opened := len(v.stored["https://acs/one"].opened) + len(v.stored["https://acs/two"].opened); opened != 2 {
			t.Errorf("the files were fetched %d times", opened)
		}
	})
	runFilingSim(t, "of which the call learns late is linked then", "", func(t *testing.T, v *filingSim) {
		v.wantFiles(twoFiles)
		v.receive(message("m1", "one", "two"))
		v.Background.Wait()
		v.wantFiled("", twoFiles)
		if got := v.callRecording(); got.State != call.RecordingWanted {
			t.Errorf("the call says %+v", got)
		}
		ev := call.Event{Key: "late", Body: call.RecordingStateChanged{RecordingID: recordingID, Op: 2}}
		if err := v.Instances[0].Apply(t.Context(), cluster.InboundID, ev); err != nil {
			t.Fatal(err)
		}
		v.play(time.Minute)
		v.wantFiled(cluster.InboundID, twoFiles)
		if got := v.callRecording(); got.State != call.RecordingFiled || got.ID != recordingID {
			t.Errorf("the call says %+v", got)
		}
	})
	runFilingSim(t, "that no call knows is filed, and stays unlinked", "another", func(t *testing.T, v *filingSim) {
		v.wantFiles(twoFiles)
		v.receive(message("m1", "one", "two"))
		v.Background.Wait()
		v.wantFiled("", twoFiles)
		if got := v.sidecar("one"); got.Call != "" || got.Operation != 0 {
			t.Errorf("sidecar %+v", got)
		}
		if got := v.callRecording(); got.State != call.RecordingFinished && got.State != call.RecordingWanted {
			t.Errorf("the call says %+v", got)
		}
	})
	runFilingSim(t, "of many files does not take longer than a run may", recordingID, func(t *testing.T, v *filingSim) {
		many := bodies{}
		var names []string
		for i := range 5 {
			names = append(names, fmt.Sprint(i))
			many[names[i]] = []byte(names[i])
		}
		v.Instances[0].CopyTimeout = 0
		v.wantFiles(many)
		v.receive(message("m1", names...))
		v.play(time.Hour)
		v.wantFiled(cluster.InboundID, many)
		if v.sends != len(many)-1 {
			t.Errorf("%d runs went on", v.sends)
		}
	})
	runFilingSim(t, "goes on by the sweep when the queue takes no message", recordingID, func(t *testing.T, v *filingSim) {
		v.Instances[0].CopyTimeout = 0
		v.queueFails = func(sends int) bool { return sends <= 3 }
		v.wantFiles(twoFiles)
		v.receive(message("m1", "one", "two"))
		began := time.Now()
		v.play(time.Hour)
		v.wantFiled(cluster.InboundID, twoFiles)
		if took := time.Since(began); took < 3*copyGrace || took > 4*copyGrace {
			t.Errorf("it took %v", took)
		}
	})
}

func TestRecordingThatCannotBeHad(t *testing.T) {
	runFilingSim(t, "for a while is tried again, less and less often", recordingID, func(t *testing.T, v *filingSim) {
		v.wantFiles(twoFiles)
		var at []time.Duration
		began := time.Now()
		v.stored["https://acs/one"].fails = func(opened int) error {
			at = append(at, time.Since(began).Truncate(time.Second))
			if opened <= 4 {
				return errors.New("the host has gone")
			}
			return nil
		}
		v.receive(message("m1", "one"))
		time.Sleep(time.Second)
		if r := v.loadRecording(); r.Tries != 1 || !strings.Contains(r.Reason, "the host has gone") || r.NotBefore.IsZero() {
			t.Errorf("recording %+v", r)
		}
		v.play(time.Hour)
		v.wantFiled(cluster.InboundID, bodies{"one": twoFiles["one"]})
		if d := cmp.Diff([]time.Duration{0, 5 * time.Second, 15 * time.Second, 35 * time.Second, 75 * time.Second}, at); d != "" {
			t.Errorf("tried at (-want +got):\n%s", d)
		}
		if r := v.loadRecording(); r.Tries != 0 || r.Reason != "" {
			t.Errorf("recording %+v", r)
		}
	})
	runFilingSim(t, "because nothing comes any more does not keep its run for ever", recordingID, func(t *testing.T, v *filingSim) {
		v.wantFiles(twoFiles)
		v.stored["https://acs/one"].hangs = func(opened int) bool { return opened == 1 }
		v.receive(message("m1", "one"))
		time.Sleep(v.copyTime + copyGrace + time.Second)
		if r := v.loadRecording(); r.Tries != 1 {
			t.Errorf("recording %+v", r)
		}
		v.play(time.Hour)
		v.wantFiled(cluster.InboundID, bodies{"one": twoFiles["one"]})
	})
	runFilingSim(t, "because nothing ever comes is not in the way of the others", recordingID, func(t *testing.T, v *filingSim) {
		v.wantFiles(twoFiles)
		v.wantFiles(bodies{"three": []byte("RIFF three")})
		v.stored["https://acs/one"].hangs = func(int) bool { return true }
		v.receive(message("m1", "one", "two", "three"))
		time.Sleep(10 * time.Minute)
		if r := v.loadRecording(); r.Chunks[1].State != filing.ChunkFiled || r.Chunks[2].State != filing.ChunkFiled {
			t.Errorf("recording %+v", r)
		}
		v.deleteFile("one")
		v.play(48 * time.Hour)
		if got := v.callRecording(); got.State != call.RecordingLost {
			t.Errorf("the call says %+v", got)
		}
	})
	runFilingSim(t, "in part is filed as far as it can", recordingID, func(t *testing.T, v *filingSim) {
		v.wantFiles(bodies{"two": twoFiles["two"]})
		v.receive(message("m1", "one", "two"))
		time.Sleep(time.Minute)
		if r := v.loadRecording(); r.State != filing.StateFiling || r.Chunks[1].State != filing.ChunkFiled {
			t.Errorf("recording %+v", r)
		}
		v.play(48 * time.Hour)
		r := v.loadRecording()
		if r.State != filing.StateLost || r.Chunks[0].State != filing.ChunkLost || r.Chunks[1].State != filing.ChunkFiled {
			t.Errorf("recording %+v", r)
		}
		if got := v.callRecording(); got.State != call.RecordingLost || got.Reason != r.Reason || !strings.Contains(got.Reason, "404") {
			t.Errorf("the call says %+v, the recording %+v", got, r)
		}
	})
	runFilingSim(t, "any more was filed if a run has got so far", recordingID, func(t *testing.T, v *filingSim) {
		v.wantFiles(twoFiles)
		v.files.Fail = func(op archivetest.Op) faulttest.Fault {
			if op.Kind == archivetest.Commit {
				v.Crash(v.Instances[0])
			}
			return faulttest.None
		}
		v.receive(message("m1", "one"))
		time.Sleep(time.Second)
		if len(v.Running()) > 0 || len(v.files.Files()) != 1 {
			t.Fatalf("%d processes, files %+v", len(v.Running()), v.files.Files())
		}
		v.deleteFile("one")
		v.play(time.Hour)
		v.wantFiled(cluster.InboundID, bodies{"one": twoFiles["one"]})
	})
	for name, fails := range map[string]error{
		"refused": &acs.Error{Op: "DownloadRecording", Status: 403}, "gone": gone,
	} {
		runFilingSim(t, "is filed all the same when its description is "+name, recordingID, func(t *testing.T, v *filingSim) {
			v.wantFiles(twoFiles)
			v.file("one.meta", nil).fails = func(int) error { return fails }
			v.receive(message("m1", "one"))
			v.play(time.Minute)
			v.wantFiled(cluster.InboundID, bodies{"one": twoFiles["one"]})
		})
	}
	runFilingSim(t, "without its description waits for that", recordingID, func(t *testing.T, v *filingSim) {
		v.wantFiles(twoFiles)
		v.file("one.meta", []byte(`{"a":1}`)).fails = func(opened int) error {
			if opened == 1 {
				return &acs.Error{Op: "DownloadRecording", Status: 503}
			}
			return nil
		}
		v.receive(message("m1", "one"))
		v.play(time.Minute)
		v.wantFiled(cluster.InboundID, bodies{"one": twoFiles["one"]})
		if got := string(v.sidecar("one").Metadata); got != `{"a":1}` || len(v.stored["https://acs/one"].opened) != 1 {
			t.Errorf("metadata %s; the file was fetched %d times", got, len(v.stored["https://acs/one"].opened))
		}
	})
}

func TestRecordingOfWhichNothingIsHeardIsReportedLost(t *testing.T) {
	for startsAs, reason := range map[string]string{
		recordingID: "no file came in time", "": "no file came in time, and ACS never told its id",
	} {
		runFilingSim(t, fmt.Sprintf("by the id %q", startsAs), startsAs, func(t *testing.T, v *filingSim) {
			v.play(cluster.Limits.Recording + 10*time.Minute)
			if got := v.callRecording(); got.State != call.RecordingLost || got.Reason != reason {
				t.Errorf("the call says %+v", got)
			}
			v.wantFiles(twoFiles) // it comes all the same, and is filed
			v.receive(message("m1", "one", "two"))
			v.play(time.Hour)
			want := call.RecordingLost
			if startsAs != "" {
				want = call.RecordingFiled
			}
			if got := v.callRecording(); got.State != want {
				t.Errorf("then the call says %+v", got)
			}
		})
	}
}

func TestRecordingThatDoesNotExist(t *testing.T) {
	runFilingSim(t, "is an error", recordingID, func(t *testing.T, v *filingSim) {
		err := v.Instances[0].File(t.Context(), filing.Key("nobody's"))
		if !errors.Is(err, table.ErrNotFound) {
			t.Errorf("error %v, want %v", err, table.ErrNotFound)
		}
	})
}
