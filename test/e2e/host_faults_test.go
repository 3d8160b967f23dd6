package e2e

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"

	"switchboard/test/acssim"
	"switchboard/test/funcsim"
)

// Random faults of the host are tested on funcsim only, which can repeat them. The real
// host has such faults too, but not on request.

func TestScenariosWithRandomFaultsOfTheHost(t *testing.T) {
	for seed := range *seeds {
		faults := &funcsim.Faults{Seed: seed + 1, Duplicate: 0.3, Swap: 0.3, Delay: 0.05}
		for _, file := range []string{"inbound.txtar", "two-at-once.txtar"} {
			t.Run(fmt.Sprintf("%s, seed %d", file, faults.Seed), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					app := startInProcess(t, &acssim.Server{Strict: true, Seed: 1}, options{})
					defer app.close()
					app.host.Stop()
					app.host.Faults = faults
					if err := app.host.Start(app.ctx); err != nil {
						t.Fatal(err)
					}
					app.env.Host = app.host.Client()
					app.run(t, readScenario(t, file))
				})
			})
		}
	}
}

// TestInboundOnTheBuiltHandlerWithRandomFaultsOfTheHost has faults that need processes:
// the handler is killed, and the host stops after it has lost a lease. Every run has new
// seeds, which are logged; FUNCSIM_FAULTS repeats one.
func TestInboundOnTheBuiltHandlerWithRandomFaultsOfTheHost(t *testing.T) {
	t.Parallel()
	for _, faults := range []funcsim.Faults{
		{Kill: 0.1, Delay: 0.05, Duplicate: 0.5, Swap: 0.5},
		{Kill: 0.1, LoseLease: 0.5},
	} {
		faults.Seed = rand.Uint64()
		setting, err := json.Marshal(faults)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(fmt.Sprintf("kill %v, lose lease %v", faults.Kill, faults.LoseLease), func(t *testing.T) {
			t.Parallel()
			t.Logf("FUNCSIM_FAULTS=%s", setting)
			env := map[string]string{"FUNCSIM_FAULTS": string(setting), "FUNCTIONS_CORETOOLS_ENVIRONMENT": "true"}
			for name, value := range shortTimeouts {
				env[name] = value
			}
			r, log := onFuncsim.start(t, retryingSim(), nil, env)
			keepRunning(t, r)
			result, err := readScenario(t, "inbound-faults.txtar").Run(t.Context(), r.Env)
			if err != nil && log.count("IncomingCall was not accepted") > 1 {
				t.Log("two deliveries of the offer failed: the caller hangs up before the third")
				err = nil
			}
			if err == nil {
				err = r.Env.Verify(t.Context(), result)
			}
			if err != nil {
				t.Errorf("%v\n\n%s", err, log)
			}
		})
	}
}
