package acs

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestWrongRequestsAreNotSent(t *testing.T) {
	everyone := []Identifier{phone}
	create := func(targets []Identifier, uri string, o *CreateCallOptions) func(context.Context, *Client) error {
		return func(ctx context.Context, c *Client) error {
			_, err := c.CreateCall(ctx, targets, uri, o)
			return err
		}
	}
	tests := []do{
		{"a call to nobody", create(nil, callback, nil)},
		{"a call to somebody and nobody", create([]Identifier{phone, {}}, callback, nil)},
		{"a call without a callback", create(everyone, "", nil)},
		{"a call from a number that is a user", create(everyone, callback, &CreateCallOptions{SourceCallerIDNumber: agent})},
		{"a call from a resource account that is a number", create(everyone, callback, &CreateCallOptions{TeamsAppSource: phone})},
		{"a call from a user who is a number", create(everyone, callback, &CreateCallOptions{Source: phone})},
		{"a request id without its time", create(everyone, callback, &CreateCallOptions{Repeatability: Repeatability{RequestID: pair.RequestID}})},
		{"a first time without its id", create(everyone, callback, &CreateCallOptions{Repeatability: Repeatability{FirstSent: time.Now()}})},
		{"an answer without a context", func(ctx context.Context, c *Client) error {
			_, err := c.AnswerCall(ctx, "", callback, nil)
			return err
		}},
		{"an answer without a callback", func(ctx context.Context, c *Client) error {
			_, err := c.AnswerCall(ctx, offer, "", nil)
			return err
		}},
		{"an answer by a number", func(ctx context.Context, c *Client) error {
			_, err := c.AnswerCall(ctx, offer, callback, &AnswerCallOptions{AnsweredBy: phone})
			return err
		}},
		{"a rejection without a context", func(ctx context.Context, c *Client) error {
			_, err := c.RejectCall(ctx, "", nil)
			return err
		}},
		{"a look at no call", func(ctx context.Context, c *Client) error {
			_, err := c.GetCall(ctx, "", nil)
			return err
		}},
		{"the participants of no call", func(ctx context.Context, c *Client) error {
			_, err := c.NewGetParticipantsPager("", nil).NextPage(ctx)
			return err
		}},
		{"nobody added", func(ctx context.Context, c *Client) error {
			_, err := c.AddParticipant(ctx, conn, Identifier{}, nil)
			return err
		}},
		{"somebody added from a number that is a user", func(ctx context.Context, c *Client) error {
			_, err := c.AddParticipant(ctx, conn, phone, &AddParticipantOptions{SourceCallerIDNumber: agent})
			return err
		}},
		{"no invitation withdrawn", func(ctx context.Context, c *Client) error {
			_, err := c.CancelAddParticipant(ctx, conn, "", nil)
			return err
		}},
		{"nobody removed", func(ctx context.Context, c *Client) error {
			_, err := c.RemoveParticipant(ctx, conn, Identifier{}, nil)
			return err
		}},
		{"nothing played", func(ctx context.Context, c *Client) error {
			_, err := c.Play(ctx, conn, nil, nil)
			return err
		}},
		{"a source that is nothing", func(ctx context.Context, c *Client) error {
			_, err := c.Play(ctx, conn, []PlaySource{{}}, nil)
			return err
		}},
		{"something played to nobody", func(ctx context.Context, c *Client) error {
			_, err := c.Play(ctx, conn, []PlaySource{PlayFile("https://x/y.wav")}, &PlayOptions{PlayTo: []Identifier{{}}})
			return err
		}},
		{"nobody listened to", func(ctx context.Context, c *Client) error {
			_, err := c.Recognize(ctx, conn, Identifier{}, InputDTMF, nil)
			return err
		}},
		{"somebody listened to for nothing", func(ctx context.Context, c *Client) error {
			_, err := c.Recognize(ctx, conn, phone, "", nil)
			return err
		}},
		{"no choices to choose from", func(ctx context.Context, c *Client) error {
			_, err := c.Recognize(ctx, conn, phone, InputChoices, nil)
			return err
		}},
		{"a prompt that is two things", func(ctx context.Context, c *Client) error {
			_, err := c.Recognize(ctx, conn, phone, InputDTMF, &RecognizeOptions{
				PlayPrompt: &PlaySource{File: &FileSource{URI: "https://x/y.wav"}, Text: &TextSource{Text: "x"}},
			})
			return err
		}},
		{"a recording of no call", func(ctx context.Context, c *Client) error {
			_, err := c.StartRecording(ctx, RecordingTarget{}, nil)
			return err
		}},
		{"a recording of a call that is named twice", func(ctx context.Context, c *Client) error {
			_, err := c.StartRecording(ctx, RecordingTarget{conn, &CallLocator{ServerCallLocator, "x"}}, nil)
			return err
		}},
		{"a recording of a call by an empty locator", func(ctx context.Context, c *Client) error {
			_, err := c.StartRecording(ctx, RecordingTarget{CallLocator: &CallLocator{Kind: RoomCallLocator}}, nil)
			return err
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rec, c := newRecorder(t, answer{status: 500})
			err := tt.run(t.Context(), c)
			e, ok := errors.AsType[*Error](err)
			if !ok || !errors.Is(err, ErrInvalidRequest) || !e.Refused() || e.Temporary() {
				t.Errorf("err = %v, want a certain ErrInvalidRequest", err)
			}
			if len(rec.requests()) != 0 {
				t.Error("it was sent")
			}
		})
	}
}

func TestClientsNeedASecureEndpointAndAKey(t *testing.T) {
	tests := []struct {
		name, endpoint, key string
		ok                  bool
	}{
		{"https", "https://contoso.communication.azure.com", testKey, true},
		{"a slash at the end", "https://contoso.communication.azure.com/", testKey, true},
		{"http on loopback", "http://127.0.0.1:8080", testKey, true},
		{"http on IPv6 loopback", "http://[::1]:8080", testKey, true},
		{"http on localhost", "http://localhost:8080", testKey, true},
		{"http elsewhere", "http://contoso.communication.azure.com", testKey, false},
		{"http on a host that only begins like loopback", "http://127.0.0.1.example.com", testKey, false},
		{"another scheme", "ftp://127.0.0.1", testKey, false},
		{"no scheme", "contoso.communication.azure.com", testKey, false},
		{"a path", "https://contoso.communication.azure.com/x", testKey, false},
		{"a query", "https://contoso.communication.azure.com?x=1", testKey, false},
		{"a user", "https://me@contoso.communication.azure.com", testKey, false},
		{"nothing", "", testKey, false},
		{"a key that is not base64", "https://contoso.communication.azure.com", "n*t base64", false},
		{"no key", "https://contoso.communication.azure.com", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := NewClientWithKey(tt.endpoint, tt.key, nil); (err == nil) != tt.ok {
				t.Errorf("err = %v", err)
			}
		})
	}
	if _, err := NewClient("https://contoso.communication.azure.com", nil, nil); err == nil {
		t.Error("a client without a credential was made")
	}
}
