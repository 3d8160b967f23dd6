package storageerror_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"switchboard/handler/storageerror"
)

// address is the URL of a request, with a telephone number and a signature that no text may contain.
const address = "https://account.table.core.windows.net/numbers(+12065550100)?sig=secret"

// refusal returns the error of azcore for a request that storage refused.
func refusal(t *testing.T) error {
	t.Helper()
	w := httptest.NewRecorder()
	w.Header().Set("x-ms-error-code", "EntityAlreadyExists")
	w.WriteHeader(http.StatusConflict)
	res := w.Result()
	res.Request = httptest.NewRequest(http.MethodPost, address, nil)
	err := runtime.NewResponseError(res)
	if !strings.Contains(err.Error(), "+12065550100") {
		t.Fatalf("azcore's text is %v, want the URL in it", err)
	}
	return err
}

func TestWrap(t *testing.T) {
	kind := errors.New("conflict")
	reset := errors.New("connection reset")
	refused := refusal(t)
	unanswered := &url.Error{Op: "Get", URL: address, Err: reset}
	tests := []struct {
		name  string
		kind  error
		cause error
		want  string
	}{
		{"a refusal", nil, refused, "write: 409 EntityAlreadyExists"},
		{"a refusal of a kind", kind, refused, "write: conflict: 409 EntityAlreadyExists"},
		{"a request without a response", nil, unanswered, "write: connection reset"},
		{"a request without a response, of a kind", kind, unanswered, "write: conflict: connection reset"},
		{"another error", kind, reset, "write: conflict: connection reset"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := storageerror.Wrap("write", tt.kind, tt.cause)
			if got := err.Error(); got != tt.want {
				t.Errorf("text %q, want %q", got, tt.want)
			}
			if !errors.Is(err, tt.cause) || tt.kind != nil && !errors.Is(err, tt.kind) {
				t.Errorf("%v, want %v and %v in its chain", err, tt.kind, tt.cause)
			}
		})
	}
	if re, ok := errors.AsType[*azcore.ResponseError](storageerror.Wrap("write", kind, refused)); !ok || re.StatusCode != 409 {
		t.Errorf("response error %v, want the one with status 409", re)
	}
}

func TestWrapOfNilIsNil(t *testing.T) {
	if err := storageerror.Wrap("write", errors.New("conflict"), nil); err != nil {
		t.Errorf("error %v, want nil", err)
	}
}
