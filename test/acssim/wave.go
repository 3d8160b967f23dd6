package acssim

import (
	"encoding/binary"
	"errors"
	"io"
	"math"
	"slices"
	"time"
)

// The format of every recording, regardless of the requested one.
//
// Source: learn.microsoft.com, "Call Recording overview": 16 kHz, up to five
// channels of unmixed audio.
const (
	sampleRate  = 16_000
	sampleBytes = 2
	maxChannels = 5
)

// note is a sound within a recording, in samples from the recording's start. The
// sample at to is not part of it.
type note struct {
	from, to int64
	sound    *sound
}

// wave is a WAV file of 16-bit PCM that is computed as it is read. Its bytes are
// always the same. It is an io.ReadSeeker for one reader.
type wave struct {
	channels [][]note // by channel, the earliest first
	from, to int64    // first and last sample of the recording in the file, without to
	at       int64    // position of the reader, in bytes
}

const waveHeader = 44

func (w *wave) size() int64 { return waveHeader + (w.to-w.from)*w.frame() }

// frame returns the size of one sample of all channels, in bytes.
func (w *wave) frame() int64 { return int64(len(w.channels)) * sampleBytes }

func (w *wave) length() time.Duration { return duration(w.to - w.from) }

// reader returns a new reader of the file.
func (w *wave) reader() *wave { return &wave{channels: w.channels, from: w.from, to: w.to} }

func samples(d time.Duration) int64 { return int64(d) * sampleRate / int64(time.Second) }

func duration(samples int64) time.Duration {
	return time.Duration(samples) * time.Second / sampleRate
}

// Seek implements io.Seeker.
func (w *wave) Seek(offset int64, whence int) (int64, error) {
	at := offset
	switch whence {
	case io.SeekCurrent:
		at += w.at
	case io.SeekEnd:
		at += w.size()
	}
	if at < 0 {
		return 0, errors.New("seek before the start")
	}
	w.at = at
	return at, nil
}

// Read implements io.Reader.
func (w *wave) Read(p []byte) (int, error) {
	if w.at >= w.size() {
		return 0, io.EOF
	}
	if w.at < waveHeader {
		n := copy(p, w.header()[w.at:])
		w.at += int64(n)
		return n, nil
	}
	// Whole frames are computed; bytes outside p are left out.
	const block = 4096 // frames
	first := (w.at - waveHeader) / w.frame()
	skip := (w.at - waveHeader) % w.frame()
	last := min(first+block, w.to-w.from, first+(skip+int64(len(p))+w.frame()-1)/w.frame())
	n := copy(p, w.frames(w.from+first, w.from+last)[skip:])
	w.at += int64(n)
	return n, nil
}

// header returns the RIFF header of 16-bit PCM.
func (w *wave) header() []byte {
	data := uint32(w.size() - waveHeader)
	h := []byte("RIFF")
	h = binary.LittleEndian.AppendUint32(h, data+waveHeader-8)
	h = append(h, "WAVEfmt "...)
	h = binary.LittleEndian.AppendUint32(h, 16)
	h = binary.LittleEndian.AppendUint16(h, 1) // PCM
	h = binary.LittleEndian.AppendUint16(h, uint16(len(w.channels)))
	h = binary.LittleEndian.AppendUint32(h, sampleRate)
	h = binary.LittleEndian.AppendUint32(h, uint32(sampleRate*w.frame()))
	h = binary.LittleEndian.AppendUint16(h, uint16(w.frame()))
	h = binary.LittleEndian.AppendUint16(h, 8*sampleBytes)
	h = append(h, "data"...)
	return binary.LittleEndian.AppendUint32(h, data)
}

func (w *wave) frames(from, to int64) []byte {
	out := make([]byte, (to-from)*w.frame())
	for c, notes := range w.channels {
		for _, n := range notes {
			tone := n.sound.samples()
			for i := max(n.from, from); i < min(n.to, to); i++ {
				at := out[(i-from)*w.frame()+int64(c)*sampleBytes:]
				mixed := int(int16(binary.LittleEndian.Uint16(at))) + int(tone[i%sampleRate])
				binary.LittleEndian.PutUint16(at, uint16(min(max(mixed, math.MinInt16), math.MaxInt16)))
			}
		}
	}
	return out
}

// span is a recorded time.
type span struct{ from, to time.Time }

// notes returns the parts of sounds that are within spans. The spans follow each
// other in the recording without a gap. between converts real to simulated time.
func notes(all sounds, spans []span, between func(from, to time.Time) time.Duration) []note {
	var list []note
	var start int64
	for _, s := range spans {
		for _, n := range all {
			from, to := n.from, n.to
			if from.Before(s.from) {
				from = s.from
			}
			if to.IsZero() || to.After(s.to) {
				to = s.to
			}
			if from.Before(to) {
				list = append(list, note{start + samples(between(s.from, from)), start + samples(between(s.from, to)), n})
			}
		}
		start += samples(between(s.from, s.to))
	}
	slices.SortStableFunc(list, func(a, b note) int { return int(a.from - b.from) })
	return list
}
