package funcsim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// environment maps names of variables to values.
type environment map[string]string

func environmentOf(list []string) environment {
	env := environment{}
	for _, kv := range list {
		k, v, _ := strings.Cut(kv, "=")
		env[k] = v
	}
	return env
}

func (e environment) list() []string {
	out := make([]string, 0, len(e))
	for k, v := range e {
		out = append(out, k+"="+v)
	}
	return out
}

var percentName = regexp.MustCompile(`%([^%]+)%`)

// expand replaces %NAME% by the setting of that name. If a name is not set, it
// returns s and an error.
func (e environment) expand(s string) (string, error) {
	var missing []string
	out := percentName.ReplaceAllStringFunc(s, func(m string) string {
		v, ok := e[m[1:len(m)-1]]
		if !ok {
			missing = append(missing, m)
			return m
		}
		return v
	})
	if missing != nil {
		return s, fmt.Errorf("%s is not set", strings.Join(missing, ", "))
	}
	return out, nil
}

// settings are host.json in the host's form: flat, with keys in lower case joined by
// colons, and with texts as values. So an environment variable
// AzureFunctionsJobHost__a__b can replace a.b.
type settings map[string]string

func parseSettings(raw []byte) (settings, error) {
	var tree any
	dec := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(raw, []byte("\ufeff"))))
	dec.UseNumber()
	if err := dec.Decode(&tree); err != nil {
		return nil, err
	}
	if _, ok := tree.(map[string]any); !ok {
		return nil, fmt.Errorf("not a JSON object")
	}
	s := settings{}
	s.add("", tree)
	return s, nil
}

func (s settings) add(key string, v any) {
	join := func(name string) string { return strings.TrimPrefix(key+":"+strings.ToLower(name), ":") }
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			s.add(join(k), e)
		}
	case []any:
		for i, e := range v {
			s.add(join(strconv.Itoa(i)), e)
		}
	case nil:
		s[key] = ""
	default:
		s[key] = fmt.Sprint(v)
	}
}

// override applies AzureFunctionsJobHost__a__b for a.b.
func (s settings) override(env environment) {
	const prefix = "azurefunctionsjobhost__"
	for k, v := range env {
		if name, ok := strings.CutPrefix(strings.ToLower(k), prefix); ok {
			s[strings.ReplaceAll(name, "__", ":")] = v
		}
	}
}

// has reports whether there is a value or a section at key.
func (s settings) has(key string) bool {
	for k := range s {
		if k == key || strings.HasPrefix(k, key+":") {
			return true
		}
	}
	return false
}

func (s settings) strings(key string) []string {
	var out []string
	for i := 0; ; i++ {
		v, ok := s[key+":"+strconv.Itoa(i)]
		if !ok {
			return out
		}
		out = append(out, v)
	}
}

func (s settings) bool(key string, def bool) (bool, error) {
	v, ok := s[key]
	if !ok {
		return def, nil
	}
	b, err := strconv.ParseBool(strings.ToLower(v))
	if err != nil {
		return def, fmt.Errorf("%s: %q is neither true nor false", key, v)
	}
	return b, nil
}

func (s settings) int(key string, def, low, high int) (int, error) {
	v, ok := s[key]
	if !ok {
		return def, nil
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < low || n > high {
		return def, fmt.Errorf("%s: %q is not a number from %d to %d", key, v, low, high)
	}
	return n, nil
}

func (s settings) duration(key string, def time.Duration) (time.Duration, error) {
	v, ok := s[key]
	if !ok {
		return def, nil
	}
	d, err := parseTimeSpan(v)
	if err != nil {
		return def, fmt.Errorf("%s: %w", key, err)
	}
	return d, nil
}

var timeSpan = regexp.MustCompile(`^(?:(\d{1,3})\.)?(\d{1,2}):(\d{1,2})(?::(\d{1,2}(?:\.\d{1,7})?))?$`)

// parseTimeSpan parses .NET's [d.]hh:mm[:ss[.fffffff]].
func parseTimeSpan(s string) (time.Duration, error) {
	m := timeSpan.FindStringSubmatch(s)
	if m == nil {
		return 0, fmt.Errorf("%q is not a time span hh:mm:ss", s)
	}
	number := func(s string) float64 { // timeSpan matches only numbers, or nothing
		f, _ := strconv.ParseFloat(s, 64)
		return f
	}
	days, hours, minutes, seconds := number(m[1]), number(m[2]), number(m[3]), number(m[4])
	if hours > 23 || minutes > 59 || seconds >= 60 {
		return 0, fmt.Errorf("%q is not a time span hh:mm:ss", s)
	}
	return time.Duration(days)*24*time.Hour + time.Duration(hours)*time.Hour +
		time.Duration(minutes)*time.Minute + time.Duration(seconds*float64(time.Second)), nil
}

// formatTimeSpan returns d in .NET's form: [d.]hh:mm:ss[.fffffff].
func formatTimeSpan(d time.Duration) string {
	day := 24 * time.Hour
	text := fmt.Sprintf("%02d:%02d:%02d", d%day/time.Hour, d%time.Hour/time.Minute, d%time.Minute/time.Second)
	if d >= day {
		text = fmt.Sprintf("%d.%s", d/day, text)
	}
	if ticks := d % time.Second / 100; ticks != 0 {
		text += fmt.Sprintf(".%07d", ticks)
	}
	return text
}
