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

func TestInboundCallReachesTheAgent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newInboundSim(t)
		wantCompleted(t, s, s.run())
	})
}

// wantCompleted checks that the call was completed: Anna was in it, rang once, and the recording is filed.
func wantCompleted(t *testing.T, s *inboundSim, c call.Call) {
	t.Helper()
	if c.Outcome != call.OutcomeCompleted || len(c.Agents) != 1 || c.Agents[0].ID != cluster.Anna {
		t.Errorf("outcome %q, agents %+v, want %q with %s", c.Outcome, c.Agents, call.OutcomeCompleted, cluster.Anna)
	}
	if len(c.Recordings) != 1 || c.Recordings[0].State != call.RecordingFiled {
		t.Errorf("recordings %+v, want one that is filed", c.Recordings)
	}
	if s.rings[cluster.Anna] != 1 || s.rings[cluster.Ben] != 0 {
		t.Errorf("telephones rang %v times, want %s once", s.rings, cluster.Anna)
	}
}

func TestInboundCallReachesTheAgentUnderEveryFault(t *testing.T) {
	cluster.ForEachFaultPoint(t, 70, cluster.AllFaults, func(t *testing.T, fault cluster.Fault) cluster.FaultPoints {
		s := newInboundSim(t)
		s.Fault = fault
		wantCompleted(t, s, s.run())
		return s.Points
	})
}

func TestTwoInstancesReceiveTheSameEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newInboundSim(t)
		s.Start()
		wantCompleted(t, s, s.run())
	})
	for point := 1; point < 200; point += 7 {
		t.Run(fmt.Sprintf("and one of them crashes at point %d", point), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newInboundSim(t)
				s.Start()
				s.Fault = cluster.Fault{Kind: cluster.FaultCrashBefore, Point: point}
				wantCompleted(t, s, s.run())
			})
		})
	}
}
