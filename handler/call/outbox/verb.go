package outbox

// Verb is the kind of an action.
type Verb string

// The verbs of requests to ACS, named after the operations of Call Automation.
const (
	VerbAnswer            Verb = "answer"
	VerbCreate            Verb = "create" // call a person
	VerbPlay              Verb = "play"
	VerbRecognize         Verb = "recognize"   // play a prompt and wait for a key
	VerbCancelMedia       Verb = "cancelMedia" // stop what is playing
	VerbAdd               Verb = "add"         // call an agent and add them to the call
	VerbStartRecording    Verb = "startRecording"
	VerbHangUp            Verb = "hangUp"            // for everyone
	VerbCheckParticipants Verb = "checkParticipants" // ask for the participants
)

// The verbs of changes of our own rows other than the call's.
const (
	VerbBackOff Verb = "backOff" // lower the line's limit
	VerbOptOut  Verb = "optOut"  // record that the remote party must not be called again
	VerbLink    Verb = "link"    // write into a recording's row which call it belongs to
	VerbSettle  Verb = "settle"  // book the attempt's result with its campaign
	VerbRelease Verb = "release" // release the place on the line, and the number
)

// verbs holds the retry class and the lane of every verb.
var verbs = map[Verb]struct {
	class RetryClass
	lane  Lane
}{
	VerbAnswer:            {Repeatable, LaneParticipants},
	VerbCreate:            {AtMostOnce, LaneParticipants},
	VerbAdd:               {AtMostOnce, LaneParticipants},
	VerbCheckParticipants: {AtLeastOnce, LaneParticipants},
	VerbPlay:              {AtLeastOnce, LaneMedia},
	VerbRecognize:         {AtLeastOnce, LaneMedia},
	VerbCancelMedia:       {AtLeastOnce, LaneMedia},
	VerbStartRecording:    {Repeatable, LaneRecording},
	VerbHangUp:            {Repeatable, LaneHangUp},
	VerbBackOff:           {Local, LaneLocal},
	VerbOptOut:            {Local, LaneLocal},
	VerbLink:              {Local, LaneLocal},
	VerbSettle:            {Local, LaneLocal},
	VerbRelease:           {Local, LaneLocal},
}

// RetryClass returns the retry class of the verb. That of a verb that this version does not know is
// AtMostOnce, the most careful one.
func (v Verb) RetryClass() RetryClass { return verbs[v].class }

// Lane returns the lane of the verb.
func (v Verb) Lane() Lane { return verbs[v].lane }

// RetryClass is the way in which an unconfirmed action may be repeated.
type RetryClass int

// The retry classes.
const (
	// AtMostOnce: the action rings a telephone. A send is leased once; if it is not confirmed, it is never
	// repeated.
	AtMostOnce RetryClass = iota
	// Repeatable: the same send is repeated with its Repeatability pair, for PairLife.
	Repeatable
	// AtLeastOnce: the action has no such pair. It is repeated as a new send.
	AtLeastOnce
	// Local: the action changes rows of our own, conditionally. It is repeated without limit.
	Local
)

// Lane is a queue of actions: within a lane, each waits for the one before it.
type Lane string

// The lanes. Hanging up has one of its own, because it waits for nothing.
const (
	LaneMedia        Lane = "media"
	LaneParticipants Lane = "participants"
	LaneRecording    Lane = "recording"
	LaneHangUp       Lane = "hangUp"
	LaneLocal        Lane = "local"
)
