package acs

import (
	"errors"

	"github.com/nyaruka/phonenumbers"
)

// ParsePhoneNumber reads a telephone number as people write it, such as
// "(425) 555-0123", into a PhoneNumber in E.164. The region is the one from which
// it would be dialled ("US"); it may be empty for numbers that begin with "+". It
// fails on what cannot be a number by its length; whether the number is in use,
// only calling it can tell. The error does not repeat the number.
func ParsePhoneNumber(text, region string) (Identifier, error) {
	n, err := phonenumbers.Parse(text, region)
	if err != nil || !phonenumbers.IsPossibleNumber(n) {
		return Identifier{}, errors.New("acs: not a telephone number")
	}
	return PhoneNumber(phonenumbers.Format(n, phonenumbers.E164)), nil
}
