package call

import "testing"

func TestClassify(t *testing.T) {
	tests := []struct {
		name   string
		result Result
		want   Outcome
	}{
		{"normal clearing", Result{Code: 200}, OutcomeCompleted},
		{"normal clearing by sub code", Result{SubCode: 560000}, OutcomeCompleted},
		{"normal clearing on our side", Result{SubCode: 540000}, OutcomeCompleted},
		{"graceful end", Result{Code: 200, SubCode: 7000}, OutcomeCompleted},
		{"busy", Result{Code: 486, SubCode: 560486}, OutcomeBusy},
		{"busy by the network's code alone", Result{Code: 500, SIP: 486}, OutcomeBusy},
		{"callee busy", Result{SubCode: 8539}, OutcomeBusy},
		{"busy everywhere", Result{Code: 600}, OutcomeBusy},
		{"busy everywhere by sub code", Result{SubCode: 8540}, OutcomeBusy},
		{"unanswered", Result{Code: 480, SubCode: 560480}, OutcomeNoAnswer},
		{"not available", Result{SubCode: 8541}, OutcomeNoAnswer},
		{"gateway did not answer", Result{Code: 408, SubCode: 560408}, OutcomeNoAnswer},
		{"callee did not answer", Result{Code: 408, SubCode: 500001}, OutcomeNoAnswer},
		{"agent did not answer", Result{Code: 408, SubCode: 10057}, OutcomeNoAnswer},
		{"cancelled on our side", Result{Code: 487, SubCode: 540487}, OutcomeCancelled},
		{"cancelled by the network's code", Result{Code: 497, SubCode: 560487}, OutcomeCancelled},
		{"cancelled by ACS's sub code", Result{SubCode: 8542}, OutcomeCancelled},
		{"declined", Result{Code: 603, SubCode: 560603}, OutcomeDeclined},
		{"declined by ACS's sub code", Result{SubCode: 8538}, OutcomeDeclined},
		{"declined by the network's code alone", Result{SIP: 603}, OutcomeDeclined},
		{"declined by the user", Result{SubCode: 560603, Q850: 21}, OutcomeDeclined},
		{"declined because no circuit is free", Result{Code: 603, SubCode: 560603, Q850: 34}, OutcomeLineLimit},
		{"declined because of congestion", Result{Code: 603, SubCode: 560603, Q850: 42}, OutcomeLineLimit},
		{"declined for want of resources", Result{SIP: 603, Q850: 47}, OutcomeLineLimit},
		{"number unknown", Result{Code: 404, SubCode: 560404}, OutcomeInvalidNumber},
		{"number not assigned", Result{Code: 404, SubCode: 511404}, OutcomeInvalidNumber},
		{"number incomplete", Result{Code: 484, SubCode: 560484}, OutcomeInvalidNumber},
		{"unreachable", Result{SubCode: 8544}, OutcomeInvalidNumber},
		{"forbidden by the network", Result{Code: 403, SubCode: 560403}, OutcomeBlocked},
		{"no caller id", Result{Code: 403, SubCode: 510403}, OutcomeMisconfigured},
		{"no trunk", Result{Code: 403, SubCode: 511532}, OutcomeMisconfigured},
		{"the Teams channel is off", Result{Code: 403, SubCode: 10105}, OutcomeMisconfigured},
		{"media path failed", Result{Code: 410, SubCode: 531004}, OutcomeFailed},
		{"network failed", Result{Code: 500, SubCode: 560500}, OutcomeFailed},
		{"service unavailable", Result{Code: 503, SubCode: 560503}, OutcomeFailed},
		{"too many requests", Result{Code: 429}, OutcomeThrottled},
		{"too many calls", Result{SubCode: 8516}, OutcomeThrottled},
		{"too many calls this month", Result{SubCode: 8529}, OutcomeThrottled},
		{"too many active calls", Result{SubCode: 8530}, OutcomeThrottled},
		{"no permission", Result{Code: 403, SubCode: 7504}, OutcomeMisconfigured},
		{"the key of another resource", Result{Code: 403, SubCode: 7507}, OutcomeMisconfigured},
		{"no speech service", Result{Code: 400, SubCode: 8567}, OutcomeMisconfigured},
		{"answered too late", Result{Code: 400, SubCode: 8587}, OutcomeMissed},
		{"the network's code goes before ACS's code", Result{Code: 500, SIP: 404}, OutcomeInvalidNumber},
		{"the sub code goes before the network's code", Result{SubCode: 10105, SIP: 480}, OutcomeMisconfigured},
		{"no codes", Result{}, OutcomeFailed},
		{"unknown codes", Result{Code: 999, SubCode: 123456, SIP: 699}, OutcomeFailed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Classify(tt.result); got != tt.want {
				t.Errorf("outcome = %s, want %s", got, tt.want)
			}
		})
	}
}

func TestClassifyRequest(t *testing.T) {
	tests := []struct {
		name   string
		result Result
		want   Outcome
	}{
		{"credentials that are not accepted", Result{Code: 401}, OutcomeMisconfigured},
		{"no permission", Result{Code: 403}, OutcomeMisconfigured},
		{"another resource's key", Result{Code: 403, SubCode: 7507}, OutcomeMisconfigured},
		{"the wrong address", Result{Code: 404}, OutcomeMisconfigured},
		{"no such resource", Result{Code: 404, SubCode: 8522}, OutcomeMisconfigured},
		{"no configuration", Result{Code: 405, SubCode: 8522}, OutcomeMisconfigured},
		{"an invalid argument", Result{Code: 400, SubCode: 8523}, OutcomeFailed},
		{"a request that our own client would not send", Result{}, OutcomeFailed},
		{"a number that the network does not know", Result{Code: 404, SubCode: 560404}, OutcomeInvalidNumber},
		{"a number that the platform does not know", Result{Code: 404, SubCode: 511404}, OutcomeInvalidNumber},
		{"a callee who is busy", Result{Code: 486, SubCode: 560486}, OutcomeBusy},
		{"too many calls", Result{Code: 403, SubCode: 8530}, OutcomeThrottled},
	}
	for _, tt := range tests {
		if got := ClassifyRequest(tt.result); got != tt.want {
			t.Errorf("%s: outcome %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestSpends(t *testing.T) {
	// Every outcome, by whether the callee may have been rung, or can never be.
	counts := map[bool][]Outcome{
		true: {
			OutcomeCompleted, OutcomeAbandoned, OutcomeMissed, OutcomeBusy, OutcomeNoAnswer, OutcomeDeclined, OutcomeInvalidNumber, OutcomeBlocked, OutcomeUnknown, OutcomeFailed,
		},
		false: {OutcomeLineLimit, OutcomeThrottled, OutcomeMisconfigured, OutcomeCancelled},
	}
	for want, outcomes := range counts {
		for _, o := range outcomes {
			if got := o.Spends(); got != want {
				t.Errorf("Spends of %s = %v, want %v", o, got, want)
			}
		}
	}
}
