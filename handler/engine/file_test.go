package engine

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
	"switchboard/handler/store"
)

// inVault runs a test in a bubble with a vault of its own.
func inVault(t *testing.T, name, startsAs string, test func(t *testing.T, v *vault)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, func(t *testing.T) { test(t, newVault(t, startsAs)) }) })
}

// bodies are the contents of files, by name.
type bodies map[string][]byte

// holds makes ACS keep the files.
func (v *vault) holds(files bodies) {
	for name, body := range files {
		v.file(name, body)
	}
}

var twoFiles = bodies{"one": []byte("RIFF one"), "two": []byte("RIFF two")}

func TestRecordingWhateverGoesWrong(t *testing.T) {
	everyMoment(t, 20, everyKind, func(t *testing.T, wrong fault) moments {
		v := newVault(t, recordingID)
		v.holds(twoFiles)
		v.file("one.meta", []byte(`{"resourceId":"r"}`))
		v.fault = wrong
		v.arrives(message("m1", "one", "two"))
		v.play(time.Hour)
		v.filed(id, twoFiles)
		if got := v.debt(); got.State != call.RecordingFiled || got.ID != recordingID {
			t.Errorf("the call says %+v", got)
		}
		return v.moments
	})
}

// A file of two blocks, each of which is a run of its own.
func TestRecordingOfManyRunsWhateverGoesWrong(t *testing.T) {
	long := bodies{"long": bytes.Repeat([]byte("switchboard "), archive.BlockSize/12+1)}
	everyMoment(t, 20, []kind{lost, crashBefore}, func(t *testing.T, wrong fault) moments { // blocks are large
		v := newVault(t, recordingID)
		v.run, v.engines[0].RecordingRun = 0, 0
		v.holds(long)
		v.fault = wrong
		v.arrives(message("m1", "long"))
		v.play(time.Hour)
		v.filed(id, long)
		if got := v.debt(); got.State != call.RecordingFiled {
			t.Errorf("the call says %+v", got)
		}
		if got := v.stored["https://acs/long"].opened; wrong == (fault{}) &&
			!slices.Equal(got, []int64{0, archive.BlockSize}) {
			t.Errorf("asked for from %v", got)
		}
		return v.moments
	})
}

