package table

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/google/go-cmp/cmp"
)

// service is a transport that answers in place of Table Storage.
type service func(*http.Request) (*http.Response, error)

func (s service) Do(r *http.Request) (*http.Response, error) { return s(r) }

func open(t *testing.T, s service) *Account {
	t.Helper()
	account, err := Open(anAccount, &azcore.ClientOptions{Transport: s})
	if err != nil {
		t.Fatal(err)
	}
	return account
}

func answer(r *http.Request, status int, contentType, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Status: http.StatusText(status), Request: r,
		Header: http.Header{"Content-Type": {contentType}}, Body: io.NopCloser(strings.NewReader(body)),
	}
}

func odataError(code string) string {
	return fmt.Sprintf(`{"odata.error":{"code":%q,"message":{"lang":"en-US","value":"0:text\nRequestId:1"}}}`, code)
}

// transactionAnswer returns an answer to a transaction as Azure writes it, with the given answers inside.
func transactionAnswer(r *http.Request, parts ...string) *http.Response {
	var b strings.Builder
	b.WriteString("--batchresponse_1\r\nContent-Type: multipart/mixed; boundary=changesetresponse_2\r\n\r\n")
	for _, p := range parts {
		b.WriteString("--changesetresponse_2\r\nContent-Type: application/http\r\n" +
			"Content-Transfer-Encoding: binary\r\n\r\n" + p + "\r\n")
	}
	b.WriteString("--changesetresponse_2--\r\n--batchresponse_1--\r\n")
	return answer(r, http.StatusAccepted, "multipart/mixed; boundary=batchresponse_1", b.String())
}

func refusal(status int, code string) string {
	return fmt.Sprintf("HTTP/1.1 %d %s\r\nContent-Type: application/json;odata=minimalmetadata\r\n\r\n%s\r\n",
		status, http.StatusText(status), odataError(code))
}

func two() []Write {
	return []Write{
		{WriteInsert, Entity{Key: Key{"+12065550100", "r1"}, Doc: []byte(`1`)}},
		{WriteDelete, Entity{Key: Key{"+12065550100", "r2"}, ETag: `W/"1"`}},
	}
}

func TestAnswersToASingleWrite(t *testing.T) {
	tests := []struct {
		name   string
		status int
		code   string
		want   error // nil: none of the package's errors
	}{
		{"the row is there", 409, "EntityAlreadyExists", ErrExists},
		{"the row is missing", 404, "ResourceNotFound", ErrNotFound},
		{"the row is missing, with the older code", 404, "EntityNotFound", ErrNotFound},
		{"the row was written since", 412, "UpdateConditionNotSatisfied", ErrConflict},
		{"the row was written since, without a code", 412, "", ErrConflict},
		{"the row is too large", 413, "RequestBodyTooLarge", ErrTooLarge},
		{"the row is too large, as a bad request", 400, "EntityTooLarge", ErrTooLarge},
		{"the table is missing, which is not the row", 404, "TableNotFound", nil},
		{"the table is being deleted, which is no conflict of rows", 409, "TableBeingDeleted", nil},
		{"access is denied", 403, "AuthorizationFailure", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rows := open(t, func(r *http.Request) (*http.Response, error) {
				return answer(r, tt.status, "application/json", odataError(tt.code)), nil
			}).Table("numbers")
			_, err := rows.Apply(t.Context(), two()[1])
			checkKind(t, err, tt.want)
			if re, ok := errors.AsType[*azcore.ResponseError](err); !ok || re.StatusCode != tt.status {
				t.Errorf("cause %v, want status %d", re, tt.status)
			}
		})
	}
}

