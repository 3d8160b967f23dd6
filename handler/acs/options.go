package acs

import "slices"

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

// zeroOr reports whether i is nobody or of the given kind.
func zeroOr(i Identifier, kind IdentifierKind) bool {
	return i.IsZero() || i.Kind == kind
}

func anyZero(ids []Identifier) bool {
	return slices.ContainsFunc(ids, Identifier.IsZero)
}
