package call

// Outcome is how a call ended.
type Outcome string

// The outcomes.
const (
	OutcomeCompleted     Outcome = "completed"     // it went through its flow, or an agent joined
	OutcomeAbandoned     Outcome = "abandoned"     // the remote party left before an agent joined
	OutcomeMissed        Outcome = "missed"        // it was not answered in time
	OutcomeBusy          Outcome = "busy"          // the callee was busy
	OutcomeNoAnswer      Outcome = "noAnswer"      // the callee did not answer, or could not be reached
	OutcomeDeclined      Outcome = "declined"      // the callee declined the call
	OutcomeLineLimit     Outcome = "lineLimit"     // the line has as many calls as it is allowed
	OutcomeInvalidNumber Outcome = "invalidNumber" // no such number
	OutcomeBlocked       Outcome = "blocked"       // the network refused it
	OutcomeMisconfigured Outcome = "misconfigured" // line, licence or trunk are not set up
	OutcomeThrottled     Outcome = "throttled"     // ACS had too many requests, or too many calls
	OutcomeCancelled     Outcome = "cancelled"     // it was cancelled before it was answered
	OutcomeUnknown       Outcome = "unknown"       // it may have rung; ACS never reported on it
	OutcomeFailed        Outcome = "failed"        // anything else that went wrong
)

// Spends reports whether an attempt with this outcome counts: the callee may have been rung, or can never
// be. The other outcomes have causes on our side and mean nothing about the callee.
func (o Outcome) Spends() bool { return o != OutcomeCancelled && !o.isLineFault() }

// isLineFault reports whether the call's line is the cause of the outcome, so that the next call from it
// would end alike.
func (o Outcome) isLineFault() bool {
	return o == OutcomeThrottled || o == OutcomeLineLimit || o == OutcomeMisconfigured
}

// Classify returns the outcome of a call that was not connected, or has ended, from ACS's codes. A sub code
// that we know goes first, then the network's code (SIP, Q.850), which is more exact than ACS's code. The
// zero Result is OutcomeFailed.
//
// Source: "Troubleshooting call end response codes for Call Automation" and
// "… for PSTN calls", Microsoft Learn.
func Classify(r Result) Outcome {
	if o, ok := bySubCode[r.SubCode]; ok {
		return o
	}
	if r.SubCode == 560603 || r.SubCode == 8538 {
		return classifyRefusal(r)
	}
	// 560xxx is 560000 and the SIP status of the far network.
	sip := r.SIP
	if sip == 0 && r.SubCode > 560000 && r.SubCode < 561000 {
		sip = r.SubCode - 560000
	}
	if sip == 603 {
		return classifyRefusal(r)
	}
	if o, ok := bySIP[sip]; ok {
		return o
	}
	if o, ok := bySIP[r.Code]; ok {
		return o
	}
	return OutcomeFailed
}

// ClassifyRequest returns the outcome of a call whose CreateCall ACS refused. The code is the HTTP status of
// our request and means nothing about the telephone network; a sub code may.
func ClassifyRequest(r Result) Outcome {
	if _, known := bySubCode[r.SubCode]; known || r.SubCode > 540000 || r.SIP != 0 || r.Code == 429 {
		return Classify(r)
	}
	switch r.Code {
	case 401, 403, 404, 405: // credentials, permissions, address of the resource, missing configuration
		return OutcomeMisconfigured
	default:
		return OutcomeFailed
	}
}

// classifyRefusal returns the outcome of a call that ended with SIP 603: the callee declined, or the line
// has as many calls as it is allowed. Q.850 causes of missing resources (34, 38, 41 to 44, 47) mean the
// latter.
func classifyRefusal(r Result) Outcome {
	switch r.Q850 {
	case 34, 38, 41, 42, 43, 44, 47:
		return OutcomeLineLimit
	}
	return OutcomeDeclined
}

var bySubCode = map[int]Outcome{
	7000:   OutcomeCompleted,
	7504:   OutcomeMisconfigured, // no permission
	7507:   OutcomeMisconfigured, // the key of another resource
	8516:   OutcomeThrottled,
	8529:   OutcomeThrottled,
	8530:   OutcomeThrottled,
	8539:   OutcomeBusy,
	8540:   OutcomeBusy,
	8541:   OutcomeNoAnswer,
	8542:   OutcomeCancelled,
	8544:   OutcomeInvalidNumber,
	8567:   OutcomeMisconfigured, // no speech service
	8587:   OutcomeMissed,
	10057:  OutcomeNoAnswer,
	10105:  OutcomeMisconfigured,
	500001: OutcomeNoAnswer,
	510403: OutcomeMisconfigured,
	511404: OutcomeInvalidNumber,
	511532: OutcomeMisconfigured,
	540000: OutcomeCompleted,
	540487: OutcomeCancelled,
	560000: OutcomeCompleted,
}

var bySIP = map[int]Outcome{
	200: OutcomeCompleted,
	403: OutcomeBlocked,
	404: OutcomeInvalidNumber,
	408: OutcomeNoAnswer,
	429: OutcomeThrottled,
	480: OutcomeNoAnswer,
	484: OutcomeInvalidNumber,
	486: OutcomeBusy,
	487: OutcomeCancelled,
	600: OutcomeBusy,
}
