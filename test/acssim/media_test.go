package acssim

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const text = `{"kind":"text","text":{"text":"` // …"}}

// spoken returns a text source that plays for seconds.
func spoken(seconds int) string {
	return text + strings.Repeat("x", seconds*charactersPerSecond) + `"}}`
}

func recognizeBody(options string) string {
	return fmt.Sprintf(`{"recognizeInputType":"dtmf","operationContext":"menu","playPrompt":%s,
		"recognizeOptions":{"targetParticipant":{"rawId":%q},%s}}`, spoken(4), caller, options)
}

func TestRecognition(t *testing.T) {
	const twoTones = `"dtmfOptions":{"maxTonesToCollect":2,"stopTones":["pound"],"interToneTimeoutInSeconds":3}`
	choices := func(kind string) string {
		return fmt.Sprintf(`{"recognizeInputType":%q,"operationContext":"menu","recognizeOptions":{"targetParticipant":{"rawId":%q},
			"choices":[{"label":"Confirm","phrases":["yes","sure"],"tone":"one"}]}}`, kind, caller)
	}
	tests := []struct {
		name   string
		sim    *Server
		script string
		body   string
		event  string
		tones  []string
		after  time.Duration // from the request to the event, without the time that a callback takes
	}{
		{"as many tones as asked for", &Server{}, "wait prompt; press 12", recognizeBody(twoTones),
			"RecognizeCompleted 200/8531 menu", []string{"one", "two"}, 4*time.Second + toneGap},
		{"a stop tone", &Server{}, "wait prompt; press 1#", recognizeBody(twoTones),
			"RecognizeCompleted 200/8514 menu", []string{"one"}, 4*time.Second + toneGap},
		{"no key is pressed", &Server{}, "", recognizeBody(twoTones + `,"initialSilenceTimeoutInSeconds":7`),
			"RecognizeFailed 400/8510 menu", nil, 11 * time.Second},
		{"too few tones", &Server{}, "wait prompt; press 1", recognizeBody(twoTones),
			"RecognizeFailed 400/8532 menu", nil, 7 * time.Second},
		{"too few tones, where they count", &Server{InterToneCompletes: true}, "wait prompt; press 1", recognizeBody(twoTones),
			"RecognizeCompleted 200/8532 menu", []string{"one"}, 7 * time.Second},
		{"a tone interrupts the prompt", &Server{}, "wait prompt starts; wait 1s; press 12", recognizeBody(twoTones + `,"interruptPrompt":true`),
			"RecognizeCompleted 200/8531 menu", []string{"one", "two"}, time.Second + toneGap},
		{"a tone during another prompt is lost", &Server{}, "wait prompt starts; wait 1s; press 12", recognizeBody(twoTones),
			"RecognizeFailed 400/8510 menu", nil, 9 * time.Second},
		{"a choice by key", &Server{}, "wait prompt; press 1", choices("choices"), "RecognizeCompleted 200/8533 menu", nil, 0},
		{"a key that is no choice", &Server{}, "wait prompt; press 2", choices("choices"), "RecognizeFailed 400/8534 menu", nil, 0},
		{"a choice by word", &Server{}, `wait prompt; say "Yes"`, choices("choices"), "RecognizeCompleted 200/8545 menu", nil, shortestPrompt + 2*time.Second},
		{"a word that is no choice", &Server{}, `wait prompt; say "no"`, choices("choices"), "RecognizeFailed 400/8547 menu", nil, shortestPrompt + 2*time.Second},
		{"free speech", &Server{}, `wait prompt; say "my bill"`, choices("speech"), "RecognizeCompleted 200/8569 menu", nil, speechLength("my bill") + 2*time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, tt.sim, func(t *testing.T, app *application) {
				path := app.connectCaller(tt.script)
				asked := time.Now()
				app.must(202, "POST", path+":recognize", tt.body)
				app.wait(20 * time.Second)
				got := app.received()
				if got[len(got)-1] != tt.event {
					t.Fatalf("events = %q, want %s", got, tt.event)
				}
				e := app.events[len(app.events)-1]
				if after := e.At.Sub(asked) - eventTime; after != tt.after {
					t.Errorf("it took %v, want %v", after, tt.after)
				}
				if e.Data.DTMFResult != nil && !cmp.Equal(e.Data.DTMFResult.Tones, tt.tones) {
					t.Errorf("tones = %v, want %v", e.Data.DTMFResult.Tones, tt.tones)
				}
			})
		})
	}
}