func TestAnswersToATransaction(t *testing.T) {
	const done = "HTTP/1.1 204 No Content\r\nX-Content-Type-Options: nosniff\r\nDataServiceVersion: 1.0;\r\n"
	tests := []struct {
		name  string
		parts []string
		want  error
	}{
		{"a row is there", []string{refusal(409, "EntityAlreadyExists")}, ErrConflict},
		{"a row is missing", []string{refusal(404, "ResourceNotFound")}, ErrConflict},
		{"a row was written since", []string{refusal(412, "UpdateConditionNotSatisfied")}, ErrConflict},
		{"it is too large", []string{refusal(413, "RequestBodyTooLarge")}, ErrTooLarge},
		{"the table is missing, which is no conflict", []string{refusal(404, "TableNotFound")}, nil},
		{"a row is in it twice, which is no conflict", []string{refusal(400, "InvalidDuplicateRow")}, nil},
		{"the service is busy", []string{refusal(503, "ServerBusy")}, nil},
		{"fewer answers than writes", []string{done + "\r\n"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rows := open(t, func(r *http.Request) (*http.Response, error) {
				return transactionAnswer(r, tt.parts...), nil
			}).Table("numbers")
			_, err := rows.Apply(t.Context(), two()...)
			checkKind(t, err, tt.want)
		})
	}
	t.Run("an applied transaction returns the ETags in the order of the writes", func(t *testing.T) {
		rows := open(t, func(r *http.Request) (*http.Response, error) {
			return transactionAnswer(r, done+"ETag: W/\"datetime'2026'\"\r\n\r\n", done+"\r\n"), nil
		}).Table("numbers")
		etags, err := rows.Apply(t.Context(), two()...)
		if d := cmp.Diff([]string{`W/"datetime'2026'"`, ""}, etags); d != "" || err != nil {
			t.Errorf("%v, ETags (-want +got):\n%s", err, d)
		}
	})
	t.Run("a refusal without parts keeps its code", func(t *testing.T) {
		rows := open(t, func(r *http.Request) (*http.Response, error) {
			return answer(r, http.StatusAccepted, "application/json", odataError("UpdateConditionNotSatisfied")), nil
		}).Table("numbers")
		_, err := rows.Apply(t.Context(), two()...)
		checkKind(t, err, ErrConflict)
	})
}

// checkKind checks that err is want and no other of the package's errors, and that its text holds no key.
func checkKind(t *testing.T, err, want error) {
	t.Helper()
	if err == nil {
		t.Fatal("no error, want one")
	}
	for _, kind := range []error{ErrNotFound, ErrExists, ErrConflict, ErrTooLarge, ErrInvalid} {
		if got := errors.Is(err, kind); got != (kind == want) {
			t.Errorf("error is %q: %v, want %q; error: %v", kind, got, want, err)
		}
	}
	if strings.Contains(err.Error(), "2065550100") || strings.Contains(err.Error(), "\n") {
		t.Errorf("error %v, want one line without the number", err)
	}
}

func TestARequestWithoutAnAnswerIsRepeated(t *testing.T) {
	// The second try finds the row that the first has written, and is refused.
	for name, writes := range map[string][]Write{"a single insert": two()[:1], "a transaction": two()} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				requests := 0
				rows := open(t, func(r *http.Request) (*http.Response, error) {
					if requests++; requests == 1 {
						return nil, io.ErrUnexpectedEOF
					}
					if len(writes) > 1 {
						return transactionAnswer(r, refusal(409, "EntityAlreadyExists")), nil
					}
					return answer(r, 409, "application/json", odataError("EntityAlreadyExists")), nil
				}).Table("numbers")
				_, err := rows.Apply(t.Context(), writes...)
				want := ErrExists
				if len(writes) > 1 {
					want = ErrConflict
				}
				if !errors.Is(err, want) || requests != 2 {
					t.Errorf("after %d requests: %v, want %v", requests, err, want)
				}
			})
		})
	}
}

func TestRetriesEndWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rows := open(t, func(r *http.Request) (*http.Response, error) {
			return answer(r, 503, "application/json", odataError("ServerBusy")), nil
		}).Table("numbers")
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		start := time.Now()
		_, err := rows.Get(ctx, Key{"p", "r"})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 2*time.Second {
			t.Errorf("error %v after %v, want %v after 2 s", err, time.Since(start), context.DeadlineExceeded)
		}
	})
}

func TestErrorTextsHoldNoKey(t *testing.T) {
	// No server listens on this port; azcore's own text would hold the whole address.
	account, err := Open("AccountName=a;AccountKey=a2V5;TableEndpoint=http://127.0.0.1:1/a",
		&azcore.ClientOptions{Retry: noRetries})
	if err != nil {
		t.Fatal(err)
	}
	rows := account.Table("numbers")
	_, getErr := rows.Get(t.Context(), two()[0].Entity.Key)
	_, listErr := rows.List(t.Context(), Query{Partition: "+12065550100"})
	_, oneErr := rows.Apply(t.Context(), two()[1])
	_, twoErr := rows.Apply(t.Context(), two()...)
	for _, err := range []error{getErr, listErr, oneErr, twoErr} {
		checkKind(t, err, nil)
		if !strings.HasPrefix(err.Error(), "table numbers: ") || !strings.Contains(err.Error(), "refused") {
			t.Errorf("error %v, want one of the table numbers that says refused", err)
		}
	}
}
