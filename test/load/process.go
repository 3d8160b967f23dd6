package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// usage is what a process has used since its start.
type usage struct {
	cpu      time.Duration // of all its threads
	resident int64         // memory that is resident now, in bytes
	peak     int64         // the most that was
}

// errNoProc means that this system does not tell what other processes use.
var errNoProc = errors.New("CPU and memory are read from /proc, which this system does not have: " +
	"measure on Linux, in WSL, or in a container")

// checkProc returns errNoProc on a system without /proc.
func checkProc() error {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		return errNoProc
	}
	return nil
}

// readUsage returns what a process has used. If pid is 0, there is no process.
func readUsage(pid int) (usage, error) {
	if pid == 0 {
		return usage{}, errors.New("the process does not run")
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return usage{}, err
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return usage{}, err
	}
	var u usage
	if u.cpu, err = parseStat(string(stat)); err != nil {
		return usage{}, fmt.Errorf("/proc/%d/stat: %w", pid, err)
	}
	if u.resident, u.peak, err = parseStatus(string(status)); err != nil {
		return usage{}, fmt.Errorf("/proc/%d/status: %w", pid, err)
	}
	return u, nil
}

// tick is the unit of CPU time in /proc. The kernel's own tick may be another.
//
// Source: proc_pid_stat(5), USER_HZ, which is 100 on all systems that Go runs on.
const tick = 10 * time.Millisecond

// Positions in /proc/PID/stat, counted from the field after the command's name.
const (
	statUser   = 11 // utime, field 14
	statSystem = 12 // stime, field 15
)

// parseStat returns the CPU time in the text of /proc/PID/stat. The command's name, in
// parentheses, may contain spaces and parentheses.
func parseStat(text string) (time.Duration, error) {
	end := strings.LastIndexByte(text, ')')
	fields := strings.Fields(text[end+1:])
	if end < 0 || len(fields) <= statSystem {
		return 0, errors.New("it has no times")
	}
	user, err := strconv.ParseInt(fields[statUser], 10, 64)
	if err != nil {
		return 0, err
	}
	system, err := strconv.ParseInt(fields[statSystem], 10, 64)
	if err != nil {
		return 0, err
	}
	return time.Duration(user+system) * tick, nil
}

// parseStatus returns the memory that is resident and the most that was, from the text of /proc/PID/status.
func parseStatus(text string) (resident, peak int64, err error) {
	found := map[string]int64{}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(line, ":")
		if name != "VmRSS" && name != "VmHWM" {
			continue
		}
		kib, ok := strings.CutSuffix(strings.TrimSpace(value), " kB")
		n, err := strconv.ParseInt(strings.TrimSpace(kib), 10, 64)
		if !ok || err != nil {
			return 0, 0, fmt.Errorf("%s is %q", name, strings.TrimSpace(value))
		}
		found[name] = n * 1024
	}
	if found["VmRSS"] == 0 || found["VmHWM"] == 0 {
		return 0, 0, errors.New("it has no VmRSS or no VmHWM: the process has ended")
	}
	return found["VmRSS"], found["VmHWM"], nil
}