func TestRecording(t *testing.T) {
	inVault(t, "is filed beside what is known of it", recordingID, func(t *testing.T, v *vault) {
		v.holds(twoFiles)
		v.file("one.meta", []byte(`{"resourceId": "r"}`))
		v.file("two.meta", []byte(`{`)) // is none
		v.arrives(message("m1", "one", "two"))
		v.play(time.Hour)
		v.filed(id, twoFiles)
		want := Sidecar{
			File: v.kept().Chunks[0].File, Size: 8, SHA256: sha(twoFiles["one"]), RecordingID: recordingID, Call: id,
			Operation: 2, DocumentID: "one", Start: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), DurationMS: 61000,
			Content: "Audio", Channels: "Mixed", Format: "Wav", EndReason: "CallEnded", Metadata: []byte(`{"resourceId":"r"}`),
		}
		if d := cmp.Diff(want, v.sidecar("one")); d != "" {
			t.Errorf("sidecar (-want +got):\n%s", d)
		}
		if got := string(v.sidecar("two").Metadata); got != "null" {
			t.Errorf("metadata that are no JSON: %s", got)
		}
		if want := "2000/01/01/" + recordingKey + "/0001-"; !strings.HasPrefix(v.kept().Chunks[1].File, want) {
			t.Errorf("filed as %s", v.kept().Chunks[1].File)
		}
	})
	inVault(t, "is filed once, though its message comes twice", recordingID, func(t *testing.T, v *vault) {
		v.holds(twoFiles)
		v.arrives(message("m1", "one", "two"))
		v.arrives(message("m1", "one", "two"))
		v.play(time.Hour)
		v.arrives(message("m1", "one", "two")) // and once more, late
		v.play(time.Hour)
		v.filed(id, twoFiles)
	})
	inVault(t, "is filed whole, though its files come in two messages", recordingID, func(t *testing.T, v *vault) {
		v.holds(twoFiles)
		v.arrives(message("m1", "one"))
		v.play(time.Hour)
		v.filed(id, bodies{"one": twoFiles["one"]})
		v.arrives(message("m2", "one", "two"))
		v.play(time.Hour)
		v.filed(id, twoFiles)
	})
	inVault(t, "is filed once by several at once", recordingID, func(t *testing.T, v *vault) {
		v.start()
		v.start()
		v.holds(twoFiles)
		for _, m := range []store.Finished{message("m1", "one"), message("m2", "two", "one"), message("m1", "one")} {
			v.arrives(m)
		}
		v.play(time.Hour)
		v.filed(id, twoFiles)
		if got := v.debt(); got.State != call.RecordingFiled {
			t.Errorf("the call says %+v", got)
		}
	})
	inVault(t, "is left to the run that is at it", recordingID, func(t *testing.T, v *vault) {
		v.start()
		v.holds(twoFiles)
		v.stored["https://acs/one"].takes = 10 * time.Second
		v.arrives(message("m1", "one"))
		v.arrives(message("m1", "one"))
		time.Sleep(time.Second)
		v.arrives(message("m2", "two")) // the run finds it in the row
		v.play(time.Hour)
		v.filed(id, twoFiles)
		if opened := len(v.stored["https://acs/one"].opened) + len(v.stored["https://acs/two"].opened); opened != 2 {
			t.Errorf("the files were fetched %d times", opened)
		}
	})
	inVault(t, "of which the call learns late is linked then", "", func(t *testing.T, v *vault) {
		v.holds(twoFiles)
		v.arrives(message("m1", "one", "two"))
		v.background.Wait()
		v.filed("", twoFiles)
		if got := v.debt(); got.State != call.RecordingWanted {
			t.Errorf("the call says %+v", got)
		}
		ev := call.Event{Key: "late", Body: call.RecordingChanged{RecordingID: recordingID, Op: 2}}
		if err := v.engines[0].Apply(t.Context(), id, ev); err != nil {
			t.Fatal(err)
		}
		v.play(time.Minute)
		v.filed(id, twoFiles)
		if got := v.debt(); got.State != call.RecordingFiled || got.ID != recordingID {
			t.Errorf("the call says %+v", got)
		}
	})
	inVault(t, "that no call knows is filed, and stays unlinked", "another", func(t *testing.T, v *vault) {
		v.holds(twoFiles)
		v.arrives(message("m1", "one", "two"))
		v.background.Wait()
		v.filed("", twoFiles)
		if got := v.sidecar("one"); got.Call != "" || got.Operation != 0 {
			t.Errorf("sidecar %+v", got)
		}
		if got := v.debt(); got.State != call.RecordingFinished && got.State != call.RecordingWanted {
			t.Errorf("the call says %+v", got)
		}
	})
	inVault(t, "of many files does not take longer than a run may", recordingID, func(t *testing.T, v *vault) {
		many := bodies{}
		var names []string
		for i := range 5 {
			names = append(names, fmt.Sprint(i))
			many[names[i]] = []byte(names[i])
		}
		v.engines[0].RecordingRun = 0
		v.holds(many)
		v.arrives(message("m1", names...))
		v.play(time.Hour)
		v.filed(id, many)
		if v.sends != len(many)-1 {
			t.Errorf("%d runs went on", v.sends)
		}
	})
	inVault(t, "goes on by the sweep when the queue takes no message", recordingID, func(t *testing.T, v *vault) {
		v.engines[0].RecordingRun = 0
		v.queueFails = func(sends int) bool { return sends <= 3 }
		v.holds(twoFiles)
		v.arrives(message("m1", "one", "two"))
		began := time.Now()
		v.play(time.Hour)
		v.filed(id, twoFiles)
		if took := time.Since(began); took < 3*runGrace || took > 4*runGrace {
			t.Errorf("it took %v", took)
		}
	})
}

