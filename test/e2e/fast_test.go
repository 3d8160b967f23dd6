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
func runInProcess(t *testing.T, story *scenario.Scenario, sim *acssim.Server, c options) (m *inProcess) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		m = startInProcess(t, sim, c)
		defer m.close()
		played, err := story.Run(t.Context(), m.env)
		if err == nil {
			err = m.env.Verify(t.Context(), played)
		}
		if err != nil {
			t.Errorf("%v\n\n%s", err, &m.log)
		}
	})
	return m
}

// read reads a story of the library.
func readScenario(t *testing.T, file string) *scenario.Scenario {
	t.Helper()
	story, err := scenario.Read(scenario.Files, file)
	if err != nil {
		t.Fatal(err)
	}
	return story
}

func readScenarios(t *testing.T) []*scenario.Scenario {
	t.Helper()
	all, err := scenario.ReadAll(scenario.Files)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestStoriesWhenAllGoesWell(t *testing.T) {
	for _, story := range readScenarios(t) {
		t.Run(story.File, func(t *testing.T) {
			m := runInProcess(t, story, &acssim.Server{Strict: true, Seed: 1}, options{})
			for _, level := range []zerolog.Level{zerolog.WarnLevel, zerolog.ErrorLevel} {
				for _, line := range m.log.atLevel(level) {
					t.Errorf("the handler logged %s", line)
				}
			}
		})
	}
}

func TestStoriesWithEveryEventTwiceAndNeighboursSwapped(t *testing.T) {
	for _, story := range readScenarios(t) {
		t.Run(story.File, func(t *testing.T) {
			runInProcess(t, story, &acssim.Server{Strict: true, Seed: 1, DuplicateAll: true, SwapNeighbours: true}, options{})
		})
	}
}

func TestAnOfferThatComesTooLateIsNotAnswered(t *testing.T) {
	m := runInProcess(t, readScenario(t, "too-late.txt"), &acssim.Server{Strict: true, Seed: 1}, options{})
	for _, r := range m.requests {
		if r.to == toACS {
			t.Errorf("ACS was asked to %s", r.what)
		}
	}
}
