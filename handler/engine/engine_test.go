package engine_test

import (
	"fmt"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"

	"switchboard/handler/call"
	"switchboard/test/cluster"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestWholeCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newInboundSim(t)
		completed(t, w, w.play())
	})
}

// completed checks that the agent was in the call, exactly once.
func completed(t *testing.T, w *inboundSim, c call.Call) {
	t.Helper()
	if c.Outcome != call.OutcomeCompleted || len(c.Agents) != 1 || c.Agents[0].ID != cluster.Anna {
		t.Errorf("outcome %q, agents %+v", c.Outcome, c.Agents)
	}
	if len(c.Recordings) != 1 || c.Recordings[0].State != call.RecordingFiled {
		t.Errorf("recordings %+v", c.Recordings)
	}
	if w.rings[cluster.Anna] != 1 || w.rings[cluster.Ben] != 0 {
		t.Errorf("telephones rang: %v", w.rings)
	}
}

func TestWholeCallWhateverGoesWrong(t *testing.T) {
	cluster.ForEachFaultPoint(t, 70, cluster.AllFaults, func(t *testing.T, wrong cluster.Fault) cluster.FaultPoints {
		w := newInboundSim(t)
		w.Fault = wrong
		completed(t, w, w.play())
		return w.Points
	})
}

func TestTwoProcessesTakeTheSameEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newInboundSim(t)
		w.Start()
		completed(t, w, w.play())
	})
	for moment := 1; moment < 200; moment += 7 {
		t.Run(fmt.Sprintf("and one of them dies at moment %d", moment), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newInboundSim(t)
				w.Start()
				w.Fault = cluster.Fault{Kind: cluster.CrashBefore, Point: moment}
				completed(t, w, w.play())
			})
		})
	}
}