func TestMediaOperationsTakeTurns(t *testing.T) {
	play := func(context, source, more string) string {
		return fmt.Sprintf(`{"playSources":[%s],"operationContext":%q%s}`, source, context, more)
	}
	toCaller := fmt.Sprintf(`,"playTo":[{"rawId":%q}]`, caller)
	file := func(uri string) string { return `{"kind":"file","file":{"uri":"` + uri + `"}}` }
	tests := []struct {
		name string
		do   func(app *application, path string)
		want []string
	}{
		{"one after the other", func(app *application, path string) {
			app.must(202, "POST", path+":play", play("a", spoken(2), ""))
			app.must(202, "POST", path+":play", play("b", file("https://x.example/short.wav"), ""))
		}, []string{"PlayStarted a", "PlayCompleted a", "PlayStarted b", "PlayCompleted b"}},
		{"an interruption cancels all others", func(app *application, path string) {
			app.must(202, "POST", path+":play", play("a", spoken(2), `,"playOptions":{"loop":true}`))
			app.must(202, "POST", path+":play", play("b", spoken(2), ""))
			app.must(202, "POST", path+":play", play("c", spoken(2), `,"interruptCallMediaOperation":true`))
		}, []string{"PlayStarted a", "PlayCanceled 400/8508 a", "PlayCanceled 400/8508 b", "PlayStarted c", "PlayCompleted c"}},
		{"two for single legs do not go together", func(app *application, path string) {
			app.must(202, "POST", path+":play", play("a", spoken(2), toCaller))
			if got := app.send("POST", path+":play", play("b", spoken(2), toCaller)).code(); got != "412/8583" {
				app.fault("a second play to one participant = %s", got)
			}
			app.must(202, "POST", path+":play", play("c", spoken(2), ""))
		}, []string{"PlayStarted a", "PlayCompleted a", "PlayStarted c", "PlayCompleted c"}},
		{"cancelling all", func(app *application, path string) {
			app.must(202, "POST", path+":recognize", recognizeBody(`"interruptPrompt":true`))
			app.must(202, "POST", path+":play", play("b", spoken(2), ""))
			app.must(202, "POST", path+":cancelAllMediaOperations", "")
		}, []string{"RecognizeCanceled 400/8508 menu", "PlayCanceled 400/8508 b"}},
		{"a file that is not there", func(app *application, path string) {
			app.must(202, "POST", path+":play", play("a", file("https://x.example/gone.wav"), ""))
		}, []string{"PlayFailed 400/8536 a"}},
		{"a callback of its own", func(app *application, path string) {
			app.must(202, "POST", path+":play", play("a", spoken(1), `,"operationCallbackUri":"http://127.0.0.1:7071/elsewhere"`))
		}, []string{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			sim := &Server{FileLengths: map[string]time.Duration{
				"https://x.example/short.wav": time.Second, "https://x.example/gone.wav": -1,
			}}
			inBubble(t, sim, func(t *testing.T, app *application) {
				path := app.connectCaller("")
				tt.do(app, path)
				app.wait(20 * time.Second)
				if d := cmp.Diff(tt.want, app.received()[2:]); d != "" {
					t.Errorf("events (-want +got):\n%s", d)
				}
			})
		})
	}
}

func TestRecordingsChangeState(t *testing.T) {
	const more = `,"recordingContentType":"audio","recordingFormatType":"wav","recordingStateCallbackUri":"http://127.0.0.1:7071/callbacks"}`
	inBubble(t, &Server{}, func(t *testing.T, app *application) {
		path := app.connectCaller("")
		start := `{"callConnectionId":"` + path[len("/calling/callConnections/"):] + `"` + more
		app.must(202, "POST", "/calling/recordings", start)
		wantCode(t, "a second recording", app.send("POST", "/calling/recordings", start), "400/8559")
		app.wait(time.Second)
		id := app.last("RecordingStateChanged").Data.RecordingID
		at := "/calling/recordings/" + strings.ReplaceAll(id, "=", "%3D")
		app.must(202, "POST", at+":pause", "")
		app.must(202, "POST", at+":resume", "")
		app.must(200, "GET", at, "")
		app.must(204, "DELETE", at, "")
		wantCode(t, "the recording that has ended", app.send("GET", at, ""), "404/8522")
		app.wait(time.Second)
		var states []string
		for _, e := range app.events {
			if e.Type == "RecordingStateChanged" {
				states = append(states, e.Data.State)
			}
		}
		if d := cmp.Diff([]string{"active", "inactive", "active", "inactive"}, states); d != "" {
			t.Errorf("states (-want +got):\n%s", d)
		}
	})

	t.Run("a start by server call id is done at once", func(t *testing.T) {
		inBubble(t, &Server{}, func(t *testing.T, app *application) {
			app.connectCaller("")
			app.must(200, "POST", "/calling/recordings", fmt.Sprintf(
				`{"callLocator":{"kind":"serverCallLocator","serverCallId":%q}%s`, app.offers[0].ServerCallID, more))
		})
	})
	t.Run("a start may be answered without a body", func(t *testing.T) {
		inBubble(t, &Server{RecordingNoContent: true}, func(t *testing.T, app *application) {
			path := app.connectCaller("")
			app.must(204, "POST", "/calling/recordings", `{"callConnectionId":"`+path[len("/calling/callConnections/"):]+`"`+more)
		})
	})
	t.Run("a call that ends first fails the start", func(t *testing.T) {
		inBubble(t, &Server{}, func(t *testing.T, app *application) {
			path := app.connectCaller("")
			app.must(202, "POST", "/calling/recordings", `{"callConnectionId":"`+path[len("/calling/callConnections/"):]+`"`+more)
			app.must(204, "POST", path+":terminate", "")
			app.wait(time.Second)
			if got := app.received()[2:]; !cmp.Equal(got, []string{"StartRecordingFailed 400/8501", "CallDisconnected 200/7000 answer"}) {
				t.Errorf("events = %q, want StartRecordingFailed 400/8501 before the end", got)
			}
		})
	})
}
