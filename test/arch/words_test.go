package arch

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
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

// hit is a retired phrase that was found.
type hit struct {
	retired
	at int // the index of its first word
}

// find returns the retired phrases among the words.
func find(words []string, all []retired) []hit {
	var hits []hit
	for i := range words {
		for _, r := range all {
			if i+len(r.words) <= len(words) && slices.Equal(words[i:i+len(r.words)], r.words) {
				hits = append(hits, hit{r, i})
			}
		}
	}
	return hits
}

// recorded are folders and files that hold what others have written: recordings of services, and lists of packages.
var recorded = regexp.MustCompile(`(^|/)testdata/(fuzz|host-golden|wire)/|^test/wire/testdata/|package-lock\.json$|go\.sum$|^LICENSE$`)

func TestRetiredWordsDoNotComeBack(t *testing.T) {
	all := readRetired(t)
	for _, name := range repositoryFiles(t) {
		if name == retiredFile || recorded.MatchString(name) {
			continue
		}
		for _, h := range find(wordsOf(name), all) {
			t.Errorf("%s: the name says %q; write: %s", name, strings.Join(h.words, " "), h.instead)
		}
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		var words []string
		var lines []int // the line of each word: a phrase may be divided between two
		for n, line := range strings.Split(string(text), "\n") {
			words = append(words, wordsOf(line)...)
			for len(lines) < len(words) {
				lines = append(lines, n+1)
			}
		}
		for _, h := range find(words, all) {
			t.Errorf("%s:%d says %q; write: %s", name, lines[h.at], strings.Join(h.words, " "), h.instead)
		}
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
		"blurbs": false, "flip it flop": false, "flipFlop": true, "// flip\n// flop": true, "http.BlUrb": false, "": false,
	} {
		if got := len(find(wordsOf(text), all)) > 0; got != want {
			t.Errorf("found in %q: %t, want %t", text, got, want)
		}
	}
}
