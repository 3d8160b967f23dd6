package funcsim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"
)

// record is a timer's status. The host keeps one for schedules of a minute and more.
type record struct {
	last    time.Time // the last run; zero before the first
	next    time.Time // the next occurrence
	updated time.Time // when this was written
}

// status reads and writes the record of one timer, in the real host's place and form.
type status struct {
	blobs Blobs
	blob  string
	f     *function
}

func (in *instance) status(f *function) status {
	return status{in.blobs, fmt.Sprintf("timers/%s/Host.Functions.%s/status", in.app.hostID, f.name), f}
}

// pastDue reports whether the recorded next occurrence was missed because no host
// ran. It writes the first record, and a new one after a change of the schedule.
// Source: azure-webjobs-sdk-extensions, ScheduleMonitor.cs.
func (s status) pastDue(ctx context.Context, now time.Time) (bool, error) {
	r, err := s.read(ctx)
	if err != nil {
		return false, err
	}
	if r != nil {
		since := r.last
		if since.IsZero() {
			since = r.updated
		}
		if r.next.Equal(s.f.schedule.next(since)) {
			return now.After(r.next), nil
		}
	}
	return false, s.write(ctx, record{next: s.f.schedule.next(now), updated: now})
}

// ran writes the record that follows r after a run that began at the given time. A
// run that began less than a second early counts as the recorded occurrence.
func (s status) ran(ctx context.Context, r record, began time.Time) error {
	last := began
	if last.Before(r.next) && r.next.Sub(last) < time.Second {
		last = r.next
	}
	return s.write(ctx, record{last: last, next: s.f.schedule.next(last), updated: last})
}

// recordJSON is the host's form of a record.
type recordJSON struct {
	Last, Next, LastUpdated string
}

// read returns the record, or nil if there is none.
func (s status) read(ctx context.Context) (*record, error) {
	raw, err := s.blobs.Read(ctx, s.blob)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var doc recordJSON
	if err := json.Unmarshal(raw, &doc); err != nil {
		return nil, fmt.Errorf("%s: %w", s.blob, err)
	}
	var r record
	for _, f := range []struct {
		text string
		into *time.Time
	}{{doc.Last, &r.last}, {doc.Next, &r.next}, {doc.LastUpdated, &r.updated}} {
		t, _, ok := parseDate(f.text)
		if !ok {
			return nil, fmt.Errorf("%s: %q is not a time", s.blob, f.text)
		}
		*f.into = t
	}
	return &r, nil
}

func (s status) write(ctx context.Context, r record) error {
	raw, err := json.Marshal(recordJSON{recordTime(r.last), recordTime(r.next), recordTime(r.updated)})
	if err != nil {
		return err
	}
	return s.blobs.Write(ctx, s.blob, raw)
}

// recordTime returns t in the form of a host whose zone is UTC.
func recordTime(t time.Time) string {
	return t.UTC().Format("2006-01-02T15:04:05.9999999") + "+00:00"
}
