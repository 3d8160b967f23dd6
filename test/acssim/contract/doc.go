// Package contract holds the product's client against the simulator and the
// simulator's events against the product's parser. It has tests only, and they
// use of both sides what everybody can use.
package contract
