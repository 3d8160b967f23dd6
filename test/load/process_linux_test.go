package main

import (
	"os"
	"testing"
	"time"
)

func TestTheUsageOfThisProcessGrows(t *testing.T) {
	if err := checkProc(); err != nil {
		t.Fatal(err)
	}
	before, err := readUsage(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if before.resident <= 0 || before.peak < before.resident {
		t.Errorf("resident %d, at most %d", before.resident, before.peak)
	}
	for {
		after, err := readUsage(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		if after.cpu >= before.cpu+50*time.Millisecond {
			return
		}
	}
}
