package acs

import "cmp"

// orDefault is what options say, or their zero value for nil.
func orDefault[T any](options *T) T {
	if options == nil {
		var zero T
		return zero
	}
	return *options
}

// valueOr is what p points to, or def for nil.
func valueOr[T any](p *T, def T) T {
	if p == nil {
		return def
	}
	return *p
}

// operationModel is the end of most request bodies.
type operationModel struct {
	OperationContext     string `json:"operationContext,omitempty"`
	OperationCallbackURI string `json:"operationCallbackUri,omitempty"`
}

func (m operationModel) check() error {
	return checkOptional("operation callback URI", m.OperationCallbackURI)
}

// targetModel is the body of media operations that need nothing but a participant.
type targetModel struct {
	TargetParticipant mediaIdentifier `json:"targetParticipant"`
	operationModel
}

func (m targetModel) check() error {
	return cmp.Or(refuse(Identifier(m.TargetParticipant).IsZero(), "no target participant"), m.operationModel.check())
}
