// Package api is the function that applications and operators speak to: it shows
// calls, campaigns and recordings, and takes orders for campaigns.
//
// Its rules: what changes something can be sent again, whatever became of the
// request before, and every fault of a document is named at once. A file holds the
// requests for one kind of thing.
package api

import "time"

// Handler answers requests at /api/v1.
type Handler struct {
	Calls      Calls
	Campaigns  Campaigns
	Recordings Recordings
	Creator    Creator

	Lines []string      // raw ids of the lines that campaigns may be dialled from
	Ring  time.Duration // how long a contact's telephone rings where its campaign does not say
}
