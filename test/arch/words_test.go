package arch

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// retiredFile is the list of retired words, which stands beside the glossary.
const retiredFile = "docs/glossary-retired.txt"

// retired is a word or phrase that must not be used.
type retired struct {
	words   []string // in lower case
	instead string
}

func readRetired(t *testing.T) []retired {
	t.Helper()
	doc, err := os.ReadFile(filepath.Join(root, retiredFile))
	if err != nil {
		t.Fatal(err)
	}
	var all []retired
	for line := range strings.Lines(string(doc)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		phrase, instead, ok := strings.Cut(line, "\t")
		if !ok {
			t.Fatalf("%s: %q has no tab", retiredFile, line)
		}
		all = append(all, retired{strings.Fields(strings.ToLower(phrase)), instead})
	}
	if len(all) == 0 {
		t.Fatalf("%s lists nothing", retiredFile)
	}
	return all
}

// names matches names and words.
var names = regexp.MustCompile(`[\p{L}\p{N}]+`)

// wordsOf splits a text into words in lower case. A name in camel case is the words that it is made of.
func wordsOf(text string) []string {
	var words []string
	for _, name := range names.FindAllString(text, -1) {
		runes := []rune(name)
		start := 0
		for i := 1; i < len(runes); i++ {
			lowerToUpper := unicode.IsUpper(runes[i]) && !unicode.IsUpper(runes[i-1])
			endOfAcronym := unicode.IsUpper(runes[i-1]) && unicode.IsUpper(runes[i]) && i+1 < len(runes) && unicode.IsLower(runes[i+1])
			if lowerToUpper || endOfAcronym {
				words = append(words, strings.ToLower(string(runes[start:i])))
				start = i
			}
		}
		words = append(words, strings.ToLower(string(runes[start:])))
	}
	return words
}

// find returns the first retired phrase among the words, or false.
func find(words []string, all []retired) (retired, bool) {
	for i := range words {
		for _, r := range all {
			if i+len(r.words) <= len(words) && strings.Join(words[i:i+len(r.words)], " ") == strings.Join(r.words, " ") {
				return r, true
			}
		}
	}
	return retired{}, false
}

// recorded are folders and files that hold what others have written: recordings of services, and lists of packages.
var recorded = regexp.MustCompile(`(^|/)testdata/(fuzz|host-golden|wire)/|^test/wire/testdata/|package-lock\.json$|go\.sum$|^LICENSE$`)

func TestRetiredWordsDoNotComeBack(t *testing.T) {
	all := readRetired(t)
	for _, name := range repositoryFiles(t) {
		if name == retiredFile || recorded.MatchString(name) {
			continue
		}
		if r, ok := find(wordsOf(name), all); ok {
			t.Errorf("%s: the name says %q; write: %s", name, strings.Join(r.words, " "), r.instead)
		}
		f, err := os.Open(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		scanner := bufio.NewScanner(f)
		scanner.Buffer(nil, 16<<20)
		for n := 1; scanner.Scan(); n++ {
			if r, ok := find(wordsOf(scanner.Text()), all); ok {
				t.Errorf("%s:%d says %q; write: %s", name, n, strings.Join(r.words, " "), r.instead)
			}
		}
		if err := scanner.Err(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		_ = f.Close() // read only
	}
}

// repositoryFiles returns the files that git tracks or would track, and without git all files but those of caches and
// packages.
func repositoryFiles(t *testing.T) []string {
	t.Helper()
	git := exec.Command("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z")
	git.Dir = root
	if out, err := git.Output(); err == nil {
		var all []string
		for _, name := range strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00") {
			if _, err := os.Stat(filepath.Join(root, name)); err == nil { // else it was deleted and not committed
				all = append(all, name)
			}
		}
		return all
	}
	var all []string
	err := filepath.WalkDir(root, func(name string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() == ".git") {
			return filepath.SkipDir
		}
		rel, err := filepath.Rel(root, name)
		if err == nil && d.Type().IsRegular() {
			all = append(all, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestRetiredWordsAreFound(t *testing.T) {
	all := []retired{{[]string{"blurb"}, ""}, {[]string{"flip", "flop"}, ""}}
	for text, want := range map[string]bool{
		"blurb answers": true, "Blurb": true, "callBlurbNow": true, "HTTPBlurb": true, "it flip  flop events": true,
		"blurbs": false, "flip it flop": false, "flipFlop": true, "http.BlUrb": false, "": false,
	} {
		if _, got := find(wordsOf(text), all); got != want {
			t.Errorf("found in %q: %t, want %t", text, got, want)
		}
	}
}
