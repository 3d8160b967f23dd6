package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"time"
)

// prices are what a file of prices holds.
type prices struct {
	Date     string `json:"date"` // of the prices, as in 2026-10-05
	Region   string `json:"region"`
	Currency string `json:"currency"`
	Prices   struct {
		OnDemandTime            price `json:"onDemandTime"`
		OnDemandExecutions      price `json:"onDemandExecutions"`
		OnDemandTimeGrant       grant `json:"onDemandTimeGrant"`
		OnDemandExecutionsGrant grant `json:"onDemandExecutionsGrant"`
		AlwaysReadyBaseline     price `json:"alwaysReadyBaseline"`
		AlwaysReadyTime         price `json:"alwaysReadyTime"`
		AlwaysReadyExecutions   price `json:"alwaysReadyExecutions"`
		TableOperations         price `json:"tableOperations"`
		QueueOperations         price `json:"queueOperations"`
		BlobReads               price `json:"blobReads"`
		BlobWrites              price `json:"blobWrites"`
		BlobOthers              price `json:"blobOthers"`
	} `json:"prices"`
}

// price is the price of so many units.
type price struct {
	Price float64 `json:"price"`
	Per   float64 `json:"per"`
	origin
}

// of returns what an amount costs.
func (p price) of(amount float64) float64 { return amount / p.Per * p.Price }

// grant is an amount that is free.
type grant struct {
	Amount float64 `json:"amount"`
	origin
}

// origin says of a price or a grant what it is for and where it is from.
type origin struct {
	Unit   string `json:"unit"`
	Source string `json:"source"`
	// Documented says that Microsoft's documentation has it; others are quoted from elsewhere.
	Documented *bool `json:"documented"`
}

//go:embed prices.json
var defaultPrices []byte

// parsePrices reads a file of prices. It fails unless the file has every price, with its
// source, and nothing else.
func parsePrices(content []byte) (prices, error) {
	var p prices
	if err := decodeStrictly(content, &p); err != nil {
		return prices{}, err
	}
	var faults []error
	if _, err := time.Parse(time.DateOnly, p.Date); err != nil {
		faults = append(faults, fmt.Errorf("date: %q is not one as in 2026-10-05", p.Date))
	}
	if p.Region == "" || p.Currency == "" {
		faults = append(faults, errors.New("region and currency are required"))
	}
	for name, member := range p.members() {
		var from origin
		switch m := member.(type) {
		case price:
			from = m.origin
			if m.Price <= 0 || m.Per <= 0 {
				faults = append(faults, fmt.Errorf("%s: %g for %g is not a price", name, m.Price, m.Per))
			}
		case grant:
			from = m.origin
			if m.Amount <= 0 {
				faults = append(faults, fmt.Errorf("%s: %g is not an amount", name, m.Amount))
			}
		}
		if from.Unit == "" || from.Source == "" || from.Documented == nil {
			faults = append(faults, fmt.Errorf("%s: unit, source and documented are required", name))
		}
	}
	return p, errors.Join(faults...)
}

// members yields the prices and grants by their names in the file.
func (p prices) members() func(yield func(string, any) bool) {
	return func(yield func(string, any) bool) {
		v := reflect.ValueOf(p.Prices)
		for i := range v.NumField() {
			if !yield(v.Type().Field(i).Tag.Get("json"), v.Field(i).Interface()) {
				return
			}
		}
	}
}

// undocumented returns the names of the prices and grants that are quoted from elsewhere
// than Microsoft's documentation.
func (p prices) undocumented() []string {
	var names []string
	for name, member := range p.members() {
		from := origin{}
		switch m := member.(type) {
		case price:
			from = m.origin
		case grant:
			from = m.origin
		}
		if !*from.Documented {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// decodeStrictly decodes one JSON document, all of whose members v has.
func decodeStrictly(content []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(content))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the document")
	}
	return nil
}
