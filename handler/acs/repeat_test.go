package acs

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// attempt is one request at the transport.
type attempt struct {
	at     time.Duration // time since the first attempt
	header http.Header
}

// scriptedTransport is a transport that sends its answers in turn and records the attempts.
// An answer with status 0 is lost.
type scriptedTransport struct {
	answers []answer
	start   time.Time
	seen    []attempt
}

func (p *scriptedTransport) do(req *http.Request) (*http.Response, error) {
	if p.start.IsZero() {
		p.start = time.Now()
	}
	a := p.answers[min(len(p.seen), len(p.answers)-1)]
	p.seen = append(p.seen, attempt{time.Since(p.start), req.Header.Clone()})
	if a.status == 0 {
		return nil, io.ErrUnexpectedEOF
	}
	return reply(req, a), nil
}

var (
	createCall = clientCall{"CreateCall", func(ctx context.Context, c *Client) error {
		_, err := c.CreateCall(ctx, []Identifier{phone}, callback, &CreateCallOptions{
			Repeatability: pair, SourceCallerIDNumber: PhoneNumber("+18005550100"),
		})
		return err
	}}
	addParticipant = clientCall{"AddParticipant", func(ctx context.Context, c *Client) error {
		_, err := c.AddParticipant(ctx, conn, phone, &AddParticipantOptions{Repeatability: pair, TeamsPhone: true})
		return err
	}}
	redirectCall = clientCall{"RedirectCall", func(ctx context.Context, c *Client) error {
		_, err := c.RedirectCall(ctx, offer, phone, nil)
		return err
	}}
	transfer = clientCall{"TransferToParticipant", func(ctx context.Context, c *Client) error {
		_, err := c.TransferToParticipant(ctx, conn, phone, nil)
		return err
	}}
	move = clientCall{"MoveParticipants", func(ctx context.Context, c *Client) error {
		_, err := c.MoveParticipants(ctx, conn, []Identifier{phone}, "another", nil)
		return err
	}}
	pauseRecording = clientCall{"PauseRecording", func(ctx context.Context, c *Client) error {
		_, err := c.PauseRecording(ctx, recordingID, nil)
		return err
	}}
	answerCall = clientCall{"AnswerCall", func(ctx context.Context, c *Client) error {
		_, err := c.AnswerCall(ctx, offer, callback, &AnswerCallOptions{Repeatability: pair})
		return err
	}}
	getCall = clientCall{"GetCall", func(ctx context.Context, c *Client) error {
		_, err := c.GetCall(ctx, conn, nil)
		return err
	}}
	hangupCall = clientCall{"HangupCall", func(ctx context.Context, c *Client) error {
		_, err := c.HangupCall(ctx, conn, nil)
		return err
	}}
	playFile = clientCall{"Play", func(ctx context.Context, c *Client) error {
		_, err := c.Play(ctx, conn, []PlaySource{PlayFile("https://media.contoso.example/hold.wav")}, nil)
		return err
	}}
	recognizeKeys = clientCall{"Recognize", func(ctx context.Context, c *Client) error {
		_, err := c.Recognize(ctx, conn, phone, InputDTMF, nil)
		return err
	}}
	cancelMedia = clientCall{"CancelAllMediaOperations", func(ctx context.Context, c *Client) error {
		_, err := c.CancelAllMediaOperations(ctx, conn, nil)
		return err
	}}
)

