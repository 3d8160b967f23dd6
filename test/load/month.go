package main

import "math"

// rates are how often something happens: for each call, and in each second of the idle app.
type rates struct {
	perCall, perSecond float64
}

// in returns how often it happens in a month with so many calls.
func (r rates) in(calls float64) float64 { return calls*r.perCall + monthSeconds*r.perSecond }

// groupRates are those of a group of functions, which scale together.
type groupRates struct {
	executions rates
	seconds    rates // that executions take
	billed     rates // the same with the minimum and the rounding of each execution
}

const (
	monthHours   = 730 // as Microsoft's calculator has it
	monthSeconds = monthHours * 3600
	// perInstance is how many executions run at a time on one instance before there is another.
	//
	// Source: learn.microsoft.com/azure/azure-functions/functions-concurrency, HTTP on an instance of 2,048 MB. Queues
	// have limits of their own, which are no smaller.
	perInstance = 16
)

// work is what a group does in a month.
type work struct {
	executions float64
	seconds    float64 // in which an instance executes something; several executions at a time count once
	unshared   float64 // the same if no two executions overlapped
}

// month returns what a group does in a month with so many calls, which come in so many
// hours of it.
//
// Executions for calls are taken to begin independently of each other. Then an instance on
// which n of them are billed at a time, on average, executes none of them for a share of
// exp(-n) of the time. The idle app executes timers, which do not overlap themselves.
func (g groupRates) month(calls, hours float64) work {
	idle := min(1, g.billed.perSecond)
	rate := calls / (hours * 3600)
	instances := max(1, math.Ceil(rate*g.seconds.perCall/perInstance))
	busy := 1 - (1-idle)*math.Exp(-rate*g.billed.perCall/instances)
	return work{
		executions: g.executions.in(calls),
		seconds:    3600 * (hours*instances*busy + (monthHours-hours)*idle),
		unshared:   g.billed.in(calls),
	}
}

// groupsOf returns the rates of each group by the counts of a run. What the idle app does
// while calls are measured is not the calls' own.
func (r callsReport) groupsOf() map[string]groupRates {
	groups := map[string]groupRates{}
	for name, e := range r.App.Executions {
		idle := r.IdleApp.Executions[name]
		groups[e.Group] = groups[e.Group].plus(groupRates{
			executions: rates{perCall: r.perCall(float64(e.Count), float64(idle.Count))},
			seconds:    rates{perCall: r.perCall(e.Seconds, idle.Seconds)},
			billed:     rates{perCall: r.perCall(e.BilledSeconds, idle.BilledSeconds)},
		})
	}
	for _, e := range r.IdleApp.Executions {
		groups[e.Group] = groups[e.Group].plus(groupRates{
			executions: rates{perSecond: float64(e.Count) / r.IdleApp.Seconds},
			seconds:    rates{perSecond: e.Seconds / r.IdleApp.Seconds},
			billed:     rates{perSecond: e.BilledSeconds / r.IdleApp.Seconds},
		})
	}
	return groups
}

// perCall returns how much of a count belongs to each call, when the idle app has counted
// idle while it was measured.
func (r callsReport) perCall(count, idle float64) float64 {
	return max(0, count-idle/r.IdleApp.Seconds*r.App.Seconds) / float64(r.Calls)
}

func (g groupRates) plus(o groupRates) groupRates {
	return groupRates{g.executions.plus(o.executions), g.seconds.plus(o.seconds), g.billed.plus(o.billed)}
}

func (r rates) plus(o rates) rates { return rates{r.perCall + o.perCall, r.perSecond + o.perSecond} }

// storageOf returns the rate of each kind of storage operation, of handler and host together.
func (r callsReport) storageOf() map[kind]rates {
	all := map[kind]rates{}
	for _, k := range kinds {
		count := float64(r.App.Handler[k].Operations + r.App.Host[k].Operations)
		idle := float64(r.IdleApp.Handler[k].Operations + r.IdleApp.Host[k].Operations)
		all[k] = rates{r.perCall(count, idle), idle / r.IdleApp.Seconds}
	}
	return all
}
