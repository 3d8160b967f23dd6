package acssim

import (
	"fmt"
	"testing"
	"time"
)

func withTarget(raw string) string {
	return fmt.Sprintf(`{"targetParticipant":{"rawId":%q},"operationContext":"x"}`, raw)
}

func TestHoldAndMute(t *testing.T) {
	inBubble(t, &Server{FileLengths: map[string]time.Duration{"https://x.example/gone.wav": -1}}, func(t *testing.T, app *application) {
		if err := app.sim.SetPhone(agent, "answer; wait music; wait silence; wait 1s; hang up"); err != nil {
			t.Fatal(err)
		}
		path := app.connectCaller("")
		app.add(path, agent, "a", 30)
		app.wait(time.Second)
		app.must(200, "POST", path+"/participants:mute", fmt.Sprintf(`{"targetParticipants":[{"rawId":%q}],"operationContext":"m"}`, agent))
		wantCode(t, "muting a number",
			app.send("POST", path+"/participants:mute", fmt.Sprintf(`{"targetParticipants":[{"rawId":%q}]}`, caller)), "400/8523")
		hold := func(file string) simAnswer {
			return app.send("POST", path+":hold", fmt.Sprintf(
				`{"targetParticipant":{"rawId":%q},"operationContext":"h","playSourceInfo":{"kind":"file","file":{"uri":%q}}}`, agent, file))
		}
		hold("https://x.example/gone.wav")
		if got := hold("https://x.example/music.wav"); got.status != 200 {
			t.Errorf("hold = %s, want 200", got.code())
		}
		if got := hold("https://x.example/music.wav").code(); got != "400/8585" {
			t.Errorf("hold twice = %s, want 400/8585", got)
		}
		app.wait(time.Second)
		if p := app.last("ParticipantsUpdated").Data.Participants[1]; !p.IsMuted || !p.IsOnHold {
			t.Errorf("participant = %+v, want it muted and on hold", p)
		}
		app.must(200, "POST", path+":unhold", withTarget(agent))
		wantCode(t, "unhold twice", app.send("POST", path+":unhold", withTarget(agent)), "400/8585")
		app.wait(10 * time.Second)
		app.wanted(t, "AddParticipantSucceeded a", "ParticipantsUpdated", "ParticipantsUpdated",
			"HoldFailed 400/8536 h", "ParticipantsUpdated", "ParticipantsUpdated", "ParticipantsUpdated")
		if n := len(app.last("ParticipantsUpdated").Data.Participants); n != 1 {
			t.Errorf("%d participants, want the agent gone, who heard the music end", n)
		}
	})
}

func TestContinuousRecognitionOfKeys(t *testing.T) {
	inBubble(t, &Server{}, func(t *testing.T, app *application) {
		path := app.connectCaller("wait answer; wait 1s; press 1#; wait 5s; press 2; wait 5s; press 3")
		app.must(200, "POST", path+":startContinuousDtmfRecognition", withTarget(caller))
		app.wait(3 * time.Second)
		app.must(200, "POST", path+":stopContinuousDtmfRecognition", withTarget(caller))
		wantCode(t, "stopped twice",
			app.send("POST", path+":stopContinuousDtmfRecognition", withTarget(caller)), "400/8585")
		app.wait(6 * time.Second)
		app.wanted(t, "ContinuousDtmfRecognitionToneReceived x", "ContinuousDtmfRecognitionToneReceived x", "ContinuousDtmfRecognitionStopped x")
		if e := app.last("ContinuousDtmfRecognitionToneReceived").Data; e.Tone != "pound" || e.SequenceID != 2 {
			t.Errorf("tone = %+v, want the second, pound", e)
		}
		// While a recognition runs for one leg, no other operation for one leg may run.
		app.add(path, agent, "a", 30)
		app.wait(3 * time.Second)
		app.must(202, "POST", path+":recognize", recognizeBody(`"dtmfOptions":{"maxTonesToCollect":4}`))
		wantCode(t, "while a recognition runs",
			app.send("POST", path+":startContinuousDtmfRecognition", withTarget(caller)), "412/8583")
		// A participant who leaves during continuous recognition makes it fail.
		app.must(202, "POST", path+":cancelAllMediaOperations", "")
		app.must(200, "POST", path+":startContinuousDtmfRecognition", withTarget(agent))
		if err := app.sim.HangUp("call-1", agent); err != nil {
			t.Fatal(err)
		}
		app.wait(time.Second)
		if e := app.last("ContinuousDtmfRecognitionToneFailed").Data; e.ResultInformation.SubCode != 8522 {
			t.Errorf("failure = %+v, want 8522", e.ResultInformation)
		}
	})
}

func TestSendingTones(t *testing.T) {
	inBubble(t, &Server{}, func(t *testing.T, app *application) {
		path := app.connectCaller("")
		send := func(raw, tones string) simAnswer {
			return app.send("POST", path+":sendDtmfTones", fmt.Sprintf(`{"tones":[%s],"targetParticipant":{"rawId":%q},"operationContext":"s"}`, tones, raw))
		}
		if got := send(caller, `"one","pound"`); got.status != 202 {
			t.Errorf("send = %s, want 202", got.code())
		}
		if got := send(caller, `"one"`).code(); got != "412/8583" {
			t.Errorf("two at a time = %s, want 412/8583", got)
		}
		app.wait(2 * time.Second)
		app.add(path, agent, "a", 30)
		app.wait(2 * time.Second)
		for tones, raw := range map[string]string{`"1"`: caller, ``: caller, `"one"`: agent} {
			if got := send(raw, tones).code(); got != "400/8523" {
				t.Errorf("%s to %s = %s, want 400/8523", tones, raw, got)
			}
		}
		send(caller, `"one","one","one","one","one","one"`)
		app.must(202, "POST", path+":cancelAllMediaOperations", "")
		app.wait(2 * time.Second)
		app.wanted(t, "SendDtmfTonesCompleted s", "AddParticipantSucceeded a", "ParticipantsUpdated", "SendDtmfTonesFailed 400/8508 s")
	})
}

func TestRemovingAParticipantWhoStillRings(t *testing.T) {
	inBubble(t, &Server{}, func(t *testing.T, app *application) {
		if err := app.sim.SetPhone(agent, "no answer"); err != nil {
			t.Fatal(err)
		}
		path := app.connectCaller("")
		app.add(path, agent, "a", 30)
		app.must(202, "POST", path+"/participants:remove", fmt.Sprintf(`{"participantToRemove":{"rawId":%q},"operationContext":"r"}`, agent))
		app.wait(time.Second)
		app.wanted(t, "RemoveParticipantFailed 400/8585 r")
	})
}
