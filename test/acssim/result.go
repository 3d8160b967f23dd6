package acssim

// result is a resultInformation: the end of an operation or a call, in ACS's codes.
//
// Source: ResultInformation, communicationservicescallautomation.json,
// stable/2026-03-12; the numbers: learn.microsoft.com, Azure Communication
// Services, "Troubleshooting codes" for Call Automation and for PSTN.
type result struct {
	Code    int           `json:"code"`
	SubCode int           `json:"subCode"`
	Message string        `json:"message"`
	SIP     *resultDetail `json:"sipDetails,omitempty"`
	Q850    *resultDetail `json:"q850Details,omitempty"`
}

type resultDetail struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

var (
	done         = result{Code: 200, Message: "Action completed successfully."}
	hungUp       = result{Code: 200, Message: "The other party hung up."}
	terminated   = result{Code: 200, SubCode: 7000, Message: "The call was ended by the application."}
	cancelled    = result{Code: 487, SubCode: 540487, Message: "The call was cancelled before it was answered."}
	aloneTooLong = result{Code: 200, SubCode: 7000, Message: "No participant was left in the call."}

	lineLimit = result{603, 560603, "The line has too many calls.",
		&resultDetail{603, "Decline"}, &resultDetail{21, "Call rejected"}}

	hasLeft         = result{Code: 404, SubCode: 8522, Message: "The participant is not in the call."}
	notJoined       = result{Code: 400, SubCode: 8585, Message: "The participant is still being called."}
	noSuchCall      = result{Code: 404, SubCode: 8522, Message: "There is no such call."}
	transferredAway = result{Code: 200, SubCode: 7000, Message: "The call was transferred."}
	movedAway       = result{Code: 200, SubCode: 7000, Message: "The participant was moved to another call."}

	streamUnreachable = result{Code: 400, SubCode: 8581, Message: "The WebSocket cannot be connected to."}
	streamInterrupted = result{Code: 500, SubCode: 8603, Message: "The WebSocket was closed."}
	recordingTooLate  = result{Code: 400, SubCode: 8501, Message: "The call ended before its recording began."}
	mediaBroken       = result{Code: 500, SubCode: 9999, Message: "The media service failed."}
	mediaCancelled    = result{Code: 400, SubCode: 8508, Message: "The operation was cancelled."}
	promptFailed      = result{Code: 500, SubCode: 8511, Message: "The prompt could not be played."}
	fileNotFound      = result{Code: 400, SubCode: 8536, Message: "The file could not be downloaded."}

	maxTones         = result{Code: 200, SubCode: 8531, Message: "The most tones that were asked for were received."}
	stopTone         = result{Code: 200, SubCode: 8514, Message: "A stop tone was received."}
	choiceByTone     = result{Code: 200, SubCode: 8533, Message: "A choice was made by tone."}
	choiceBySpeech   = result{Code: 200, SubCode: 8545, Message: "A choice was made by speech."}
	speechRecognized = result{Code: 200, SubCode: 8569, Message: "Speech was recognized."}
	initialSilence   = result{Code: 400, SubCode: 8510, Message: "The initial silence timeout was reached."}
	tonesSoFar       = result{Code: 200, SubCode: 8532, Message: "The inter-digit silence timeout was reached."}
	interTone        = result{Code: 400, SubCode: 8532, Message: "The inter-digit silence timeout was reached."}
	incorrectTone    = result{Code: 400, SubCode: 8534, Message: "The tone is none of the choices."}
	noSuchChoice     = result{Code: 400, SubCode: 8547, Message: "The speech is none of the choices."}
)

// outcome is how an attempt to ring a telephone ended without an answer.
type outcome int

const (
	outcomeBusy outcome = iota
	outcomeDeclined
	outcomeNoAnswer
	outcomeUnreachable
)

// Results of outcomes.
var (
	// networkResults are those of the public telephone network, with SIP and Q.850 details.
	networkResults = map[outcome]result{
		outcomeBusy: {486, 560486, "The callee is busy.",
			&resultDetail{486, "Busy Here"}, &resultDetail{17, "User busy"}},
		outcomeDeclined: {603, 560603, "The callee declined.",
			&resultDetail{603, "Decline"}, &resultDetail{21, "Call rejected"}},
		outcomeNoAnswer: {480, 560480, "The callee did not answer.",
			&resultDetail{480, "Temporarily Unavailable"}, &resultDetail{19, "No answer from user"}},
		outcomeUnreachable: {404, 560404, "The number is not in service.",
			&resultDetail{404, "Not Found"}, &resultDetail{1, "Unallocated number"}},
	}
	// internetResults are those of clients on the internet.
	internetResults = map[outcome]result{
		outcomeBusy:        {Code: 486, SubCode: 8539, Message: "The callee is busy."},
		outcomeDeclined:    {Code: 603, SubCode: 8538, Message: "The callee declined."},
		outcomeNoAnswer:    {Code: 408, SubCode: 10057, Message: "The callee did not answer in time."},
		outcomeUnreachable: {Code: 404, SubCode: 8544, Message: "The callee cannot be reached."},
	}
)

// result returns the result for a callee with a raw id.
func (v outcome) result(raw string) result {
	if isNumber(raw) {
		return networkResults[v]
	}
	return internetResults[v]
}
