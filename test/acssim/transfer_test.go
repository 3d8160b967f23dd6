package acssim

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const expert = "8:acs:5a1e0ad2-0000-4000-8000-0000000000ac_tenant_expert"

// wanted compares the events that follow those of an answered call.
func (a *application) wanted(t *testing.T, want ...string) {
	t.Helper()
	if d := cmp.Diff(append([]string{}, want...), a.received()[2:]); d != "" {
		t.Errorf("events (-want +got):\n%s", d)
	}
}

func TestTransfer(t *testing.T) {
	t.Run("of a 1:1 call, which the application leaves", func(t *testing.T) {
		inBubble(t, &Server{}, func(t *testing.T, app *application) {
			path := app.connectCaller("wait answer; hang up after 30s")
			app.must(202, "POST", path+":transferToParticipant", fmt.Sprintf(`{"targetParticipant":{"rawId":%q},"operationContext":"t",
				"customCallingContext":{"sipHeaders":{"X-MS-Custom-A":"b"},"voipHeaders":{}}}`, expert))
			wantCode(t, "a second transfer",
				app.send("POST", path+":transferToParticipant", fmt.Sprintf(`{"targetParticipant":{"rawId":%q}}`, agent)), "409/8607")
			app.wait(5 * time.Second)
			app.wanted(t, "CallTransferAccepted t", "CallDisconnected 200/7000 answer")
			if e := app.last("CallTransferAccepted").Data; e.TransferTarget.RawID != expert || e.Transferee.RawID != caller {
				t.Errorf("transfer = %+v, want that of %s to %s", e, caller, expert)
			}
			if c := app.sim.Calls()[0]; c.State != "connected" || len(c.Participants) != 2 {
				t.Errorf("call = %+v, want two people, connected", c)
			}
			app.wait(time.Minute)
			if c := app.sim.Calls()[0]; c.State != "disconnected" {
				t.Errorf("call = %+v, want it disconnected", c)
			}
		})
	})
	t.Run("to a person who declines", func(t *testing.T) {
		inBubble(t, &Server{}, func(t *testing.T, app *application) {
			if err := app.sim.SetPhone(expert, "decline"); err != nil {
				t.Fatal(err)
			}
			path := app.connectCaller("")
			app.must(202, "POST", path+":transferToParticipant", fmt.Sprintf(`{"targetParticipant":{"rawId":%q},"operationContext":"t"}`, expert))
			app.wait(5 * time.Second)
			app.wanted(t, "CallTransferFailed 603/8538 t")
		})
	})
}

func TestTransferOutOfAGroup(t *testing.T) {
	t.Run("out of a group, which goes on", func(t *testing.T) {
		inBubble(t, &Server{}, func(t *testing.T, app *application) {
			path := app.connectCaller("")
			app.add(path, agent, "a", 30)
			app.wait(5 * time.Second)
			wantCode(t, "without transferee",
				app.send("POST", path+":transferToParticipant", fmt.Sprintf(`{"targetParticipant":{"rawId":%q}}`, expert)), "400/8523")
			app.must(202, "POST", path+":transferToParticipant", fmt.Sprintf(
				`{"targetParticipant":{"rawId":%q},"transferee":{"rawId":%q},"operationContext":"t"}`, expert, caller))
			app.wait(5 * time.Second)
			app.wanted(t, "AddParticipantSucceeded a", "ParticipantsUpdated", "CallTransferAccepted t", "ParticipantsUpdated")
			if n := len(app.last("ParticipantsUpdated").Data.Participants); n != 1 {
				t.Errorf("%d stayed, want 1", n)
			}
			if calls := app.sim.Calls(); len(calls) != 2 || len(calls[1].Participants) != 2 || calls[1].State != "connected" {
				t.Errorf("calls = %+v, want a second one of two people, connected", calls)
			}
		})
	})
	t.Run("of a person who hangs up meanwhile", func(t *testing.T) {
		inBubble(t, &Server{}, func(t *testing.T, app *application) {
			path := app.connectCaller("wait answer; hang up after 8s")
			app.add(path, agent, "a", 30)
			app.wait(4 * time.Second)
			if err := app.sim.SetPhone(expert, "no answer"); err != nil {
				t.Fatal(err)
			}
			app.must(202, "POST", path+":transferToParticipant", fmt.Sprintf(
				`{"targetParticipant":{"rawId":%q},"transferee":{"rawId":%q},"operationContext":"t"}`, expert, caller))
			app.wait(30 * time.Second)
			app.wanted(t, "AddParticipantSucceeded a", "ParticipantsUpdated", "CallTransferFailed 404/8522 t", "ParticipantsUpdated")
		})
	})
}

func TestMove(t *testing.T) {
	inBubble(t, &Server{}, func(t *testing.T, app *application) {
		here := app.connectCaller("")
		there := app.create(agent)
		app.wait(2 * time.Second)
		id := there[len("/calling/callConnections/"):]
		answer := app.must(202, "POST", here+"/participants:moveHere", fmt.Sprintf(
			`{"targetParticipants":[{"rawId":%q},{"rawId":%q}],"fromCall":%q,"operationContext":"m"}`, agent, expert, id))
		app.wait(5 * time.Second)
		want := []string{
			"CallConnected answer", "ParticipantsUpdated", "CallConnected create", "ParticipantsUpdated",
			"MoveParticipantSucceeded m", "ParticipantsUpdated", "CallDisconnected 200/7000 create", "MoveParticipantFailed 404/8522 m",
		}
		got := app.received()
		if len(got) != len(want) {
			t.Fatalf("events = %q of %s, want %q", got, answer.body, want)
		}
		for _, event := range want {
			found := false
			for _, g := range got {
				found = found || g == event
			}
			if !found {
				t.Errorf("events = %q, want %s", got, event)
			}
		}
		if e := app.last("MoveParticipantSucceeded").Data; e.FromCall != id || e.Participant.RawID != agent {
			t.Errorf("moved = %+v, want %s from call %s", e, agent, id)
		}
		if n := len(app.last("ParticipantsUpdated").Data.Participants); n != 2 {
			t.Errorf("%d are in the call, want 2", n)
		}
		wantCode(t, "from a call that is over", app.send("POST", here+"/participants:moveHere", fmt.Sprintf(
			`{"targetParticipants":[{"rawId":%q}],"fromCall":%q}`, agent, id)), "404/8522")
	})
}

func TestNothingFollowsTheEndOfACall(t *testing.T) {
	inBubble(t, &Server{}, func(t *testing.T, app *application) {
		here := app.connectCaller("")
		there := app.create(agent)
		app.wait(2 * time.Second)
		app.must(202, "POST", here+"/participants:moveHere", fmt.Sprintf(
			`{"targetParticipants":[{"rawId":%q}],"fromCall":%q}`, agent, there[len("/calling/callConnections/"):]))
		app.must(204, "POST", here+":terminate", "")
		app.wait(5 * time.Second)
		if got := app.received(); got[len(got)-1] != "CallDisconnected 200/7000 answer" {
			t.Errorf("events = %q, want CallDisconnected 200/7000 at the end", got)
		}
	})
}
