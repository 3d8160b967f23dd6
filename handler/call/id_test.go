package call

import "testing"

func TestInboundIDIsTheSameInEveryDeliveryAndDiffersInEveryOffer(t *testing.T) {
	id := InboundID("corr", "28:orgid:line", "token")
	if id != InboundID("corr", "28:orgid:line", "token") {
		t.Error("two deliveries of an offer have different ids")
	}
	for _, other := range []ID{
		InboundID("corr2", "28:orgid:line", "token"), InboundID("corr", "28:orgid:line2", "token"),
		InboundID("corr", "28:orgid:line", "token2"), InboundID("corr2", "8:orgid:line", "token"),
	} {
		if id == other {
			t.Errorf("two offers have the id %s", id)
		}
	}
	if len(id) != 3+26 || id[:3] != "in-" {
		t.Errorf("id = %s", id)
	}
}

func TestOutboundIDIsTheSameForOneAttemptAndDiffersInEveryOther(t *testing.T) {
	id := OutboundID("campaign", "contact", 1)
	if id != OutboundID("campaign", "contact", 1) {
		t.Error("the id of an attempt changes")
	}
	for _, other := range []ID{
		OutboundID("campaign2", "contact", 1), OutboundID("campaign", "contact2", 1), OutboundID("campaign", "contact", 2),
		OutboundID("campaignc", "ontact", 1), InboundID("campaign", "contact", "1"),
	} {
		if id == other {
			t.Errorf("two calls have the id %s", id)
		}
	}
	if len(id) != 4+26 || id[:4] != "out-" {
		t.Errorf("id = %s", id)
	}
}