func TestWhichRequestsAreRetried(t *testing.T) {
	ok, noContent := answer{status: 200}, answer{status: 204}
	tests := []struct {
		name     string
		op       clientCall
		answers  []answer
		attempts int
		ok       bool
	}{
		{"a call is not created twice after a 503", createCall, []answer{{status: 503}, {status: 201}}, 1, false},
		{"a call is not created twice after a lost answer", createCall, []answer{{}, {status: 201}}, 1, false},
		{"a participant is not added twice after a 500", addParticipant, []answer{{status: 500}, {status: 202}}, 1, false},
		{"a participant is not added twice after a lost answer", addParticipant, []answer{{}, {status: 202}}, 1, false},
		{"a call is not redirected twice after a 503", redirectCall, []answer{{status: 503}, {status: 204}}, 1, false},
		{"a call is not transferred twice after a lost answer", transfer, []answer{{}, {status: 202}}, 1, false},
		{"a participant is not moved twice after a 500", move, []answer{{status: 500}, {status: 202}}, 1, false},
		{"a recording is not paused twice after a 500", pauseRecording, []answer{{status: 500}, {status: 202}}, 1, false},
		{"AnswerCall is retried after a 503", answerCall, []answer{{status: 503}, ok}, 2, true},
		{"AnswerCall is retried after a 408", answerCall, []answer{{status: 408}, ok}, 2, true},
		{"AnswerCall is retried after lost answers", answerCall, []answer{{}, {}, ok}, 3, true},
		{"AnswerCall is attempted four times at most", answerCall, []answer{{status: 500}}, 4, false},
		{"AnswerCall is not retried after a 429", answerCall, []answer{{status: 429}, ok}, 1, false},
		{"AnswerCall is not retried after a 409", answerCall, []answer{{status: 409}, ok}, 1, false},
		{"AnswerCall is not retried after a 501", answerCall, []answer{{status: 501}, ok}, 1, false},
		{"GetCall is retried after a 500", getCall, []answer{{status: 500}, ok}, 2, true},
		{"GetCall is retried after a 429 with a delay", getCall, []answer{{status: 429, header: map[string]string{"Retry-After": "7"}}, ok}, 2, true},
		{"GetCall is not retried after a 429 without a delay", getCall, []answer{{status: 429}, ok}, 1, false},
		{"AnswerCall is not retried after a 429 with a delay", answerCall, []answer{{status: 429, header: map[string]string{"Retry-After": "7"}}, ok}, 1, false},
		{"HangupCall is retried after a 502", hangupCall, []answer{{status: 502}, noContent}, 2, true},
		{"Play is not retried after a 503", playFile, []answer{{status: 503}, {status: 202}}, 1, false},
		{"Recognize is not retried after a lost answer", recognizeKeys, []answer{{}, {status: 202}}, 1, false},
		{"CancelAllMediaOperations is not retried after a 500", cancelMedia, []answer{{status: 500}, {status: 202}}, 1, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &scriptedTransport{answers: tt.answers}
				err := tt.op.run(t.Context(), transportFunc(p.do).client(t))
				if len(p.seen) != tt.attempts || (err == nil) != tt.ok {
					t.Errorf("%d attempts, err = %v; want %d, %v", len(p.seen), err, tt.attempts, tt.ok)
				}
			})
		})
	}
}

func TestARetryHasTheSamePairAndAFreshSignature(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &scriptedTransport{answers: []answer{{status: 503, header: map[string]string{"Retry-After": "7"}}, {status: 200}}}
		if err := answerCall.run(t.Context(), transportFunc(p.do).client(t)); err != nil {
			t.Fatal(err)
		}
		if len(p.seen) != 2 || p.seen[1].at != 7*time.Second {
			t.Fatalf("attempts = %v, want a second one after 7 s", p.seen)
		}
		first, second := p.seen[0].header, p.seen[1].header
		for _, name := range []string{"Repeatability-Request-Id", "Repeatability-First-Sent", "X-Ms-Client-Request-Id", "X-Ms-Content-Sha256"} {
			if first.Get(name) == "" || first.Get(name) != second.Get(name) {
				t.Errorf("%s: %q, then %q, want the same", name, first.Get(name), second.Get(name))
			}
		}
		for _, name := range []string{"X-Ms-Date", "Authorization"} {
			if first.Get(name) == second.Get(name) {
				t.Errorf("%s: %q twice, want another one", name, second.Get(name))
			}
		}
		if got := second.Get("X-Ms-Date"); got != "Sat, 01 Jan 2000 00:00:07 GMT" {
			t.Errorf("X-Ms-Date = %q, want Sat, 01 Jan 2000 00:00:07 GMT", got)
		}
	})
}

func TestAGeneratedPairIsKeptForTheRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &scriptedTransport{answers: []answer{{status: 500}, {status: 204}}}
		if _, err := transportFunc(p.do).client(t).TerminateCall(t.Context(), conn, nil); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"Repeatability-Request-Id", "Repeatability-First-Sent"} {
			if a, b := p.seen[0].header.Get(name), p.seen[1].header.Get(name); a == "" || a != b {
				t.Errorf("%s: %q, then %q, want the same", name, a, b)
			}
		}
	})
}

func TestAThrottledRequestReturnsAtOnceWithItsDelay(t *testing.T) {
	for _, op := range []clientCall{createCall, answerCall, playFile} {
		t.Run(op.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &scriptedTransport{answers: []answer{{status: 429, header: map[string]string{"Retry-After": "12"}}}}
				start := time.Now()
				err := op.run(t.Context(), transportFunc(p.do).client(t))
				e, ok := errors.AsType[*Error](err)
				if !ok || !errors.Is(err, ErrThrottled) || e.RetryAfter != 12*time.Second || time.Since(start) != 0 {
					t.Errorf("err = %+v after %v, want %v at once, with 12 s to wait",
						err, time.Since(start), ErrThrottled)
				}
				if !e.Temporary() || e.Refused() {
					t.Errorf("refused %t, temporary %t, want false, true", e.Refused(), e.Temporary())
				}
			})
		})
	}
}

func TestTheContextBoundsWaitsAndAnswers(t *testing.T) {
	t.Run("a wait beyond the deadline is not begun", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			p := &scriptedTransport{answers: []answer{{status: 503, header: map[string]string{"Retry-After": "30"}}}}
			start := time.Now()
			err := answerCall.run(ctx, transportFunc(p.do).client(t))
			e, ok := errors.AsType[*Error](err)
			if !ok || e.Status != 503 || e.RetryAfter != 30*time.Second || time.Since(start) != 0 {
				t.Errorf("err = %v after %v, want the 503 at once", err, time.Since(start))
			}
		})
	})
	t.Run("a missing answer", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			silent := transportFunc(func(req *http.Request) (*http.Response, error) {
				<-req.Context().Done()
				return nil, req.Context().Err()
			})
			start := time.Now()
			err := getCall.run(ctx, silent.client(t))
			e, ok := errors.AsType[*Error](err)
			if !ok || e.Status != 0 || !e.Temporary() || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("err = %v, want a temporary one: %v", err, context.DeadlineExceeded)
			}
			if time.Since(start) != 10*time.Second {
				t.Errorf("it took %v, want 10 s", time.Since(start))
			}
		})
	})
}

func TestRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the time is 2000-01-01 00:00:00
		tests := []struct {
			name, header, value string
			want                time.Duration
		}{
			{"seconds", "Retry-After", "3", 3 * time.Second},
			{"a date", "Retry-After", "Sat, 01 Jan 2000 00:01:00 GMT", time.Minute},
			{"a date that is past", "Retry-After", "Fri, 31 Dec 1999 00:00:00 GMT", 0},
			{"milliseconds", "retry-after-ms", "1500", 1500 * time.Millisecond},
			{"milliseconds of Azure", "x-ms-retry-after-ms", "20", 20 * time.Millisecond},
			{"a negative number", "Retry-After", "-5", 0},
			{"more than a day", "Retry-After", "9223372036854775807", 24 * time.Hour},
			{"nonsense", "Retry-After", "soon", 0},
			{"another header", "Date", "3", 0},
		}
		for _, tt := range tests {
			h := http.Header{}
			h.Set(tt.header, tt.value)
			if got := retryAfter(h); got != tt.want {
				t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
			}
		}
	})
}
