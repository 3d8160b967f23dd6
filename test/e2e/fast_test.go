package e2e

import (
	"testing"
	"testing/synctest"

	"github.com/rs/zerolog"

	"switchboard/test/acssim"
	"switchboard/test/scenario"
)

// runInProcess runs a scenario in memory and virtual time, and verifies its result.
func runInProcess(t *testing.T, s *scenario.Scenario, sim *acssim.Server, o options) (app *inProcess) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		app = startInProcess(t, sim, o)
		defer app.close()
		app.run(t, s)
	})
	return app
}

// run runs a scenario on the app, verifies its result and returns it.
func (app *inProcess) run(t *testing.T, s *scenario.Scenario) scenario.Result {
	t.Helper()
	result, err := s.Run(t.Context(), app.env)
	if err == nil {
		err = app.env.Verify(t.Context(), result)
	}
	if err != nil {
		t.Errorf("%v\n\n%s", err, &app.log)
	}
	return result
}

// readScenario reads a scenario of package scenario.
func readScenario(t *testing.T, file string) *scenario.Scenario {
	t.Helper()
	s, err := scenario.Read(scenario.Files, file)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// readScenarios reads all scenarios of package scenario.
func readScenarios(t *testing.T) []*scenario.Scenario {
	t.Helper()
	all, err := scenario.ReadAll(scenario.Files)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestScenariosWithoutFaults checks that each scenario passes, leads to the history in its
// file, and makes the handler log no warning.
func TestScenariosWithoutFaults(t *testing.T) {
	for _, s := range readScenarios(t) {
		t.Run(s.File, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				app := startInProcess(t, &acssim.Server{Strict: true, Seed: 1}, options{})
				defer app.close()
				result := app.run(t, s)
				for _, level := range []zerolog.Level{zerolog.WarnLevel, zerolog.ErrorLevel} {
					for _, line := range app.log.atLevel(level) {
						t.Errorf("the handler logged %s, want no warning", line)
					}
				}
				if !t.Failed() {
					app.checkHistory(t, s, result)
				}
			})
		})
	}
}

func TestScenariosWithEveryEventTwiceAndNeighboursSwapped(t *testing.T) {
	for _, s := range readScenarios(t) {
		t.Run(s.File, func(t *testing.T) {
			runInProcess(t, s, &acssim.Server{Strict: true, Seed: 1, DuplicateAll: true, SwapNeighbours: true}, options{})
		})
	}
}

func TestAnOfferThatComesTooLateIsNotAnswered(t *testing.T) {
	app := runInProcess(t, readScenario(t, "too-late.txtar"), &acssim.Server{Strict: true, Seed: 1}, options{})
	for _, r := range app.requests {
		if r.to == toACS {
			t.Errorf("the handler sent %s to ACS, want nothing", r.what)
		}
	}
}
