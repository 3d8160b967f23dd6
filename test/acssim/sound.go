package acssim

import (
	"math"
	"slices"
	"sync"
	"time"
)

// sound is a tone of a call. Each person has a pitch of their own; keys have their
// DTMF tones.
type sound struct {
	who      string     // raw id of the person; empty: the application
	hertz    [2]float64 // pitches, whole numbers; the second may be 0
	from, to time.Time  // to is zero while the sound goes on
}

// sounds are those of a call, the earliest first.
type sounds []*sound

// Pitches. None of them is a pitch of a key.
const (
	applicationHertz = 440
	firstHertz       = 500 // pitch of the first person in the call
	stepHertz        = 60  // from one person to the next
)

// keyHertz has the two pitches of each key.
//
// Source: ITU-T Q.23.
var keyHertz = func() map[rune][2]float64 {
	rows, columns := []float64{697, 770, 852, 941}, []float64{1209, 1336, 1477, 1633}
	keys := map[rune][2]float64{}
	for i, key := range "123A456B789C*0#D" {
		keys[key] = [2]float64{rows[i/4], columns[i%4]}
	}
	return keys
}()

// keyTime is the length of a key's tone; the rest of toneGap is silence.
const keyTime = 150 * time.Millisecond

// cut ends a sound now. The sound may be nil or have ended.
func (n *sound) cut() {
	if n != nil && (n.to.IsZero() || n.to.After(time.Now())) {
		n.to = time.Now()
	}
}

// level returns the level of the sound at a time in seconds, from -1 to 1.
func (n *sound) level(seconds float64) float64 {
	v := math.Sin(2 * math.Pi * n.hertz[0] * seconds)
	if n.hertz[1] != 0 {
		v = (v + math.Sin(2*math.Pi*n.hertz[1]*seconds)) / 2
	}
	return v
}

// loudness is the amplitude of one sound; four at once fill the range.
const loudness = math.MaxInt16 / 4

// pcm returns a sample of PCM.
func pcm(level float64) int16 {
	return int16(min(max(level*loudness, math.MinInt16), math.MaxInt16))
}

// tones caches what samples returns, by pitches.
var tones sync.Map

// samples returns the PCM of one second of the sound. Pitches are whole numbers of hertz,
// so that each second of a sound is the same.
func (n *sound) samples() *[sampleRate]int16 {
	if tone, ok := tones.Load(n.hertz); ok {
		return tone.(*[sampleRate]int16)
	}
	var tone [sampleRate]int16
	for i := range tone {
		tone[i] = pcm(n.level(float64(i) / sampleRate))
	}
	tones.Store(n.hertz, &tone)
	return &tone
}

// soundIsUsed reports whether a stream or a recording uses the sound of the call.
func (c *call) soundIsUsed() bool {
	return c.streaming.running() || slices.ContainsFunc(c.recordings, (*recording).ongoing)
}

func (c *call) addSound(n *sound) *sound {
	if !c.soundIsUsed() {
		now := time.Now()
		c.sounds = slices.DeleteFunc(c.sounds, func(old *sound) bool { return !old.to.IsZero() && old.to.Before(now) })
	}
	c.sounds = append(c.sounds, n)
	return n
}

// applicationSound starts a sound of the application, which goes on until it is cut.
func (c *call) applicationSound() *sound {
	return c.addSound(&sound{hertz: [2]float64{applicationHertz}, from: time.Now()})
}

// voice adds the sound of a person who talks for d of simulated time, unless they are
// muted or on hold.
func (c *call) voice(p *participant, d time.Duration) {
	if p.muted || p.hold != nil {
		return
	}
	nth := slices.IndexFunc(c.presences, func(q *Presence) bool { return q.RawID == p.raw })
	now := time.Now()
	c.addSound(&sound{who: p.raw, hertz: [2]float64{firstHertz + stepHertz*float64(nth)}, from: now, to: now.Add(c.s.real(d))})
}

func (c *call) keySound(raw string, key rune) {
	now := time.Now()
	c.addSound(&sound{who: raw, hertz: keyHertz[key], from: now, to: now.Add(c.s.real(keyTime))})
}

// endSoundsOf ends the sounds of a person.
func (c *call) endSoundsOf(raw string) {
	for _, n := range c.sounds {
		if n.who == raw {
			n.cut()
		}
	}
}
