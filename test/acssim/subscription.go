package acssim

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"
)

// Subscription is one Event Grid subscription to the resource's events. It delivers
// them to a webhook or puts them into a queue.
type Subscription struct {
	// Types are event types without their prefix, such as IncomingCall. Empty: all.
	Types []string
	// URL is the webhook.
	URL string
	// Queue is a storage queue, instead of a webhook.
	Queue Queue
	// CloudEvents delivers in the schema of CloudEvents 1.0 instead of Event Grid's own.
	CloudEvents bool
	// PlainText puts events into the queue as they are, instead of in base64.
	PlainText bool
	// Attempts is the most attempts of a delivery. Default 30, Event Grid's own.
	Attempts int
	// Life is the time after which a delivery expires. Default 24 h, Event Grid's own.
	Life time.Duration
}

// Queue receives messages. It may be called concurrently.
type Queue interface {
	Enqueue(ctx context.Context, text string) error
}

// StorageQueue returns a Queue that puts messages into a queue of Azure Storage.
func StorageQueue(client *azqueue.QueueClient) Queue { return storageQueue{client} }

type storageQueue struct{ client *azqueue.QueueClient }

func (q storageQueue) Enqueue(ctx context.Context, text string) error {
	_, err := q.client.EnqueueMessage(ctx, text, nil)
	return err
}

// Defaults of Event Grid.
//
// Source: learn.microsoft.com, "Event Grid message delivery and retry".
const (
	defaultGridAttempts = 30
	defaultGridLife     = 24 * time.Hour
)

// subscriber is the state of a Subscription.
type subscriber struct {
	Subscription
	s         *Server
	n         int
	validated chan struct{} // closed when the webhook has consented
	consented bool          // guarded by Server.mu
	held      *gridDelivery // waits for another event; nil: none; guarded by Server.mu
	flush     *time.Timer   // delivers held; guarded by Server.mu
}

// subscribers returns the subscribers of EventGridURL and Subscriptions.
func (s *Server) subscribers() []*subscriber {
	var list []*subscriber
	add := func(of Subscription) {
		list = append(list, &subscriber{Subscription: of, s: s, n: len(list), validated: make(chan struct{})})
	}
	if s.EventGridURL != "" {
		add(Subscription{Types: []string{"IncomingCall"}, URL: s.EventGridURL, Attempts: offerAttempts, Life: offerLife})
	}
	for _, of := range s.Subscriptions {
		add(of)
	}
	return list
}

// consent records that the webhook consents to its subscription. The caller holds s.mu.
func (g *subscriber) consent() {
	if !g.consented {
		g.consented = true
		close(g.validated)
		g.s.note(nil, "eventgrid", "the webhook is subscribed")
	}
}

// subscribe asks the webhook for its consent until it consents: the host may start
// later than the simulator.
func (g *subscriber) subscribe() {
	s := g.s
	waiting := false
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		agreed := g.handshake()
		s.mu.Lock()
		if agreed {
			g.consent()
		}
		agreed = g.consented
		s.mu.Unlock()
		if agreed {
			return
		}
		if !waiting && s.ctx.Err() == nil {
			waiting = true
			s.logf("acssim: the Event Grid webhook does not answer yet; trying again")
			s.note(nil, "eventgrid", "the webhook does not answer yet")
		}
		if !sleep(s.ctx, pause) {
			return
		}
	}
}

// handshake asks the webhook for its consent once, and reports whether it consents.
//
// Source: learn.microsoft.com, "Endpoint validation with Event Grid schema" and
// "… with CloudEvents schema".
func (g *subscriber) handshake() bool {
	s := g.s
	if g.CloudEvents {
		const origin = "eventgrid.azure.net"
		status, header, _, err := s.roundTrip(http.MethodOptions, g.URL, nil, http.Header{"Webhook-Request-Origin": {origin}})
		allowed := header.Get("WebHook-Allowed-Origin")
		return err == nil && status == http.StatusOK && (allowed == origin || allowed == "*")
	}
	code := s.id("validation", g.n)
	body := []gridEvent{{
		ID: s.id("subscription", g.n), Topic: gridTopic, EventType: "Microsoft.EventGrid.SubscriptionValidationEvent",
		EventTime: time.Now().UTC().Format(gridTime), DataVersion: "2", MetadataVersion: "1",
		Data: map[string]string{"validationCode": code, "validationUrl": s.endpoint() + "/sim/subscriptions/" + code},
	}}
	status, answer, err := s.postJSON(g.URL, body, g.header("SubscriptionValidation"))
	var consent struct {
		ValidationResponse string `json:"validationResponse"`
	}
	return err == nil && status == http.StatusOK && json.Unmarshal(answer, &consent) == nil && consent.ValidationResponse == code
}

func (g *subscriber) header(kind string) http.Header {
	return http.Header{"Aeg-Event-Type": {kind}, "Aeg-Subscription-Name": {"ACSSIM-" + strconv.Itoa(g.n)}}
}

// serveValidation serves the validationUrl, the other way to consent.
func (s *Server) serveValidation(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range s.grid {
		if r.PathValue("code") == s.id("validation", g.n) {
			g.consent()
			return
		}
	}
	problem(w, http.StatusNotFound, fmt.Errorf("there is no such subscription"))
}
