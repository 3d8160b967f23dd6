package arch

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// present matches the pages that describe the product as it is. Decisions and the changelog describe other times too,
// so only their links are checked.
var present = regexp.MustCompile(`^(README|CONTRIBUTING|SECURITY)\.md$|^docs/[^/]+\.md$|^test/.*README\.md$`)

var (
	codeSpan = regexp.MustCompile("`([^`]+)`")
	// link matches a link: its text and its address.
	link = regexp.MustCompile(`\[([^\]]*)\]\(([^)\s]+)\)`)
	// qualifiedName matches a name in a package: engine.Engine, campaign.Contact.Settled.
	qualifiedName = regexp.MustCompile(`^([a-z]\w*)\.(\w+(?:\.\w+)?)$`)
	plainName     = regexp.MustCompile(`^\w+(?:\.\w+)?$`)
)

func TestPagesNameOnlyWhatExists(t *testing.T) {
	files := repositoryFiles(t)
	code := readNames(t, files)
	for _, page := range files {
		if !present.MatchString(page) {
			continue
		}
		for n, line := range proseOf(t, page) {
			for _, m := range codeSpan.FindAllStringSubmatch(line, -1) {
				for word := range strings.FieldsSeq(m[1]) {
					if err := code.check(files, word); err != nil {
						t.Errorf("%s:%d: `%s`: %v", page, n+1, m[1], err)
					}
				}
			}
		}
	}
}

// A link whose text is a name in code and whose address is a Go file promises that the file declares the name.
func TestLinksOfPagesLeadSomewhere(t *testing.T) {
	files := repositoryFiles(t)
	code := readNames(t, files)
	for _, page := range files {
		if path.Ext(page) != ".md" {
			continue
		}
		for n, line := range proseOf(t, page) {
			for _, m := range link.FindAllStringSubmatch(line, -1) {
				text, address := m[1], m[2]
				if strings.Contains(address, "://") {
					continue
				}
				address, anchor, _ := strings.Cut(address, "#")
				target := page
				if address != "" {
					target = path.Join(path.Dir(page), address)
				}
				switch {
				case !exists(files, target):
					t.Errorf("%s:%d: there is no %s", page, n+1, target)
				case anchor != "" && !slices.Contains(anchorsOf(t, target), anchor):
					t.Errorf("%s:%d: %s has no heading #%s", page, n+1, target, anchor)
				case path.Ext(target) == ".go":
					promised := strings.Trim(text, "`")
					if plainName.MatchString(promised) && !code.inFile[target][promised] {
						t.Errorf("%s:%d: %s declares no %s", page, n+1, target, promised)
					}
				}
			}
		}
	}
}

// proseOf returns the lines of a page; those of code blocks are empty.
func proseOf(t *testing.T, page string) []string {
	t.Helper()
	doc, err := os.ReadFile(filepath.Join(root, page))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(doc), "\n")
	block := false
	for n, line := range lines {
		fence := strings.HasPrefix(strings.TrimSpace(line), "```")
		if block = block != fence; block || fence || strings.HasPrefix(line, "    ") {
			lines[n] = ""
		}
	}
	return lines
}

// anchorsOf returns the anchors of a page's headings, as GitHub makes them.
func anchorsOf(t *testing.T, page string) []string {
	t.Helper()
	var all []string
	for _, line := range proseOf(t, page) {
		if heading := strings.TrimLeft(line, "#"); heading != line {
			anchor := strings.Map(func(r rune) rune {
				switch {
				case r == ' ':
					return '-'
				case r == '-' || r == '_' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
					return r
				default:
					return -1
				}
			}, strings.ToLower(strings.TrimSpace(heading)))
			all = append(all, anchor)
		}
	}
	return all
}

// exists reports whether the repository has the file, or files in the folder. The name may be a pattern.
func exists(files []string, name string) bool {
	return slices.ContainsFunc(files, func(f string) bool {
		for ; f != "."; f = path.Dir(f) {
			if match, _ := path.Match(name, f); match {
				return true
			}
		}
		return false
	})
}

