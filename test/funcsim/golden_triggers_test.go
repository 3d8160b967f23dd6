package funcsim

import (
	"encoding/base64"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// recordedTrigger is one entry of triggers.json.
type recordedTrigger struct {
	Trigger         string
	MessageEncoding string
	Message         string
	SentAs          string
	Invocations     int
	DequeueCounts   []string
	First           *received
	PoisonQueue     []string
}

func TestTriggersAreThoseOfTheRealHost(t *testing.T) {
	var rec struct{ Cases []recordedTrigger }
	readGolden(t, "triggers", &rec)
	for _, c := range rec.Cases {
		t.Run(strings.TrimSpace(c.Trigger+" "+c.MessageEncoding+" "+c.Message), func(t *testing.T) {
			play := map[string]func(*testing.T, recordedTrigger){
				"queueTrigger":                                                      playQueue,
				"timerTrigger, */15 * * * * *":                                      playFastTimer,
				"timerTrigger, 0 * * * * *, retry fixedDelay 2":                     playMinuteTimer,
				"timerTrigger, 0 * * * * *, host started after a missed occurrence": playMissedTimer,
			}[c.Trigger]
			if play == nil {
				t.Log("not compared: no function of ours is of that kind")
				return
			}
			synctest.Test(t, func(t *testing.T) { play(t, c) })
		})
	}
}

func startGolden(t *testing.T, handler *recorder, q *MemoryQueue, env map[string]string) *Host {
	t.Helper()
	h := &Host{
		Root: "testdata/golden-app", Handler: handler, CoreTools: true,
		Queues: map[string]Queue{"texts": q}, Env: env,
		Log: func(e Entry) { t.Logf("%s %s: %s", e.Level, e.Source, e.Text) },
	}
	if err := h.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return h
}

func playQueue(t *testing.T, c recordedTrigger) {
	handler, q := &recorder{}, &MemoryQueue{}
	h := startGolden(t, handler, q, map[string]string{
		"AzureFunctionsJobHost__extensions__queues__messageEncoding": c.MessageEncoding,
	})
	defer h.Stop()
	if c.SentAs == "base64" {
		q.Send(base64.StdEncoding.EncodeToString([]byte(c.Message)))
	} else {
		q.Send(c.Message)
	}
	time.Sleep(10 * time.Second)
	seen := handler.all()
	if len(seen) != c.Invocations {
		t.Fatalf("%d invocations, want %d", len(seen), c.Invocations)
	}
	if c.First != nil {
		compareReceived(t, seen[:1], []received{withHost(*c.First)})
	}
	for i, n := range c.DequeueCounts {
		if !strings.Contains(seen[i].Body, `"DequeueCount":"`+n+`"`) {
			t.Errorf("invocation %d: %s, want DequeueCount %s", i, seen[i].Body, n)
		}
	}
	var poison []string
	for _, text := range q.Poisoned() {
		if raw, err := base64.StdEncoding.DecodeString(text); c.MessageEncoding == "base64" && err == nil {
			text = string(raw)
		}
		poison = append(poison, text)
	}
	if d := cmp.Diff(append([]string(nil), c.PoisonQueue...), poison); d != "" {
		t.Errorf("poison queue (-want +got):\n%s", d)
	}
	if q.Len() != 0 {
		t.Errorf("%d messages left in the queue, want none", q.Len())
	}
}

func playFastTimer(t *testing.T, c recordedTrigger) {
	handler := &recorder{}
	h := startGolden(t, handler, &MemoryQueue{}, nil)
	defer h.Stop()
	time.Sleep(time.Duration(c.Invocations)*15*time.Second + time.Second)
	seen := runsOf(handler, "TimerFast")
	if len(seen) != c.Invocations {
		t.Fatalf("%d runs, want %d", len(seen), c.Invocations)
	}
	compareReceived(t, seen[:1], []received{withHost(*c.First)})
}

func playMinuteTimer(t *testing.T, c recordedTrigger) {
	handler := &recorder{}
	h := startGolden(t, handler, &MemoryQueue{}, nil)
	defer h.Stop()
	runs := 1 + c.Invocations // the app's first run was not recorded: its status has no last run
	time.Sleep(time.Duration(runs)*time.Minute + time.Second)
	seen := runsOf(handler, "TimerMinute")
	if len(seen) != runs {
		t.Fatalf("%d runs, want %d", len(seen), runs)
	}
	compareReceived(t, seen[1:2], []received{withHost(*c.First)})
}

func playMissedTimer(t *testing.T, c recordedTrigger) {
	handler := &recorder{}
	h := startGolden(t, handler, &MemoryQueue{}, nil)
	time.Sleep(61 * time.Second)
	h.Stop()
	time.Sleep(90 * time.Second)
	if err := h.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer h.Stop()
	time.Sleep(time.Second)
	seen := runsOf(handler, "TimerMinute")
	if len(seen) != 2 {
		t.Fatalf("%d runs, want one before and one after the stop", len(seen))
	}
	compareReceived(t, seen[1:], []received{withHost(*c.First)})
}

// withHost returns a recorded invocation with a Host header, which triggers.json
// leaves out.
func withHost(r received) received { r.Host = "{handler}"; return r }

func runsOf(handler *recorder, function string) []received {
	var out []received
	for _, r := range handler.all() {
		if r.Line == "POST /"+function {
			out = append(out, r)
		}
	}
	return out
}
