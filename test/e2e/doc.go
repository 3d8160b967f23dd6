// Package e2e tests the whole exchange with the stories of package scenario, in
// three tiers: fast (in virtual time and memory), full (the built program on
// Azurite, under funcsim), and real (the same under the func that FUNC names).
package e2e