// declared are the names that Go files declare: functions, methods, types, fields, constants and variables. A method
// and a field have two names, "Type.Name" and "Name".
type declared struct {
	inFile    map[string]map[string]bool // by file
	inPackage map[string]map[string]bool // by name of the package
	imported  map[string]bool            // names of packages that are imported
}

// extensions are endings of file names. A word that ends with one is the name of a file.
var extensions = []string{".go", ".json", ".md", ".txt", ".txtar", ".js", ".mjs", ".bicep", ".wav", ".yml"}

// check returns an error if the word names a file or a Go identifier that does not exist. It accepts every word that
// names neither.
func (d declared) check(files []string, word string) error {
	word = strings.TrimSuffix(strings.TrimPrefix(word, "./"), "/...")
	top, _, below := strings.Cut(word, "/")
	if path.Ext(word) == ".go" || below && regexp.MustCompile(`^[\w.*/-]+$`).MatchString(word) && exists(files, top) {
		if !exists(files, strings.TrimSuffix(word, "/")) {
			return fmt.Errorf("there is no file %s", word)
		}
		return nil
	}
	word, _, _ = strings.Cut(word, "(")
	m := qualifiedName.FindStringSubmatch(word)
	if m == nil || slices.Contains(extensions, path.Ext(word)) {
		return nil
	}
	pkg, name := m[1], m[2]
	switch {
	case d.inPackage[pkg] != nil && !d.inPackage[pkg][name]:
		return fmt.Errorf("package %s declares no %s", pkg, name)
	case d.inPackage[pkg] == nil && !d.imported[pkg] && ast.IsExported(name):
		return fmt.Errorf("there is no package %s", pkg)
	}
	return nil
}

// readNames reads the names that the repository's Go files declare.
func readNames(t *testing.T, files []string) declared {
	t.Helper()
	d := declared{map[string]map[string]bool{}, map[string]map[string]bool{}, map[string]bool{}}
	for _, file := range files {
		if path.Ext(file) != ".go" {
			continue
		}
		syntax, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, file), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range syntax.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			d.imported[path.Base(imported)] = true
		}
		d.inFile[file] = map[string]bool{}
		if pkg := syntax.Name.Name; d.inPackage[pkg] == nil {
			d.inPackage[pkg] = map[string]bool{}
		}
		for _, decl := range syntax.Decls {
			for _, name := range namesOf(decl) {
				d.inFile[file][name] = true
				d.inPackage[syntax.Name.Name][name] = true
			}
		}
	}
	return d
}

// namesOf returns the names that a declaration declares.
func namesOf(decl ast.Decl) []string {
	var all []string
	add := func(of string, ids ...*ast.Ident) {
		for _, id := range ids {
			all = append(all, id.Name)
			if of != "" {
				all = append(all, of+"."+id.Name)
			}
		}
	}
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		of := ""
		if decl.Recv != nil {
			of = receiver(decl.Recv.List[0].Type)
		}
		add(of, decl.Name)
	case *ast.GenDecl:
		for _, spec := range decl.Specs {
			switch spec := spec.(type) {
			case *ast.ValueSpec:
				add("", spec.Names...)
			case *ast.TypeSpec:
				add("", spec.Name)
				var members *ast.FieldList
				switch of := spec.Type.(type) {
				case *ast.StructType:
					members = of.Fields
				case *ast.InterfaceType:
					members = of.Methods
				default:
					continue
				}
				for _, member := range members.List {
					add(spec.Name.Name, member.Names...)
				}
			}
		}
	}
	return all
}

// receiver returns the name of a receiver's type.
func receiver(of ast.Expr) string {
	switch of := of.(type) {
	case *ast.StarExpr:
		return receiver(of.X)
	case *ast.IndexExpr:
		return receiver(of.X)
	case *ast.IndexListExpr:
		return receiver(of.X)
	case *ast.Ident:
		return of.Name
	default:
		return ""
	}
}

