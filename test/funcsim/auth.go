package funcsim

import (
	"crypto/subtle"
	"net/http"
)

// requestKey returns the key that a request carries, or "".
func requestKey(r *http.Request) string {
	if k := r.Header.Get("X-Functions-Key"); k != "" {
		return k
	}
	return r.URL.Query().Get("code")
}

func opens(key, given string) bool {
	return key != "" && subtle.ConstantTimeCompare([]byte(key), []byte(given)) == 1
}

// mayCall reports whether the request has a key for the HTTP function.
func (in *instance) mayCall(r *http.Request, f *function) bool {
	if !in.host.AuthOn || f.authLevel == "anonymous" {
		return true
	}
	given, keys := requestKey(r), in.host.Keys
	return opens(keys.Master, given) || f.authLevel == "function" && opens(keys.Function, given)
}

// admit reports whether the request has a key for a part of the host itself: the
// master key or own. It answers a request that it refuses: with 403 if the key is
// valid elsewhere, else with 401.
func (in *instance) admit(w http.ResponseWriter, r *http.Request, own string) bool {
	if !in.host.AuthOn {
		return true
	}
	given, keys := requestKey(r), in.host.Keys
	switch {
	case opens(keys.Master, given), opens(own, given):
		return true
	case opens(keys.Function, given), opens(keys.EventGrid, given):
		w.WriteHeader(http.StatusForbidden)
	default:
		w.Header().Set("WWW-Authenticate", "Bearer")
		w.WriteHeader(http.StatusUnauthorized)
	}
	return false
}
