package acs

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
)

// refuse is the error why if wrong, otherwise nil.
func refuse(wrong bool, why string) error {
	if wrong {
		return errors.New(why)
	}
	return nil
}

// checkCallback refuses an address that events cannot be sent to. The service
// wants https; http on loopback is for simulators.
func checkCallback(name, uri string) error {
	u, err := url.Parse(uri)
	switch {
	case uri == "":
		return fmt.Errorf("no %s", name)
	case err != nil || u.Host == "" || !secure(u):
		return fmt.Errorf("the %s is not an absolute https URL", name)
	}
	return nil
}

// checkOptional is checkCallback for an address that may be left out.
func checkOptional(name, uri string) error {
	if uri == "" {
		return nil
	}
	return checkCallback(name, uri)
}

// checkRange refuses a value that is given and not between low and high.
func checkRange[T int32 | int64](name string, value *T, low, high T) error {
	if value != nil && (*value < low || *value > high) {
		return fmt.Errorf("%s is not between %d and %d", name, low, high)
	}
	return nil
}

// checkKind refuses somebody of another kind; nobody will do.
func checkKind(name string, i Identifier, kind IdentifierKind, what string) error {
	return refuse(!i.IsZero() && i.Kind != kind, name+" is not "+what)
}

// checkCallerID refuses what cannot be shown as the number of a caller.
func checkCallerID(i Identifier) error {
	return cmp.Or(
		checkKind("SourceCallerIDNumber", i, KindPhoneNumber, "a phone number"),
		refuse(i.Anonymous, "SourceCallerIDNumber is withheld"),
	)
}

// checkEverybody refuses an empty list, and nobody in it.
func checkEverybody(name string, ids []Identifier) error {
	return cmp.Or(refuse(len(ids) == 0, "no "+name), checkNobody(name, ids))
}

// checkNobody refuses nobody in a list.
func checkNobody(name string, ids []Identifier) error {
	return refuse(slices.ContainsFunc(ids, Identifier.IsZero), "a "+name+" is nobody")
}
