package call

// Outcome is how a call ended: one word of a closed list.
type Outcome string

// The outcomes.
const (
	OutcomeCompleted     Outcome = "completed"     // it went through its flow, or an agent talked to the caller
	OutcomeAbandoned     Outcome = "abandoned"     // the caller left before anybody was there
	OutcomeMissed        Outcome = "missed"        // it was not answered in time
	OutcomeBusy          Outcome = "busy"          // the other end was busy
	OutcomeNoAnswer      Outcome = "noAnswer"      // nobody answered, or could be reached
	OutcomeDeclined      Outcome = "declined"      // the other end did not want the call
	OutcomeLineLimit     Outcome = "lineLimit"     // the line holds as many calls as it may
	OutcomeInvalidNumber Outcome = "invalidNumber" // no such number
	OutcomeBlocked       Outcome = "blocked"       // the network refused it
	OutcomeMisconfigured Outcome = "misconfigured" // line, licence or trunk are not set up
	OutcomeThrottled     Outcome = "throttled"     // ACS had too many requests
	OutcomeCancelled     Outcome = "cancelled"     // we took it back
	OutcomeUnknown       Outcome = "unknown"       // it may have rung, and nothing was ever heard of it
	OutcomeFailed        Outcome = "failed"        // anything else that went wrong
)

// Spends reports whether an attempt that ended so counts as one: somebody may have
// been rung, or never can be. The others came to nothing for reasons of ours, which
// say nothing about whom we called.
func (o Outcome) Spends() bool { return o != OutcomeCancelled && !o.isLineFault() }

// lineFails reports whether a call that ended so came to nothing because of its line:
// the next one from there would fare no better.
func (o Outcome) isLineFault() bool {
	return o == OutcomeThrottled || o == OutcomeLineLimit || o == OutcomeMisconfigured
}

// Classify returns the outcome of a call that came to nothing, from ACS's codes.
// The network's own word (SIP, Q.850) is more exact than ACS's and goes first
// where the two could mean different things. The zero Result is Failed.
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

// ClassifyRequest returns the outcome of a call that ACS refused to place. Its status
// is that of our request, and says nothing of the telephone network; a sub code may.
func ClassifyRequest(r Result) Outcome {
	if _, known := bySubCode[r.SubCode]; known || r.SubCode > 540000 || r.SIP != 0 || r.Code == 429 {
		return Classify(r)
	}
	switch r.Code {
	case 401, 403, 404, 405: // credentials, rights, the address of the resource, a missing set-up
		return OutcomeMisconfigured
	default:
		return OutcomeFailed
	}
}

// refusal tells apart the two meanings of SIP 603: the callee declined, or the
// line already holds as many calls as it may. Q.850 causes of missing resources
// (34, 38, 41 to 44, 47) are the latter.
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
