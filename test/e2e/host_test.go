package e2e

import (
	"testing"

	"switchboard/test/acssim"
)

func TestInboundOnTheBuiltHandler(t *testing.T) {
	t.Parallel()
	onFuncsim.runInbound(t)
}

func TestInboundUnderFunc(t *testing.T) {
	t.Parallel()
	onFunc(t).runInbound(t)
}

// runInbound runs inbound.txtar without faults.
func (h host) runInbound(t *testing.T) {
	r, log := h.start(t, &acssim.Server{Strict: true}, nil, nil)
	runOnRig(t, r, log, "inbound.txtar")
	log.mustHaveNoWarnings(t)
}
