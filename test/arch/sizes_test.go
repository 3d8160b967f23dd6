package arch

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The limits of a function.
//
// Its lines are counted from func to the closing brace. Its cyclomatic complexity is 1, and 1 more for each if, for,
// range, && and ||, and each case that is not the default, with those of the function literals within. That is the
// count of gocyclo, which had its last release in 2022: 20 lines are not worth a dependency.
//
// Tables count less. Of a composite literal only the first and the last line count; a function literal in it is a
// function of its own, within the same limits. A switch on one value is a table if each case is one statement, which
// returns, assigns or calls: it counts 1 more, whatever its number of cases. Parsers are listed.
const (
	maxLines      = 60
	maxComplexity = 15
)

// parsers are the functions whose complexity is that of the language that they read, with the reason.
var parsers = map[string]string{
	"test/scenario/expect.go names.parseExpect": "one case for each form of an expect line; each form has a parser of its own",
}

// function is one function of the repository, or a function literal in a table or a variable.
type function struct {
	name              string // with its file
	lines, complexity int
}

func TestFunctionsAreSmall(t *testing.T) {
	var others, tests []function
	for _, name := range repositoryFiles(t) {
		if !strings.HasSuffix(name, ".go") {
			continue
		}
		fset := token.NewFileSet()
		syntax, err := parser.ParseFile(fset, filepath.Join(root, name), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "_test.go") {
			tests = append(tests, functionsOf(fset, syntax, name)...)
		} else {
			others = append(others, functionsOf(fset, syntax, name)...)
		}
	}
	checkSizes(t, "files of tests", tests)
	checkSizes(t, "other files", others)
	for name := range parsers {
		if !slices.ContainsFunc(others, func(f function) bool { return f.name == name && f.complexity > maxComplexity }) {
			t.Errorf("parsers names %s, which is no function above the limit", name)
		}
	}
}

// checkSizes logs the ten longest and the ten most complex functions, and reports those above the limits.
func checkSizes(t *testing.T, group string, all []function) {
	t.Helper()
	if len(all) == 0 {
		t.Fatalf("%s: no function was found", group)
	}
	t.Logf("%s: %d functions", group, len(all))
	logTen(t, group+", the longest:", all, func(f function) int { return f.lines })
	logTen(t, group+", the most complex:", all, func(f function) int { return f.complexity })
	for _, f := range all {
		if f.lines > maxLines {
			t.Errorf("%s has %d lines, want at most %d", f.name, f.lines, maxLines)
		}
		if f.complexity > maxComplexity && parsers[f.name] == "" {
			t.Errorf("%s has complexity %d, want at most %d", f.name, f.complexity, maxComplexity)
		}
	}
}

// logTen logs the ten largest functions.
func logTen(t *testing.T, title string, all []function, size func(function) int) {
	t.Log(title)
	slices.SortFunc(all, func(f, g function) int { return cmp.Or(size(g)-size(f), strings.Compare(f.name, g.name)) })
	for _, f := range all[:min(10, len(all))] {
		t.Logf("%3d lines, complexity %2d: %s", f.lines, f.complexity, f.name)
	}
}

// functionsOf measures the functions of a file.
func functionsOf(fset *token.FileSet, file *ast.File, name string) []function {
	m := measure{fset: fset}
	for _, decl := range file.Decls {
		m.name = name
		if f, ok := decl.(*ast.FuncDecl); ok {
			m.name += " " + functionName(f)
			m.add(f)
			continue
		}
		m.literals(decl)
	}
	return m.found
}

// functionName returns the name of a function, that of a method with its receiver's type.
func functionName(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return f.Name.Name
	}
	return strings.TrimPrefix(types.ExprString(f.Recv.List[0].Type), "*") + "." + f.Name.Name
}

// measure measures functions.
type measure struct {
	fset  *token.FileSet
	name  string // of what is measured
	found []function
}

// add measures a declaration or a literal of a function, and the literals in its tables.
func (m *measure) add(f ast.Node) {
	lines := m.line(f.End()) - m.line(f.Pos()) + 1
	ast.Inspect(f, func(n ast.Node) bool {
		if table, ok := n.(*ast.CompositeLit); ok {
			lines -= max(m.line(table.End())-m.line(table.Pos())-1, 0)
			m.literals(table)
			return false
		}
		return true
	})
	m.found = append(m.found, function{m.name, lines, complexity(f)})
}

