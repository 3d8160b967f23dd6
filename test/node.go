// Package test pins the Node packages that the tests and the local app run;
// what uses them is in the folders below.
package test

import "embed"

// NodePackages holds package.json and package-lock.json, so that a program can
// install the pinned packages wherever it is run.
//
//go:embed package.json package-lock.json
var NodePackages embed.FS
