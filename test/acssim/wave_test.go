package acssim

import (
	"io"
	"testing"
	"testing/iotest"
	"time"
)

func TestWaveReadsTheSameInAnyPieces(t *testing.T) {
	start := time.Unix(0, 0)
	at := func(seconds float64) time.Time { return start.Add(time.Duration(seconds * float64(time.Second))) }
	all := sounds{
		{who: "a", hertz: [2]float64{500}, from: at(0.1), to: at(0.5)},
		{who: "b", hertz: keyHertz['5'], from: at(0.4)},
	}
	between := func(from, to time.Time) time.Duration { return to.Sub(from) }
	list := notes(all, []span{{at(0), at(0.3)}, {at(0.4), at(0.6)}}, between)
	if len(list) != 3 || list[2].to != samples(500*time.Millisecond) {
		t.Fatalf("notes = %+v, want 3, the last until 500 ms", list)
	}
	for _, channels := range [][][]note{{list}, {list[:1], nil, list[1:]}} {
		w := &wave{channels: channels, from: 100, to: samples(500 * time.Millisecond)}
		whole, err := io.ReadAll(w.reader())
		if err != nil || int64(len(whole)) != w.size() {
			t.Fatalf("%d bytes, %v, want %d", len(whole), err, w.size())
		}
		if err := iotest.TestReader(w.reader(), whole); err != nil {
			t.Error(err)
		}
	}
}
