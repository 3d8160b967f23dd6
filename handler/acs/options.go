package acs

import "cmp"

// orDefault returns *options, or the zero value for nil.
func orDefault[T any](options *T) T {
	if options == nil {
		var zero T
		return zero
	}
	return *options
}

// valueOr returns *p, or def for nil.
func valueOr[T any](p *T, def T) T {
	if p == nil {
		return def
	}
	return *p
}

// operationModel holds the members that most request bodies end with.
type operationModel struct {
	OperationContext     string `json:"operationContext,omitempty"`
	OperationCallbackURI string `json:"operationCallbackUri,omitempty"`
}

func (m operationModel) check() error {
	return checkOptional("operation callback URI", m.OperationCallbackURI)
}

// targetModel is the body of the media operations that need a participant only.
type targetModel struct {
	TargetParticipant mediaIdentifier `json:"targetParticipant"`
	operationModel
}

func (m targetModel) check() error {
	return cmp.Or(refuse(Identifier(m.TargetParticipant).IsZero(), "no target participant"), m.operationModel.check())
}