// literals measures the function literals in n.
func (m *measure) literals(n ast.Node) {
	ast.Inspect(n, func(n ast.Node) bool {
		if f, ok := n.(*ast.FuncLit); ok {
			literal := measure{fset: m.fset, name: fmt.Sprintf("%s, literal in line %d", m.name, m.line(f.Pos()))}
			literal.add(f)
			m.found = append(m.found, literal.found...)
			return false
		}
		return true
	})
}

// line returns the number of a position's line.
func (m *measure) line(at token.Pos) int { return m.fset.Position(at).Line }

// complexity returns the cyclomatic complexity of a function.
func complexity(f ast.Node) int {
	n := 1
	ast.Inspect(f, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.IfStmt, *ast.ForStmt, *ast.RangeStmt:
			n++
		case *ast.BinaryExpr:
			if node.Op == token.LAND || node.Op == token.LOR {
				n++
			}
		case *ast.SwitchStmt:
			n += casesThatCount(node.Body, node.Tag != nil)
		case *ast.TypeSwitchStmt:
			n += casesThatCount(node.Body, true)
		case *ast.SelectStmt:
			n += casesThatCount(node.Body, false)
		}
		return true
	})
	return n
}

// casesThatCount returns the number of cases of a switch or select without its default; 1 for a table, which can only
// be a switch on one value.
func casesThatCount(body *ast.BlockStmt, onValue bool) int {
	n, table := 0, onValue
	for _, clause := range body.List {
		switch c := clause.(type) {
		case *ast.CaseClause:
			if c.List != nil {
				n++
			}
			table = table && len(c.Body) == 1 && isPlain(c.Body[0])
		case *ast.CommClause:
			if c.Comm != nil {
				n++
			}
		}
	}
	if table {
		return min(n, 1)
	}
	return n
}

// isPlain reports whether a statement returns, assigns or calls.
func isPlain(s ast.Stmt) bool {
	switch s.(type) {
	case *ast.ReturnStmt, *ast.AssignStmt, *ast.ExprStmt:
		return true
	}
	return false
}

func TestSizesAreMeasured(t *testing.T) {
	tests := []struct {
		name, source string
		want         []function
	}{
		{"a function in one line", `func f() {}`, []function{{"f", 1, 1}}},
		{"branches", `func (t *T) f() {
			if a && b || c {
			}
			for {
			}
			for range 3 {
			}
		}`, []function{{"T.f", 8, 6}}},
		{"the complexity of a function literal is that of its holder", `func f() {
			go func() {
				if a {
				}
			}()
		}`, []function{{"f", 6, 2}}},
		{"a default is no case", `func f() {
			select {
			case <-a:
			case <-b:
			default:
			}
			switch {
			case a:
				return
			case b:
				return
			default:
			}
		}`, []function{{"f", 14, 5}}},
		{"a table of cases counts once", `func f() {
			switch a {
			case 1:
				return
			case 2:
				b()
			default:
				c = 3
			}
			switch a.(type) {
			case int:
				return
			case string:
				return
			}
		}`, []function{{"f", 16, 3}}},
		{"a switch with a case of two statements is no table", `func f() {
			switch a {
			case 1:
				b()
				return
			case 2:
				return
			}
		}`, []function{{"f", 9, 3}}},
		{"lines of a literal do not count, but those of functions in it", `func f() {
			a := []T{
				{
					1,
					func() {
						if b {
						}
					},
				},
			}
		}`, []function{{"f, literal in line 6", 4, 2}, {"f", 4, 2}}},
		{"a function in a variable", `var a = func() {
		}`, []function{{", literal in line 2", 2, 1}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fset := token.NewFileSet()
			syntax, err := parser.ParseFile(fset, "f.go", "package p\n"+tt.source, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			got := functionsOf(fset, syntax, "")
			for i := range got {
				got[i].name = strings.TrimSpace(got[i].name)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}
