// Package arch checks who may import whom, and that the rooms that decide have
// no way to the world outside.
package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "switchboard/"

// functions are the rooms of the functions, by their folders at the top.
var functions = []string{"api", "callbacks", "incomingcall", "outbound", "recording", "sweep"}

// mayImport says which of our packages each room may use. Tests of a room may
// use more: what stands in for the world.
var mayImport = map[string][]string{
	"handler":          {"handler/*", "*"},
	"handler/exchange": {"handler/*", "*"},
	"handler/engine": {
		"handler/call", "handler/flow", "handler/campaign", "handler/acs", "handler/store", "handler/archive",
		"handler/catalog",
	},
	"handler/event":    {"handler/call", "handler/flow", "handler/acs"},
	"handler/store":    {"handler/call", "handler/flow", "handler/campaign"},
	"handler/campaign": {"handler/call", "handler/flow"},
	"handler/archive":  {},
	"handler/catalog":  {"handler/call", "handler/flow"},
	"handler/call":     {"handler/flow"},
	"handler/flow":     {},
	"handler/acs":      {},
	"handler/auth":     {},
	"handler/config":   {},
	"handler/invoke":   {},
	// The contract of a table, as a suite: for tests alone.
	"handler/store/storetest": {"handler/store"},
	// The contract of an archive, likewise.
	"handler/archive/archivetest": {"handler/archive"},
}

// onFunctions is what every function may use; never another function.
var onFunctions = []string{
	"handler/invoke", "handler/event", "handler/engine", "handler/call", "handler/flow", "handler/catalog",
	"handler/campaign", "handler/store", "handler/archive", "handler/auth", "handler/acs",
}

// pure are the rooms without context, I/O, clock, randomness or logger.
var pure = []string{"handler/call", "handler/campaign", "handler/flow"}

// pureImports are what a pure room may use of the world.
var pureImports = []string{
	"bytes", "cmp", "crypto/sha256", "encoding/base32", "encoding/binary", "encoding/hex", "encoding/json", "errors",
	"fmt", "maps", "net/url", "reflect", "slices", "strconv", "strings", "time", "unicode/utf8",
}

// only says which rooms alone may use a library, because only they know what it
// is about.
var only = map[string][]string{
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables":                      {"handler/store"},
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob":                     {"handler/catalog", "handler/archive", "handler"},
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue":                    {"handler/archive", "handler"},
	"github.com/Azure/azure-sdk-for-go/sdk/messaging/eventgrid/azsystemevents": {"handler/event"},
	"github.com/golang-jwt/jwt":                                                {"handler/auth"},
	"github.com/MicahParks":                                                    {"handler/auth"},
}

// file is one file of the product.
type file struct {
	room    string // folder, from the module's root
	name    string
	imports []string
	syntax  *ast.File
}

// product reads every file of the product but tests and stand-ins.
func product(t *testing.T) []file {
	t.Helper()
	const root = "../.."
	var files []file
	for _, top := range append([]string{"handler"}, functions...) {
		err := filepath.WalkDir(filepath.Join(root, top), func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
				return err
			}
			syntax, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(root, name)
			if err != nil {
				return err
			}
			f := file{room: path.Dir(filepath.ToSlash(rel)), name: filepath.ToSlash(rel), syntax: syntax}
			for _, spec := range syntax.Imports {
				imported, err := strconv.Unquote(spec.Path.Value)
				if err != nil {
					return err
				}
				f.imports = append(f.imports, imported)
			}
			files = append(files, f)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(files) == 0 {
		t.Fatal("no file was read")
	}
	return files
}

func TestEveryRoomImportsOnlyWhatItMay(t *testing.T) {
	for _, f := range product(t) {
		allowed, ok := mayImport[f.room]
		if slices.Contains(functions, f.room) {
			allowed, ok = onFunctions, true
		}
		if !ok {
			t.Errorf("%s: the room %s is not in the map of the house", f.name, f.room)
			continue
		}
		for _, imported := range f.imports {
			ours, ok := strings.CutPrefix(imported, module)
			if !ok {
				continue
			}
			if strings.HasPrefix(ours, "test/") || ours == "handler/store/storetest" || ours == "handler/archive/archivetest" {
				t.Errorf("%s imports %s: the product does not know its tests", f.name, ours)
				continue
			}
			if !slices.ContainsFunc(allowed, func(pattern string) bool {
				match, _ := path.Match(pattern, ours)
				return match
			}) {
				t.Errorf("%s imports %s", f.name, ours)
			}
		}
	}
}

func TestLibrariesStayInTheirRooms(t *testing.T) {
	for _, f := range product(t) {
		for _, imported := range f.imports {
			for library, rooms := range only {
				if strings.HasPrefix(imported, library) && !slices.Contains(rooms, f.room) {
					t.Errorf("%s imports %s, which is for %v", f.name, imported, rooms)
				}
			}
		}
	}
}

func TestPureRoomsHaveNoWayOut(t *testing.T) {
	for _, f := range product(t) {
		if !slices.Contains(pure, f.room) {
			continue
		}
		for _, imported := range f.imports {
			if !strings.HasPrefix(imported, module) && !slices.Contains(pureImports, imported) {
				t.Errorf("%s imports %s", f.name, imported)
			}
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if pkg, ok := sel.X.(*ast.Ident); ok && pkg.Name == "time" {
				switch sel.Sel.Name {
				case "Now", "Since", "Until", "Sleep", "After", "NewTimer", "NewTicker", "Tick", "AfterFunc":
					t.Errorf("%s uses time.%s: time comes in as a value", f.name, sel.Sel.Name)
				}
			}
			return true
		})
	}
}

func TestOnlyConfigReadsTheEnvironment(t *testing.T) {
	for _, f := range product(t) {
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			pkg, ok := sel.X.(*ast.Ident)
			if ok && pkg.Name == "os" && (sel.Sel.Name == "Getenv" || sel.Sel.Name == "LookupEnv" || sel.Sel.Name == "Environ") &&
				f.name != "handler/main.go" {
				t.Errorf("%s reads the environment", f.name)
			}
			return true
		})
	}
}
