package nodejs

import (
	"bytes"
	"errors"
	"os/exec"
	"testing"
)

func TestClosingEndsTheProgramAndRunsItsExitListeners(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: no Node.js")
	}
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip(ErrNoNode)
	}
	var out bytes.Buffer
	process, err := Program{
		Script: `console.log(process.argv[1], process.env.WORD);
			process.on("exit", () => console.log("exits"));
			setInterval(() => {}, 1000);`,
		Args: []string{"one"}, Env: []string{"WORD=two"}, Dir: t.TempDir(), Output: &out,
	}.Start()
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-process.Exited():
		t.Fatalf("it ended before Close: %s", &out)
	default:
	}
	if process.PID() <= 0 {
		t.Errorf("process id %d", process.PID())
	}
	process.Close()
	process.Close() // may be repeated
	select {
	case <-process.Exited():
	default:
		t.Error("it runs after Close")
	}
	if got, want := out.String(), "one two\nexits\n"; got != want {
		t.Errorf("output %q, want %q", got, want)
	}
}

func TestStartFailsWithoutNode(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, err := (Program{}).Start(); !errors.Is(err, ErrNoNode) {
		t.Errorf("Start: %v, want %v", err, ErrNoNode)
	}
}
