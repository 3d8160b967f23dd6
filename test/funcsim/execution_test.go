package funcsim

import (
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestTheEndOfEveryExecutionIsLoggedWithItsDuration(t *testing.T) {
	tests := []struct {
		name   string
		status int // the handler's answer
		run    func(t *testing.T, h *Host)
		want   Entry // Text is a pattern
	}{
		{
			"a run", http.StatusOK,
			func(t *testing.T, h *Host) {
				if err := h.Invoke(t.Context(), "sweep", ""); err != nil {
					t.Error(err)
				}
			},
			Entry{LevelInformation, FromHost, `^Executed 'Functions\.sweep' \(Succeeded, Id=[0-9a-f-]{36}, Duration=1500ms\)$`},
		},
		{
			"a run that fails", http.StatusInternalServerError,
			func(t *testing.T, h *Host) {
				if err := h.Invoke(t.Context(), "sweep", ""); err == nil {
					t.Error("no error")
				}
			},
			Entry{LevelError, FromHost, `^Executed 'Functions\.sweep' \(Failed, Id=[0-9a-f-]{36}, Duration=1500ms\): .*500`},
		},
		{
			"a request", http.StatusNotFound,
			func(t *testing.T, h *Host) {
				h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/api/v1/calls", nil))
			},
			Entry{LevelInformation, FromHost, `^Executed 'Functions\.api' \(Succeeded, Id=[0-9a-f-]{36}, Duration=1500ms\)$`},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := &lines{}
				h := &Host{
					Root: writeApp(t, map[string]string{
						"host.json":           plainHost,
						"sweep/function.json": `{"bindings":[{"name":"timer","direction":"in","type":"timerTrigger","schedule":"0 0 * * * *"}]}`,
						"api/function.json": `{"bindings":[{"name":"req","direction":"in","type":"httpTrigger","authLevel":"anonymous",
							"methods":["get"],"route":"v1/{*path}"},{"name":"res","direction":"out","type":"http"}]}`,
					}),
					Env: map[string]string{"FUNCTIONS_WORKER_RUNTIME": "custom"},
					Log: log.add,
					Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						if r.URL.Path == "/" { // the host asks whether the handler is ready
							succeed(w)
							return
						}
						time.Sleep(1500 * time.Millisecond)
						w.Header().Set("Content-Type", "application/json")
						w.WriteHeader(tt.status)
						_, _ = io.WriteString(w, "{}")
					}),
				}
				if err := h.Start(t.Context()); err != nil {
					t.Fatal(err)
				}
				tt.run(t, h)
				h.Stop()
				log.mu.Lock()
				defer log.mu.Unlock()
				ends := slices.DeleteFunc(log.all, func(e Entry) bool { return !strings.HasPrefix(e.Text, "Executed ") })
				if len(ends) != 1 || ends[0].Level != tt.want.Level || ends[0].Source != tt.want.Source ||
					!regexp.MustCompile(tt.want.Text).MatchString(ends[0].Text) {
					t.Errorf("logged %+v, want one entry like %+v", ends, tt.want)
				}
			})
		})
	}
}
