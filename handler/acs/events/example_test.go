package events_test

import (
	"fmt"
	"net/http"

	"switchboard/handler/acs/events"
)

// A callback is an array of events, usually with one element.
func ExampleParse() {
	all, err := events.Parse([]byte(`[{"id":"1","type":"Microsoft.Communication.RecognizeCompleted","specversion":"1.0",
		"data":{"callConnectionId":"421f0b00","recognitionType":"dtmf","dtmfResult":{"tones":["one","pound"]}}}]`))
	if err != nil {
		panic(err)
	}
	for _, e := range all {
		switch data := e.Data.(type) {
		case *events.RecognizeCompleted:
			fmt.Println(data.CallConnectionID, "pressed", data.DTMFResult.Tones)
		case *events.Unknown:
			fmt.Println("something new:", e.Type)
		}
	}
	// Output: 421f0b00 pressed [one pound]
}

// A webhook receives the events of an Event Grid subscription without a trigger of Azure Functions.
func ExampleHandshakes() {
	offers := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusAccepted)
	})
	http.Handle("/offers", events.Handshakes("incoming-calls", offers))
}
