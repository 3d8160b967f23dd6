// Package e2e tests the whole app with the scenarios of package scenario, in three
// tiers: fast (in virtual time and memory), full (the built handler on Azurite, under
// funcsim), and real (the same under the func that FUNC names).
package e2e
