package arch

import (
	"bytes"
	"cmp"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// pair is two files of a package, in alphabetical order.
type pair struct{ a, b string }

// uses holds, for each file of a pair, the unexported names that it uses and the other file declares.
type uses map[string]map[string]bool

// TestFilesOfCallAreReadableAlone limits how many files of handler/call must be read with another one: two files are
// coupled if one uses a name that the other declares and does not export. With -v it prints those names.
func TestFilesOfCallAreReadableAlone(t *testing.T) {
	const pkg = "handler/call"
	fset := token.NewFileSet()
	var files []*ast.File
	for _, f := range product(t) {
		if f.pkg != pkg {
			continue
		}
		syntax, err := parser.ParseFile(fset, filepath.Join(root, f.name), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, syntax)
	}
	pairs := coupledPairs(t, fset, files, exportData(t, fset, pkg))
	possible := len(files) * (len(files) - 1) / 2
	t.Logf("%s: %d of %d pairs of files are coupled", pkg, len(pairs), possible)
	for _, p := range slices.SortedFunc(maps.Keys(pairs), func(p, q pair) int {
		return cmp.Or(cmp.Compare(p.a, q.a), cmp.Compare(p.b, q.b))
	}) {
		t.Logf("%s and %s", p.a, p.b)
		for _, user := range slices.Sorted(maps.Keys(pairs[p])) {
			t.Logf("    %s uses %s", user, strings.Join(slices.Sorted(maps.Keys(pairs[p][user])), ", "))
		}
	}
	if 2*len(pairs) >= possible {
		t.Errorf("%s: %d of %d pairs of files are coupled, want less than half", pkg, len(pairs), possible)
	}
}

// coupledPairs returns the pairs of files of which at least one uses an unexported name that the other declares: a
// name at the top of the file, a method, or a field.
func coupledPairs(t *testing.T, fset *token.FileSet, files []*ast.File, imports types.Importer) map[pair]uses {
	t.Helper()
	info := types.Info{Uses: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: imports}
	pkg, err := config.Check("checked", fset, files, &info)
	if err != nil {
		t.Fatal(err)
	}
	fileOf := func(pos token.Pos) string { return filepath.Base(fset.Position(pos).Filename) }
	pairs := map[pair]uses{}
	for ident, object := range info.Uses {
		user, declarer := fileOf(ident.Pos()), fileOf(object.Pos())
		if object.Pkg() != pkg || object.Exported() || user == declarer || !visibleInPackage(object) {
			continue
		}
		p := pair{min(user, declarer), max(user, declarer)}
		if pairs[p] == nil {
			pairs[p] = uses{}
		}
		if pairs[p][user] == nil {
			pairs[p][user] = map[string]bool{}
		}
		pairs[p][user][qualified(object)] = true
	}
	return pairs
}

// visibleInPackage reports whether every file of the package can use the object, which is not so of local variables.
func visibleInPackage(object types.Object) bool {
	switch o := object.(type) {
	case *types.Var:
		return o.IsField() || o.Parent() == o.Pkg().Scope()
	case *types.Func:
		return true
	default:
		return o.Parent() == o.Pkg().Scope()
	}
}

// qualified returns the object's name, that of a method with its receiver's type, that of a field with a dot.
func qualified(object types.Object) string {
	switch o := object.(type) {
	case *types.Func:
		if recv := o.Signature().Recv(); recv != nil {
			return types.TypeString(recv.Type(), func(*types.Package) string { return "" }) + "." + o.Name()
		}
	case *types.Var:
		if o.IsField() {
			return "." + o.Name()
		}
	}
	return object.Name()
}

// exportData returns an importer for the imports of pkg that reads the compiler's export data. Type-checking the
// standard library from its source would take several times as long.
func exportData(t *testing.T, fset *token.FileSet, pkg string) types.Importer {
	t.Helper()
	list := exec.Command("go", "list", "-export", "-deps", "-f", "{{.ImportPath}}\t{{.Export}}", "./"+pkg)
	list.Dir = root
	var stderr bytes.Buffer
	list.Stderr = &stderr
	out, err := list.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", list, err, &stderr)
	}
	files := map[string]string{}
	for line := range strings.Lines(string(out)) {
		imported, file, _ := strings.Cut(strings.TrimSpace(line), "\t")
		files[imported] = file
	}
	return importer.ForCompiler(fset, "gc", func(imported string) (io.ReadCloser, error) {
		if files[imported] == "" {
			return nil, fmt.Errorf("no export data of %s", imported)
		}
		return os.Open(files[imported])
	})
}

func TestCoupledPairsAreFound(t *testing.T) {
	tests := []struct{ name, declares, uses, want string }{
		{
			"a variable of the package",
			`package p; var v = 1`,
			`package p; var W = v`, "v",
		},
		{
			"a method",
			`package p; type T struct{}; func (T) m() {}`,
			`package p; func Use(t T) { t.m() }`, "T.m",
		},
		{
			"a field, through a literal",
			`package p; type T struct{ f int }`,
			`package p; var W = T{f: 1}`, ".f",
		},
		{
			"a field of a generic type",
			`package p; type T[A any] struct{ f A }`,
			`package p; func Use(t T[int]) int { return t.f }`, ".f",
		},
		{
			"exported names do not count",
			`package p; type T struct{ F int }; var V T`,
			`package p; func Use(v T) { _, _ = v.F, V }`, "",
		},
		{
			"names within a function do not count",
			`package p; func F() func() { f := func() {}; return f }`,
			`package p; func Use() { f := F(); f() }`, "",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fset := token.NewFileSet()
			var files []*ast.File
			for name, source := range map[string]string{"declares.go": tt.declares, "uses.go": tt.uses} {
				syntax, err := parser.ParseFile(fset, name, source, parser.SkipObjectResolution)
				if err != nil {
					t.Fatal(err)
				}
				files = append(files, syntax)
			}
			found := coupledPairs(t, fset, files, nil)[pair{"declares.go", "uses.go"}]["uses.go"]
			if got := strings.Join(slices.Sorted(maps.Keys(found)), " "); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
