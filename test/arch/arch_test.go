// Package arch checks the structure of the repository: which package may import which, which packages are pure, how
// large functions are, how many files must be read together, and that the words of the glossary are used.
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

// root is the repository's root, seen from here.
const root = "../.."

// functions are the packages of the functions, by their folders at the top.
var functions = []string{"api", "callbacks", "deadline", "incomingcall", "outbound", "recording", "sweep"}

// leaves are packages that know nothing of the product; every package may use them.
var leaves = []string{"handler/backoff", "handler/digest", "handler/keylock", "handler/problem", "handler/storageerror"}

// mayImport says which of our packages each package may import, besides the leaves. Tests of a package may import
// more: what stands in for its surroundings.
var mayImport = map[string][]string{
	"handler":     {"handler/app", "handler/config", "handler/invoke", "handler/acs", "handler/archive", "handler/auth", "handler/catalog", "handler/queue", "handler/table"},
	"handler/app": {"handler/*", "handler/acs/*", "handler/call/*", "*"},

	"handler/engine":  {"handler/call", "handler/call/outbox", "handler/flow", "handler/store", "handler/table"},
	"handler/gateway": {"handler/call", "handler/call/outbox", "handler/flow", "handler/acs"},
	"handler/dialler": {
		"handler/engine", "handler/campaign", "handler/call", "handler/call/outbox", "handler/flow", "handler/store",
		"handler/table", "handler/catalog", "handler/acs",
	},
	"handler/filer": {
		"handler/engine", "handler/filing", "handler/call", "handler/call/outbox", "handler/store", "handler/table",
		"handler/archive", "handler/acs",
	},

	"handler/event":   {"handler/acs/events", "handler/acs", "handler/call", "handler/call/outbox"},
	"handler/store":   {"handler/table", "handler/call", "handler/campaign", "handler/filing"},
	"handler/catalog": {"handler/flow"},

	"handler/campaign":    {"handler/call", "handler/flow"},
	"handler/call":        {"handler/call/outbox", "handler/flow"},
	"handler/call/outbox": {"handler/flow"},
	"handler/filing":      {},
	"handler/flow":        {},

	"handler/acs":        {},
	"handler/acs/events": {"handler/acs"},
	"handler/archive":    {},
	"handler/auth":       {},
	"handler/config":     {"handler/acs"},
	"handler/invoke":     {},
	"handler/queue":      {},
	"handler/table":      {},

	"handler/backoff":      {},
	"handler/digest":       {},
	"handler/keylock":      {},
	"handler/problem":      {},
	"handler/storageerror": {},

	// The contracts of a table and of an archive, as suites: for tests alone.
	"handler/table/tabletest":     {"handler/table"},
	"handler/archive/archivetest": {"handler/archive"},
	"handler/faulttest":           {},
}

// forTests are packages that only tests import.
var forTests = []string{"handler/table/tabletest", "handler/archive/archivetest", "handler/faulttest"}

// onFunctions is what every function may import; never another function.
var onFunctions = []string{
	"handler/invoke", "handler/event", "handler/engine", "handler/dialler", "handler/filer", "handler/catalog",
	"handler/store", "handler/table", "handler/auth", "handler/acs",
	"handler/call", "handler/call/outbox", "handler/campaign", "handler/filing", "handler/flow",
}

// pure are the packages without context, I/O, clock, randomness or logger.
var pure = []string{
	"handler/call", "handler/call/outbox", "handler/campaign", "handler/filing", "handler/flow", "handler/backoff",
	"handler/digest", "handler/problem",
}

// pureImports are the packages outside the product that a pure package may import.
var pureImports = []string{
	"bytes", "cmp", "crypto/sha256", "encoding/base32", "encoding/binary", "encoding/hex", "encoding/json", "errors",
	"fmt", "maps", "net/url", "reflect", "regexp", "slices", "strconv", "strings", "time", "unicode/utf8",
}

// only says which packages alone may import a library.
var only = map[string][]string{
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity":      {"handler"},
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables":   {"handler/table"},
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob":  {"handler/catalog", "handler/archive", "handler"},
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue": {"handler/queue", "handler"},
	"github.com/golang-jwt/jwt":                             {"handler/auth"},
	"github.com/MicahParks":                                 {"handler/auth"},
}

// file is one Go file of the product.
type file struct {
	pkg     string // folder, from the module's root
	name    string
	imports []string
	syntax  *ast.File
}

// product reads every Go file of the product but tests and stand-ins.
func product(t *testing.T) []file {
	t.Helper()
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
			f := file{pkg: path.Dir(filepath.ToSlash(rel)), name: filepath.ToSlash(rel), syntax: syntax}
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

func TestPackagesImportOnlyWhatTheyMay(t *testing.T) {
	for _, f := range product(t) {
		allowed, ok := mayImport[f.pkg]
		if slices.Contains(functions, f.pkg) {
			allowed, ok = onFunctions, true
		}
		if !ok {
			t.Errorf("%s: the package %s has no entry in mayImport", f.name, f.pkg)
			continue
		}
		for _, imported := range f.imports {
			ours, ok := strings.CutPrefix(imported, module)
			if !ok || slices.Contains(leaves, ours) {
				continue
			}
			if strings.HasPrefix(ours, "test/") || slices.Contains(forTests, ours) && !slices.Contains(forTests, f.pkg) {
				t.Errorf("%s imports %s, which is for tests", f.name, ours)
				continue
			}
			if !slices.ContainsFunc(allowed, func(pattern string) bool {
				match, _ := path.Match(pattern, ours)
				return match
			}) && !(slices.Contains(forTests, f.pkg) && slices.Contains(forTests, ours)) {
				t.Errorf("%s imports %s", f.name, ours)
			}
		}
	}
}

func TestEveryEntryIsAPackage(t *testing.T) {
	there := map[string]bool{}
	for _, f := range product(t) {
		there[f.pkg] = true
	}
	for pkg := range mayImport {
		if !there[pkg] {
			t.Errorf("mayImport names %s, which is no package", pkg)
		}
	}
}

func TestLibrariesStayInTheirPackages(t *testing.T) {
	for _, f := range product(t) {
		for _, imported := range f.imports {
			for library, pkgs := range only {
				if strings.HasPrefix(imported, library) && !slices.Contains(pkgs, f.pkg) {
					t.Errorf("%s imports %s, which is for %v", f.name, imported, pkgs)
				}
			}
		}
	}
}

func TestAzureClientsAreOpenedInOneFile(t *testing.T) {
	for _, f := range product(t) {
		for _, imported := range f.imports {
			if f.pkg == "handler" && f.name != "handler/azure.go" && strings.HasPrefix(imported, "github.com/Azure/") {
				t.Errorf("%s imports %s, which is for handler/azure.go", f.name, imported)
			}
		}
	}
}

func TestPurePackagesHaveNoAccessToTheirSurroundings(t *testing.T) {
	for _, f := range product(t) {
		if !slices.Contains(pure, f.pkg) {
			continue
		}
		for _, imported := range f.imports {
			ours, ok := strings.CutPrefix(imported, module)
			if ok && !slices.Contains(pure, ours) || !ok && !slices.Contains(pureImports, imported) {
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
					t.Errorf("%s uses time.%s: time is an argument", f.name, sel.Sel.Name)
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