func TestRecordingThatCannotBeHad(t *testing.T) {
	inVault(t, "for a while is tried again, less and less often", recordingID, func(t *testing.T, v *vault) {
		v.holds(twoFiles)
		var at []time.Duration
		began := time.Now()
		v.stored["https://acs/one"].fails = func(opened int) error {
			at = append(at, time.Since(began).Truncate(time.Second))
			if opened <= 4 {
				return errors.New("the host has gone")
			}
			return nil
		}
		v.arrives(message("m1", "one"))
		time.Sleep(time.Second)
		if r := v.kept(); r.Tries != 1 || !strings.Contains(r.Reason, "the host has gone") || r.NotBefore.IsZero() {
			t.Errorf("recording %+v", r)
		}
		v.play(time.Hour)
		v.filed(id, bodies{"one": twoFiles["one"]})
		if d := cmp.Diff([]time.Duration{0, 5 * time.Second, 15 * time.Second, 35 * time.Second, 75 * time.Second}, at); d != "" {
			t.Errorf("tried at (-want +got):\n%s", d)
		}
		if r := v.kept(); r.Tries != 0 || r.Reason != "" {
			t.Errorf("recording %+v", r)
		}
	})
	inVault(t, "because nothing comes any more does not keep its run for ever", recordingID, func(t *testing.T, v *vault) {
		v.holds(twoFiles)
		v.stored["https://acs/one"].hangs = func(opened int) bool { return opened == 1 }
		v.arrives(message("m1", "one"))
		time.Sleep(v.run + runGrace + time.Second)
		if r := v.kept(); r.Tries != 1 {
			t.Errorf("recording %+v", r)
		}
		v.play(time.Hour)
		v.filed(id, bodies{"one": twoFiles["one"]})
	})
	inVault(t, "because nothing ever comes is not in the way of the others", recordingID, func(t *testing.T, v *vault) {
		v.holds(twoFiles)
		v.holds(bodies{"three": []byte("RIFF three")})
		v.stored["https://acs/one"].hangs = func(int) bool { return true }
		v.arrives(message("m1", "one", "two", "three"))
		time.Sleep(10 * time.Minute)
		if r := v.kept(); r.Chunks[1].State != store.ChunkFiled || r.Chunks[2].State != store.ChunkFiled {
			t.Errorf("recording %+v", r)
		}
		v.loses("one")
		v.play(48 * time.Hour)
		if got := v.debt(); got.State != call.RecordingLost {
			t.Errorf("the call says %+v", got)
		}
	})
	inVault(t, "in part is filed as far as it can", recordingID, func(t *testing.T, v *vault) {
		v.holds(bodies{"two": twoFiles["two"]})
		v.arrives(message("m1", "one", "two"))
		time.Sleep(time.Minute)
		if r := v.kept(); r.State != store.RecordingFiling || r.Chunks[1].State != store.ChunkFiled {
			t.Errorf("recording %+v", r)
		}
		v.play(48 * time.Hour)
		r := v.kept()
		if r.State != store.RecordingLost || r.Chunks[0].State != store.ChunkLost || r.Chunks[1].State != store.ChunkFiled {
			t.Errorf("recording %+v", r)
		}
		if got := v.debt(); got.State != call.RecordingLost || got.Reason != r.Reason || !strings.Contains(got.Reason, "404") {
			t.Errorf("the call says %+v, the recording %+v", got, r)
		}
	})
	inVault(t, "any more was filed if a run has got so far", recordingID, func(t *testing.T, v *vault) {
		v.holds(twoFiles)
		v.files.Fail = func(op archivetest.Op) archivetest.Fault {
			if op.Kind == archivetest.Commit {
				v.kill(v.engines[0])
			}
			return archivetest.None
		}
		v.arrives(message("m1", "one"))
		time.Sleep(time.Second)
		if len(v.processes()) > 0 || len(v.files.Files()) != 1 {
			t.Fatalf("%d processes, files %+v", len(v.processes()), v.files.Files())
		}
		v.loses("one")
		v.play(time.Hour)
		v.filed(id, bodies{"one": twoFiles["one"]})
	})
	for name, fails := range map[string]error{
		"refused": &acs.Error{Op: "DownloadRecording", Status: 403}, "gone": gone,
	} {
		inVault(t, "is filed all the same when its description is "+name, recordingID, func(t *testing.T, v *vault) {
			v.holds(twoFiles)
			v.file("one.meta", nil).fails = func(int) error { return fails }
			v.arrives(message("m1", "one"))
			v.play(time.Minute)
			v.filed(id, bodies{"one": twoFiles["one"]})
		})
	}
	inVault(t, "without its description waits for that", recordingID, func(t *testing.T, v *vault) {
		v.holds(twoFiles)
		v.file("one.meta", []byte(`{"a":1}`)).fails = func(opened int) error {
			if opened == 1 {
				return &acs.Error{Op: "DownloadRecording", Status: 503}
			}
			return nil
		}
		v.arrives(message("m1", "one"))
		v.play(time.Minute)
		v.filed(id, bodies{"one": twoFiles["one"]})
		if got := string(v.sidecar("one").Metadata); got != `{"a":1}` || len(v.stored["https://acs/one"].opened) != 1 {
			t.Errorf("metadata %s; the file was fetched %d times", got, len(v.stored["https://acs/one"].opened))
		}
	})
}

func TestRecordingOfWhichNothingIsHeardIsReportedLost(t *testing.T) {
	for startsAs, reason := range map[string]string{
		recordingID: "no file came in time", "": "no file came in time, and ACS never told its id",
	} {
		inVault(t, fmt.Sprintf("by the id %q", startsAs), startsAs, func(t *testing.T, v *vault) {
			v.play(limits.Recording + 10*time.Minute)
			if got := v.debt(); got.State != call.RecordingLost || got.Reason != reason {
				t.Errorf("the call says %+v", got)
			}
			v.holds(twoFiles) // it comes all the same, and is filed
			v.arrives(message("m1", "one", "two"))
			v.play(time.Hour)
			want := call.RecordingLost
			if startsAs != "" {
				want = call.RecordingFiled
			}
			if got := v.debt(); got.State != want {
				t.Errorf("then the call says %+v", got)
			}
		})
	}
}

func TestRecordingThatDoesNotExist(t *testing.T) {
	inVault(t, "is an error", recordingID, func(t *testing.T, v *vault) {
		err := v.engines[0].FileRecording(t.Context(), store.RecordingKey("nobody's"))
		if !errors.Is(err, store.ErrNotFound) {
			t.Errorf("error %v, want %v", err, store.ErrNotFound)
		}
	})
}
