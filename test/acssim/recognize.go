package acssim

import (
	"slices"
	"strings"
	"time"
)

// recognition is the part of a Recognize operation that listens to a person.
type recognition struct {
	input          string // dtmf, speech, speechOrDtmf or choices
	interruptible  bool   // keys and words during the prompt count, and stop it
	initialSilence time.Duration
	interTone      time.Duration
	endSilence     time.Duration
	maxTones       int // 0: no limit
	stopTones      []string
	choices        []choice

	listening bool // the prompt is over
	tones     []string
}

// Source: Choice, communicationservicescallautomation.json, stable/2026-03-12.
type choice struct {
	Label   string   `json:"label"`
	Phrases []string `json:"phrases"`
	Tone    string   `json:"tone"`
}

// Defaults of the official SDK.
const (
	defaultInitialSilence = 5 * time.Second
	defaultInterTone      = 2 * time.Second
	defaultEndSilence     = 2 * time.Second
)

func (r *recognition) hearsTones() bool  { return r.input != "speech" }
func (r *recognition) hearsSpeech() bool { return r.input != "dtmf" }

func (c *call) beginRecognition(op *mediaOp) {
	if op.length == 0 {
		c.listen(op)
		return
	}
	op.sound = c.applicationSound()
	op.timer = c.s.after(op.length, func() { c.listen(op) })
}

// listen ends the prompt and waits for the first key or word.
func (c *call) listen(op *mediaOp) {
	c.s.stop(op.timer)
	op.sound.cut()
	op.recognition.listening = true
	op.timer = c.s.after(op.recognition.initialSilence, func() { c.recognizeFailed(op, &initialSilence) })
	c.notifyPhones()
}

// hearingRecognition returns the recognition that hears a person now, or nil. It ends
// a prompt that may be interrupted.
func (c *call) hearingRecognition(p *phone) *mediaOp {
	op := c.media.running
	if op == nil || op.recognition == nil || p.who == nil || !op.isFor(p.who) {
		return nil
	}
	if !op.recognition.listening {
		if !op.recognition.interruptible {
			return nil
		}
		c.listen(op)
	}
	return op
}

// tone handles a key pressed on a telephone. Tones are not buffered: a tone that no
// recognition hears is lost.
func (c *call) tone(p *phone, key rune) {
	p.note("press", "presses %c", key)
	if p.who != nil {
		c.keySound(p.raw, key)
		p.who.pressed(toneNames[key])
		c.streaming.tone(toneNames[key])
	}
	op := c.hearingRecognition(p)
	if op == nil || !op.recognition.hearsTones() {
		return
	}
	r, tone := op.recognition, toneNames[key]
	if r.input == "choices" {
		for _, choice := range r.choices {
			if choice.Tone == tone {
				c.recognizeCompleted(op, callbackData{RecognitionType: "choices", ResultInformation: &choiceByTone,
					ChoiceResult: &choiceResult{Label: choice.Label}})
				return
			}
		}
		c.recognizeFailed(op, &incorrectTone)
		return
	}
	if slices.Contains(r.stopTones, tone) {
		c.tonesCompleted(op, &stopTone)
		return
	}
	r.tones = append(r.tones, tone)
	if len(r.tones) == r.maxTones {
		c.tonesCompleted(op, &maxTones)
		return
	}
	c.s.stop(op.timer)
	op.timer = c.s.after(r.interTone, func() {
		if c.s.InterToneCompletes {
			c.tonesCompleted(op, &tonesSoFar)
			return
		}
		c.recognizeFailed(op, &interTone)
	})
}

// speech handles words said at a telephone. A recognition takes them as complete
// after endSilence.
func (c *call) speech(p *phone, words string) {
	p.note("say", "says %q", words)
	if p.who != nil {
		c.voice(p.who, speechLength(words))
		c.transcription.said(p.who, words)
	}
	op := c.hearingRecognition(p)
	if op == nil || !op.recognition.hearsSpeech() {
		return
	}
	r := op.recognition
	c.s.stop(op.timer)
	op.timer = c.s.after(speechLength(words)+r.endSilence, func() {
		if r.input != "choices" {
			c.recognizeCompleted(op, callbackData{RecognitionType: "speech", ResultInformation: &speechRecognized,
				SpeechResult: &speechResult{Speech: words, Confidence: 1}})
			return
		}
		for _, choice := range r.choices {
			for _, phrase := range choice.Phrases {
				if strings.EqualFold(strings.TrimSpace(words), phrase) {
					c.recognizeCompleted(op, callbackData{RecognitionType: "choices", ResultInformation: &choiceBySpeech,
						ChoiceResult: &choiceResult{Label: choice.Label, RecognizedPhrase: phrase, Confidence: 1}})
					return
				}
			}
		}
		c.recognizeFailed(op, &noSuchChoice)
	})
}

func (c *call) tonesCompleted(op *mediaOp, why *result) {
	c.recognizeCompleted(op, callbackData{RecognitionType: "dtmf", ResultInformation: why,
		DTMFResult: &dtmfResult{Tones: slices.Clone(op.recognition.tones)}})
}

func (c *call) recognizeCompleted(op *mediaOp, data callbackData) {
	c.finishMedia(op, "Completed", data)
}

func (c *call) recognizeFailed(op *mediaOp, why *result) {
	c.finishMedia(op, "Failed", callbackData{ResultInformation: why})
}
