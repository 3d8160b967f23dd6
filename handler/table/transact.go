package table

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
)

// transact performs the writes as one entity group transaction.
//
// aztables 1.4.1 returns neither the new ETags of a transaction nor why it was refused: its error is made
// from the outer answer, whose status is always 202. Both stand in the outer answer's body, which azcore
// keeps in memory.
// Source: https://learn.microsoft.com/rest/api/storageservices/performing-entity-group-transactions
func (t *azureTable) transact(ctx context.Context, writes []Write) ([]string, error) {
	actions := make([]aztables.TransactionAction, len(writes))
	for i, w := range writes {
		a, err := action(w)
		if err != nil {
			return nil, err
		}
		actions[i] = a
	}
	var resp *http.Response
	_, err := t.client.SubmitTransaction(policy.WithCaptureResponse(ctx, &resp), actions, nil)
	if re, ok := errors.AsType[*azcore.ResponseError](err); ok && re.StatusCode == http.StatusAccepted {
		answers, readErr := transactionAnswers(re.RawResponse)
		if readErr != nil {
			return nil, fmt.Errorf("%w (%w)", err, readErr)
		}
		for _, a := range answers {
			if a.StatusCode >= http.StatusBadRequest {
				return nil, runtime.NewResponseError(a)
			}
		}
	}
	if err != nil {
		return nil, err
	}
	answers, err := transactionAnswers(resp)
	if err != nil {
		return nil, err
	}
	if len(answers) != len(writes) {
		return nil, fmt.Errorf("%d answers to %d writes", len(answers), len(writes))
	}
	etags := make([]string, len(writes))
	for i, a := range answers {
		etags[i] = a.Header.Get("ETag") // none after a deletion
	}
	return etags, nil
}

// action returns w as an action of an aztables transaction.
func action(w Write) (aztables.TransactionAction, error) {
	if w.Kind == WriteDelete {
		k := w.Entity.Key
		data, err := json.Marshal(aztables.Entity{PartitionKey: k.Partition, RowKey: k.Row})
		return aztables.TransactionAction{
			ActionType: aztables.TransactionTypeDelete,
			Entity:     data, // only its keys are read
			IfMatch:    new(azcore.ETag(w.Entity.ETag)),
		}, err
	}
	data, err := writeEntity(w.Entity)
	if err != nil {
		return aztables.TransactionAction{}, err
	}
	a := aztables.TransactionAction{Entity: data}
	switch w.Kind {
	case WriteInsert:
		a.ActionType = aztables.TransactionTypeAdd
	case WriteReplace:
		a.ActionType = aztables.TransactionTypeUpdateReplace
		a.IfMatch = new(azcore.ETag(w.Entity.ETag))
	default: // WritePut
		a.ActionType = aztables.TransactionTypeInsertReplace
	}
	return a, nil
}

// transactionAnswers returns the answers inside the answer to a transaction: one for each write, in their
// order, if it was applied; else the answer that refused it.
func transactionAnswers(outer *http.Response) ([]*http.Response, error) {
	body, err := runtime.Payload(outer)
	if err != nil {
		return nil, err
	}
	_, params, err := mime.ParseMediaType(outer.Header.Get("Content-Type"))
	if err != nil {
		return nil, fmt.Errorf("content type of the answer: %w", err)
	}
	changeset, err := multipart.NewReader(bytes.NewReader(body), params["boundary"]).NextPart()
	if err != nil {
		return nil, fmt.Errorf("answer to a transaction: %w", err)
	}
	_, params, err = mime.ParseMediaType(changeset.Header.Get("Content-Type"))
	if err != nil {
		return nil, fmt.Errorf("content type of the answers: %w", err)
	}
	var answers []*http.Response
	for parts := multipart.NewReader(changeset, params["boundary"]); ; {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return answers, nil
		}
		if err != nil {
			return nil, fmt.Errorf("answer %d to a transaction: %w", len(answers), err)
		}
		a, err := readAnswer(part, outer.Request)
		if err != nil {
			return nil, fmt.Errorf("answer %d to a transaction: %w", len(answers), err)
		}
		answers = append(answers, a)
	}
}

func readAnswer(part io.Reader, req *http.Request) (*http.Response, error) {
	a, err := http.ReadResponse(bufio.NewReader(part), req)
	if err != nil {
		return nil, err
	}
	defer a.Body.Close()
	body, err := io.ReadAll(a.Body)
	if err != nil {
		return nil, err
	}
	a.Body = io.NopCloser(bytes.NewReader(body)) // NextPart discards what is left of the part
	return a, nil
}
