package acssim

import (
	"net"
	"net/http"
	"net/url"
	"slices"
)

// mediaStreamingOptions are the options of a stream of a call's sound.
//
// Source: MediaStreamingOptions, communicationservicescallautomation.json, stable/2026-03-12.
type mediaStreamingOptions struct {
	TransportType       string `json:"transportType"`
	TransportURL        string `json:"transportUrl"`
	AudioChannelType    string `json:"audioChannelType"`
	ContentType         string `json:"contentType"`
	StartMediaStreaming bool   `json:"startMediaStreaming"`
	EnableBidirectional bool   `json:"enableBidirectional"`
	AudioFormat         string `json:"audioFormat"`
	EnableDTMFTones     bool   `json:"enableDtmfTones"`
}

func (o *mediaStreamingOptions) check() error {
	if o == nil {
		return nil
	}
	fits := o.TransportType == "websocket" && isWebSocket(o.TransportURL) &&
		slices.Contains([]string{"mixed", "unmixed"}, o.AudioChannelType) &&
		slices.Contains([]string{"", "audio"}, o.ContentType) &&
		slices.Contains([]string{"", "pcm16KMono", "pcm24KMono"}, o.AudioFormat)
	if !fits {
		return refuse(http.StatusBadRequest, codeInvalidArgument, "the field mediaStreamingOptions is invalid")
	}
	return nil
}

// transcriptionOptions are the options of a stream of a call's words.
//
// Source: TranscriptionOptions, communicationservicescallautomation.json, stable/2026-03-12.
type transcriptionOptions struct {
	TransportType             string `json:"transportType"`
	TransportURL              string `json:"transportUrl"`
	Locale                    string `json:"locale"`
	SpeechModelEndpointID     string `json:"speechModelEndpointId"`
	StartTranscription        bool   `json:"startTranscription"`
	EnableIntermediateResults bool   `json:"enableIntermediateResults"`
}

func (o *transcriptionOptions) check() error {
	if o == nil || o.TransportType == "websocket" && isWebSocket(o.TransportURL) && o.Locale != "" {
		return nil
	}
	return refuse(http.StatusBadRequest, codeInvalidArgument, "the field transcriptionOptions is invalid")
}

// isWebSocket reports whether text is a URL of scheme wss, which the service accepts,
// or ws on loopback, for development.
func isWebSocket(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	loopback := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	return u.Scheme == "wss" || u.Scheme == "ws" && loopback
}

// subscriptionState is a stream in the REST API.
//
// Source: MediaStreamingSubscription and TranscriptionSubscription,
// communicationservicescallautomation.json, stable/2026-03-12.
type subscriptionState struct {
	ID                     string   `json:"id"`
	State                  string   `json:"state"`
	SubscribedContentTypes []string `json:"subscribedContentTypes,omitempty"`
	SubscribedResultTypes  []string `json:"subscribedResultTypes,omitempty"`
	Locale                 string   `json:"locale,omitempty"`
}

// streamRequest is the body of requests for a stream.
type streamRequest struct {
	operationOptions
	Locale                string `json:"locale"`
	SpeechModelEndpointID string `json:"speechModelEndpointId"`
}

// stream returns the stream of a request. It refuses the request if the stream is not
// in the state that running names.
func (s *Server) stream(q *request, of func(*call) *stream, running bool) (*stream, streamRequest, error) {
	var body streamRequest
	if err := q.decode(&body); err != nil {
		return nil, body, err
	}
	c, err := s.established(q.id)
	if err != nil {
		return nil, body, err
	}
	st := of(c)
	if st == nil {
		return nil, body, refuse(http.StatusBadRequest, codeInvalidArgument, "the call was created, answered or connected to without the options")
	}
	if body.OperationCallbackURI, err = c.operationCallback(body.OperationCallbackURI); err != nil {
		return nil, body, err
	}
	switch {
	case !running && st.running():
		return nil, body, refuse(http.StatusConflict, codeConflict, "it has been started")
	case running && !st.active:
		return nil, body, refuse(http.StatusBadRequest, codeWrongState, "it does not run")
	}
	return st, body, nil
}

func transcriptionOf(c *call) *stream { return c.transcription }
func streamingOf(c *call) *stream     { return c.streaming }

func (s *Server) startTranscription(q *request) (reply, error) {
	return s.startStream(q, transcriptionOf)
}

func (s *Server) startMediaStreaming(q *request) (reply, error) { return s.startStream(q, streamingOf) }

func (s *Server) stopTranscription(q *request) (reply, error) {
	return s.stopStream(q, transcriptionOf)
}

func (s *Server) stopMediaStreaming(q *request) (reply, error) { return s.stopStream(q, streamingOf) }

func (s *Server) startStream(q *request, of func(*call) *stream) (reply, error) {
	st, body, err := s.stream(q, of, false)
	if err != nil {
		return reply{}, err
	}
	if body.Locale != "" {
		st.locale = body.Locale
	}
	st.start(body.operationOptions)
	return reply{status: http.StatusAccepted}, nil
}

func (s *Server) stopStream(q *request, of func(*call) *stream) (reply, error) {
	st, body, err := s.stream(q, of, true)
	if err != nil {
		return reply{}, err
	}
	st.close()
	st.report(body.operationOptions, "Stopped", "subscriptionStopped", done)
	return reply{status: http.StatusAccepted}, nil
}

func (s *Server) updateTranscription(q *request) (reply, error) {
	st, body, err := s.stream(q, transcriptionOf, true)
	if err != nil {
		return reply{}, err
	}
	if body.Locale != "" {
		st.locale = body.Locale
	}
	st.send(st.metadata())
	st.report(body.operationOptions, "Updated", "transcriptionLocaleUpdated", done)
	return reply{status: http.StatusAccepted}, nil
}
