package acs

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
)

// refuse returns the error why if wrong is true, otherwise nil.
func refuse(wrong bool, why string) error {
	if wrong {
		return errors.New(why)
	}
	return nil
}

// checkCallback refuses an address to which events cannot be sent. The service
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

// checkOptional checks as checkCallback does, but accepts an empty address.
func checkOptional(name, uri string) error {
	if uri == "" {
		return nil
	}
	return checkCallback(name, uri)
}

// checkRange refuses a value outside low to high; it accepts nil.
func checkRange[T int32 | int64](name string, value *T, low, high T) error {
	if value != nil && (*value < low || *value > high) {
		return fmt.Errorf("%s is not between %d and %d", name, low, high)
	}
	return nil
}

// checkKind refuses an identifier of another kind; it accepts the zero one.
func checkKind(name string, i Identifier, kind IdentifierKind, what string) error {
	return refuse(!i.IsZero() && i.Kind != kind, name+" is not "+what)
}

// checkCallerID refuses an identifier that cannot be shown as the number of a caller.
func checkCallerID(i Identifier) error {
	return cmp.Or(
		checkKind("SourceCallerIDNumber", i, KindPhoneNumber, "a phone number"),
		refuse(i.Anonymous, "SourceCallerIDNumber is withheld"),
	)
}

// checkIdentifiers refuses an empty list, and a zero Identifier in it.
func checkIdentifiers(name string, ids []Identifier) error {
	return cmp.Or(refuse(len(ids) == 0, "no "+name), checkNoneEmpty(name, ids))
}

// checkNoneEmpty refuses a list with a zero Identifier in it.
func checkNoneEmpty(name string, ids []Identifier) error {
	return refuse(slices.ContainsFunc(ids, Identifier.IsZero), "a "+name+" is empty")
}
