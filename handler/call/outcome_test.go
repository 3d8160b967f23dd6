package call

import "testing"

func TestClassify(t *testing.T) {
	tests := []struct {
		name   string
		result Result
		want   Outcome
	}{
		{"normal clearing", Result{Code: 200}, Completed},
		{"normal clearing by sub code", Result{SubCode: 560000}, Completed},
		{"normal clearing on our side", Result{SubCode: 540000}, Completed},
		{"graceful end", Result{Code: 200, SubCode: 7000}, Completed},
		{"busy", Result{Code: 486, SubCode: 560486}, Busy},
		{"busy by the network's word alone", Result{Code: 500, SIP: 486}, Busy},
		{"callee busy", Result{SubCode: 8539}, Busy},
		{"busy everywhere", Result{Code: 600}, Busy},
		{"busy everywhere by sub code", Result{SubCode: 8540}, Busy},
		{"nobody answers", Result{Code: 480, SubCode: 560480}, NoAnswer},
		{"not available", Result{SubCode: 8541}, NoAnswer},
		{"gateway did not answer", Result{Code: 408, SubCode: 560408}, NoAnswer},
		{"callee did not answer", Result{Code: 408, SubCode: 500001}, NoAnswer},
		{"agent did not answer", Result{Code: 408, SubCode: 10057}, NoAnswer},
		{"taken back", Result{Code: 487, SubCode: 540487}, Cancelled},
		{"taken back by the network's word", Result{Code: 497, SubCode: 560487}, Cancelled},
		{"cancelled", Result{SubCode: 8542}, Cancelled},
		{"declined", Result{Code: 603, SubCode: 560603}, Declined},
		{"declined by ACS's word", Result{SubCode: 8538}, Declined},
		{"declined by the network's word alone", Result{SIP: 603}, Declined},
		{"a user's rejection is no limit", Result{SubCode: 560603, Q850: 21}, Declined},
		{"declined because no circuit is free", Result{Code: 603, SubCode: 560603, Q850: 34}, LineLimit},
		{"declined because of congestion", Result{Code: 603, SubCode: 560603, Q850: 42}, LineLimit},
		{"declined for want of resources", Result{SIP: 603, Q850: 47}, LineLimit},
		{"number unknown", Result{Code: 404, SubCode: 560404}, InvalidNumber},
		{"number not assigned", Result{Code: 404, SubCode: 511404}, InvalidNumber},
		{"number incomplete", Result{Code: 484, SubCode: 560484}, InvalidNumber},
		{"unreachable", Result{SubCode: 8544}, InvalidNumber},
		{"forbidden by the network", Result{Code: 403, SubCode: 560403}, Blocked},
		{"no caller id", Result{Code: 403, SubCode: 510403}, Misconfigured},
		{"no trunk", Result{Code: 403, SubCode: 511532}, Misconfigured},
		{"the Teams channel is off", Result{Code: 403, SubCode: 10105}, Misconfigured},
		{"media path failed", Result{Code: 410, SubCode: 531004}, Failed},
		{"network failed", Result{Code: 500, SubCode: 560500}, Failed},
		{"service unavailable", Result{Code: 503, SubCode: 560503}, Failed},
		{"too many requests", Result{Code: 429}, TooMany},
		{"too many calls", Result{SubCode: 8516}, TooMany},
		{"too many calls this month", Result{SubCode: 8529}, TooMany},
		{"too many active calls", Result{SubCode: 8530}, TooMany},
		{"no permission", Result{Code: 403, SubCode: 7504}, Misconfigured},
		{"the key of another resource", Result{Code: 403, SubCode: 7507}, Misconfigured},
		{"no speech service", Result{Code: 400, SubCode: 8567}, Misconfigured},
		{"answered too late", Result{Code: 400, SubCode: 8587}, Missed},
		{"the network's word goes before ACS's code", Result{Code: 500, SIP: 404}, InvalidNumber},
		{"the sub code goes before the network's word", Result{SubCode: 10105, SIP: 480}, Misconfigured},
		{"nothing said", Result{}, Failed},
		{"nothing known", Result{Code: 999, SubCode: 123456, SIP: 699}, Failed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Classify(tt.result); got != tt.want {
				t.Errorf("outcome = %s, want %s", got, tt.want)
			}
		})
	}
}

func TestARefusedRequestSaysNothingOfWhoWasToBeCalled(t *testing.T) {
	tests := []struct {
		name   string
		result Result
		want   Outcome
	}{
		{"credentials that are not taken", Result{Code: 401}, Misconfigured},
		{"no permission", Result{Code: 403}, Misconfigured},
		{"another resource's key", Result{Code: 403, SubCode: 7507}, Misconfigured},
		{"the wrong address", Result{Code: 404}, Misconfigured},
		{"nothing there", Result{Code: 404, SubCode: 8522}, Misconfigured},
		{"no configuration", Result{Code: 405, SubCode: 8522}, Misconfigured},
		{"an invalid argument", Result{Code: 400, SubCode: 8523}, Failed},
		{"a request that our own client would not send", Result{}, Failed},
		{"a number that the network does not know", Result{Code: 404, SubCode: 560404}, InvalidNumber},
		{"a number that the platform does not know", Result{Code: 404, SubCode: 511404}, InvalidNumber},
		{"a callee who is busy", Result{Code: 486, SubCode: 560486}, Busy},
		{"too many calls", Result{Code: 403, SubCode: 8530}, TooMany},
	}
	for _, tt := range tests {
		if got := ClassifyRequest(tt.result); got != tt.want {
			t.Errorf("%s: outcome %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestAttemptsThatCount(t *testing.T) {
	// Each outcome there is, and whether somebody may have been rung, or never can be.
	counts := map[bool][]Outcome{
		true: {
			Completed, Abandoned, Missed, Busy, NoAnswer, Declined, InvalidNumber, Blocked, NotKnown, Failed,
		},
		false: {LineLimit, TooMany, Misconfigured, Cancelled},
	}
	for want, outcomes := range counts {
		for _, o := range outcomes {
			if got := o.Spends(); got != want {
				t.Errorf("an attempt that ended %s counts: %v, want %v", o, got, want)
			}
		}
	}
}
