package call

// Outcome is how a call ended: one word of a closed list.
type Outcome string

// The outcomes.
const (
	Completed     Outcome = "completed"     // it went through its flow, or an agent talked to the caller
	Abandoned     Outcome = "abandoned"     // the caller left before anybody was there
	Missed        Outcome = "missed"        // it was not answered in time
	Busy          Outcome = "busy"          // the other end was busy
	NoAnswer      Outcome = "noAnswer"      // nobody answered, or could be reached
	Declined      Outcome = "declined"      // the other end did not want the call
	LineLimit     Outcome = "lineLimit"     // the line holds as many calls as it may
	InvalidNumber Outcome = "invalidNumber" // no such number
	Blocked       Outcome = "blocked"       // the network refused it
	Misconfigured Outcome = "misconfigured" // line, licence or trunk are not set up
	TooMany       Outcome = "throttled"     // ACS had too many requests
	Cancelled     Outcome = "cancelled"     // we took it back
	NotKnown      Outcome = "unknown"       // it may have rung, and nothing was ever heard of it
	Failed        Outcome = "failed"        // anything else that went wrong
)

// Spends reports whether an attempt that ended so counts as one: somebody may have
// been rung, or never can be. The others came to nothing for reasons of ours, which
// say nothing about whom we called.
func (o Outcome) Spends() bool { return o != Cancelled && !o.lineFails() }

// lineFails reports whether a call that ended so came to nothing because of its line:
// the next one from there would fare no better.
func (o Outcome) lineFails() bool { return o == TooMany || o == LineLimit || o == Misconfigured }

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
		return refusal(r)
	}
	// 560xxx is 560000 and the SIP status of the far network.
	sip := r.SIP
	if sip == 0 && r.SubCode > 560000 && r.SubCode < 561000 {
		sip = r.SubCode - 560000
	}
	if sip == 603 {
		return refusal(r)
	}
	if o, ok := bySIP[sip]; ok {
		return o
	}
	if o, ok := bySIP[r.Code]; ok {
		return o
	}
	return Failed
}

// ClassifyRequest returns the outcome of a call that ACS refused to place. Its status
// is that of our request, and says nothing of the telephone network; a sub code may.
func ClassifyRequest(r Result) Outcome {
	if _, known := bySubCode[r.SubCode]; known || r.SubCode > 540000 || r.SIP != 0 || r.Code == 429 {
		return Classify(r)
	}
	switch r.Code {
	case 401, 403, 404, 405: // credentials, rights, the address of the resource, a missing set-up
		return Misconfigured
	default:
		return Failed
	}
}

// refusal tells apart the two meanings of SIP 603: the callee declined, or the
// line already holds as many calls as it may. Q.850 causes of missing resources
// (34, 38, 41 to 44, 47) are the latter.
func refusal(r Result) Outcome {
	switch r.Q850 {
	case 34, 38, 41, 42, 43, 44, 47:
		return LineLimit
	}
	return Declined
}

var bySubCode = map[int]Outcome{
	7000:   Completed,
	7504:   Misconfigured, // no permission
	7507:   Misconfigured, // the key of another resource
	8516:   TooMany,
	8529:   TooMany,
	8530:   TooMany,
	8539:   Busy,
	8540:   Busy,
	8541:   NoAnswer,
	8542:   Cancelled,
	8544:   InvalidNumber,
	8567:   Misconfigured, // no speech service
	8587:   Missed,
	10057:  NoAnswer,
	10105:  Misconfigured,
	500001: NoAnswer,
	510403: Misconfigured,
	511404: InvalidNumber,
	511532: Misconfigured,
	540000: Completed,
	540487: Cancelled,
	560000: Completed,
}

var bySIP = map[int]Outcome{
	200: Completed,
	403: Blocked,
	404: InvalidNumber,
	408: NoAnswer,
	429: TooMany,
	480: NoAnswer,
	484: InvalidNumber,
	486: Busy,
	487: Cancelled,
	600: Busy,
}
