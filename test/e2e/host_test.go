package e2e

import (
	"testing"

	"switchboard/test/acssim"
)

func TestInboundOnTheBuiltProgram(t *testing.T) {
	t.Parallel()
	onFuncsim.inbound(t)
}

func TestInboundUnderFunc(t *testing.T) {
	t.Parallel()
	onFunc(t).inbound(t)
}

// inbound is the story when nothing goes wrong.
func (h host) inbound(t *testing.T) {
	r, log := h.start(t, &acssim.Server{Strict: true}, nil, nil)
	playOn(t, r, log, "inbound.txt")
	log.mustBeClean(t)
}
