package store

import (
	"errors"
	"testing"

	"switchboard/handler/table"
)

func FuzzPageToken(f *testing.F) {
	f.Add("00.8f14e45fceea167a5a36dedd4bea2543", 1)
	f.Add("0f.a", 16)
	f.Add("1.", 0)
	f.Add("..", -1)
	f.Fuzz(func(t *testing.T, s string, shards int) {
		token, err := readPageToken(s, shards)
		if err != nil {
			if !errors.Is(err, table.ErrInvalid) {
				t.Fatalf("%v, want %v", err, table.ErrInvalid)
			}
			return
		}
		bad := contactKey("p", token.contact).Check()
		if token.String() != s || token.shard < 0 || token.shard >= shards || bad != nil {
			t.Fatalf("%q reads as %+v, %v, want a token that is written so", s, token, bad)
		}
	})
}
