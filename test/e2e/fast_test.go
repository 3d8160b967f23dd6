package e2e

import (
	"testing"
	"testing/synctest"

	"github.com/rs/zerolog"

	"switchboard/test/acssim"
	"switchboard/test/scenario"
)

// play runs a story in memory and virtual time, and then checks what holds after
// every story.
func play(t *testing.T, story *scenario.Story, sim *acssim.Server, c conditions) (m *memory) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		m = startMemory(t, sim, c)
		defer m.close()
		played, err := story.Run(t.Context(), m.world)
		if err == nil {
			err = m.world.Verify(t.Context(), played)
		}
		if err != nil {
			t.Errorf("%v\n\n%s", err, &m.log)
		}
	})
	return m
}

// read reads a story of the library.
func read(t *testing.T, file string) *scenario.Story {
	t.Helper()
	story, err := scenario.Read(scenario.Stories, file)
	if err != nil {
		t.Fatal(err)
	}
	return story
}

func stories(t *testing.T) []*scenario.Story {
	t.Helper()
	all, err := scenario.ReadAll(scenario.Stories)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestStoriesWhenAllGoesWell(t *testing.T) {
	for _, story := range stories(t) {
		t.Run(story.File, func(t *testing.T) {
			m := play(t, story, &acssim.Server{Strict: true, Seed: 1}, conditions{})
			for _, level := range []zerolog.Level{zerolog.WarnLevel, zerolog.ErrorLevel} {
				for _, line := range m.log.at(level) {
					t.Errorf("the handler logged %s", line)
				}
			}
		})
	}
}

func TestStoriesWithEveryEventTwiceAndNeighboursSwapped(t *testing.T) {
	for _, story := range stories(t) {
		t.Run(story.File, func(t *testing.T) {
			play(t, story, &acssim.Server{Strict: true, Seed: 1, DuplicateAll: true, SwapNeighbours: true}, conditions{})
		})
	}
}

func TestAnOfferThatComesTooLateIsNotAnswered(t *testing.T) {
	m := play(t, read(t, "too-late.txt"), &acssim.Server{Strict: true, Seed: 1}, conditions{})
	for _, r := range m.requests {
		if r.to == toACS {
			t.Errorf("ACS was asked to %s", r.what)
		}
	}
}
