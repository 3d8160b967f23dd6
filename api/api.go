// Package api is the function that serves applications and operators: it shows calls, campaigns and
// recordings, and creates campaigns.
//
// Its rules: a request that changes something may be repeated, whatever the result of the first one was, and
// the reply names every fault of a document at once. Each file has the requests for one kind of resource.
package api

import "time"

// Handler answers requests at /api/v1.
type Handler struct {
	Calls      Calls
	Campaigns  Campaigns
	Recordings Recordings
	Creator    Creator

	Lines []string      // raw ids of the lines that campaigns may be dialled from
	Ring  time.Duration // how long a contact's telephone rings if its campaign sets no time
}
