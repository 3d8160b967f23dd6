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

// The faults of a host are had on funcsim only: the real one does what they do
// too, but when it likes.

func TestStoriesWhenTheHostHasABadDay(t *testing.T) {
	for seed := range *seeds {
		faults := &funcsim.Faults{Seed: seed + 1, Duplicate: 0.3, Swap: 0.3, Delay: 0.05}
		for _, file := range []string{"inbound.txt", "two-at-once.txt"} {
			t.Run(fmt.Sprintf("%s, seed %d", file, faults.Seed), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					m := startInProcess(t, &acssim.Server{Strict: true, Seed: 1}, options{})
					defer m.close()
					m.host.Stop()
					m.host.Faults = faults
					if err := m.host.Start(m.ctx); err != nil {
						t.Fatal(err)
					}
					m.env.Host = m.host.Client()
					played, err := readScenario(t, file).Run(t.Context(), m.env)
					if err == nil {
						err = m.env.Verify(t.Context(), played)
					}
					if err != nil {
						t.Errorf("%v\n\n%s", err, &m.log)
					}
				})
			})
		}
	}
}

// TestInboundOnTheBuiltProgramWhenTheHostHasABadDay adds what needs a process to
// die: the handler, and the host that has lost a lease. Every run has seeds of its
// own, which the failure names; FUNCSIM_FAULTS brings one back.
func TestInboundOnTheBuiltProgramWhenTheHostHasABadDay(t *testing.T) {
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
			over := make(chan struct{})
			t.Cleanup(func() { <-over })
			go func() { // the platform starts a host again that has stopped
				defer close(over)
				for {
					select {
					case <-r.Host.Stopped():
						if r.Host.Start(t.Context()) != nil {
							return // the test is over
						}
					case <-t.Context().Done():
						return
					}
				}
			}()
			played, err := readScenario(t, "inbound.txt").Run(t.Context(), r.Env)
			if err != nil && log.count("IncomingCall was not taken") > 1 {
				t.Log("two deliveries of the offer came to nothing: nobody rings until the third")
				err = nil
			}
			if err == nil {
				err = r.Env.Verify(t.Context(), played)
			}
			if err != nil {
				t.Errorf("%v\n\n%s", err, log)
			}
		})
	}
}