func TestNamesOfPagesAreChecked(t *testing.T) {
	files := []string{"handler/call/call.go", "docs/a.md", "main.go"}
	syntax, err := parser.ParseFile(token.NewFileSet(), "", `package call
		type Call struct { ID string }
		func (c *Call) end() {}
		func Apply() {}`, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	d := declared{inPackage: map[string]map[string]bool{"call": {}}, imported: map[string]bool{"zerolog": true}}
	for _, decl := range syntax.Decls {
		for _, name := range namesOf(decl) {
			d.inPackage["call"][name] = true
		}
	}
	for word, ok := range map[string]bool{
		"handler/call/call.go": true, "handler/call/gone.go": false, "call.go": false, "main.go": true,
		"./handler/call": true, "./handler/...": true, "handler/gone/": false, "handler/*/call.go": true, "docs/*.json": false,
		"call.Apply": true, "call.Apply(c)": true, "call.Gone": false, "call.Call.ID": true, "call.Call.end": true,
		"call.end": true, "call.Call.gone": false, "gone.Apply": false, "zerolog.Ctx": true,
		"host.json": true, "routes.json": true, "/api/v1/calls": true, "flows/<name>.json": true, "e.g.": true, "200": true,
	} {
		if err := d.check(files, word); (err == nil) != ok {
			t.Errorf("%s: %v, want it accepted: %t", word, err, ok)
		}
	}
}

// decision matches the name of a decision record's file.
var decision = regexp.MustCompile(`^docs/decisions/(\d{3})-[a-z0-9-]+\.md$`)

// The index of the decisions has a line for each, with the record's number, title, status and date.
func TestDecisionsAreComplete(t *testing.T) {
	index, err := os.ReadFile(filepath.Join(root, "docs/decisions/README.md"))
	if err != nil {
		t.Fatal(err)
	}
	head := regexp.MustCompile(`^# (\d+)\. (.+)\n\nStatus: (accepted|superseded by \[decision \d+\]\(.+\))\.\nDate: (\d{4}-\d\d-\d\d)[.,]`)
	var records int
	for _, file := range repositoryFiles(t) {
		of := decision.FindStringSubmatch(file)
		if of == nil {
			continue
		}
		records++
		text, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		m := head.FindStringSubmatch(string(text))
		if m == nil {
			t.Errorf("%s does not begin with its number and title, its status and its date", file)
			continue
		}
		number, title, status, date := m[1], m[2], m[3], m[4]
		if fmt.Sprintf("%03s", number) != of[1] {
			t.Errorf("%s has the number %s", file, number)
		}
		line := fmt.Sprintf("| %s | [%s](%s) | %s | %s |\n", number, title, path.Base(file), status, date)
		if !strings.Contains(string(index), line) {
			t.Errorf("docs/decisions/README.md lacks the line\n%s", line)
		}
	}
	if lines := strings.Count(string(index), "\n| ") - 1; lines != records {
		t.Errorf("docs/decisions/README.md lists %d decisions, want %d", lines, records)
	}
}

// packageRow matches a row of the table of packages: the folder, what it is, and what it may import.
var packageRow = regexp.MustCompile("^\\| `([a-z/]+)` \\| [^|]+ \\| ([^|]*) \\|$")

// The table of packages says what mayImport says.
func TestTableOfPackagesSaysWhatMayBeImported(t *testing.T) {
	listed := map[string]bool{}
	for n, line := range proseOf(t, architecturePage) {
		m := packageRow.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		pkg := m[1]
		listed[pkg] = true
		if pkg == "handler/app" { // may import everything
			continue
		}
		var got, want []string
		for _, span := range codeSpan.FindAllStringSubmatch(m[2], -1) {
			got = append(got, "handler/"+span[1])
		}
		want = append(want, mayImport[pkg]...)
		slices.Sort(got)
		slices.Sort(want)
		if _, checked := mayImport[pkg]; checked && !slices.Equal(got, want) {
			t.Errorf("%s:%d: %s may import %q, want %q as in mayImport", architecturePage, n+1, pkg, got, want)
		}
		if !exists(repositoryFiles(t), pkg) {
			t.Errorf("%s:%d: there is no package %s", architecturePage, n+1, pkg)
		}
	}
	for _, f := range product(t) {
		if !listed[f.pkg] {
			listed[f.pkg] = true
			t.Errorf("%s does not list the package %s", architecturePage, f.pkg)
		}
	}
}
