package table

import "testing"

func TestSchemaOf(t *testing.T) {
	tests := []struct {
		name, doc string
		want      int
		wantErr   bool
	}{
		{"at the beginning", `{"schema":3,"id":"x"}`, 3, false},
		{"alone", `{"schema":12}`, 12, false},
		{"behind a space", `{ "schema" : 3 }`, 3, false},
		{"at the end", `{"id":"x","schema":3}`, 3, false},
		{"none", `{"id":"x"}`, 0, false},
		{"with an exponent, which no version writes", `{"schema":3e0}`, 0, true},
		{"that is no number", `{"schema":"3"}`, 0, true},
		{"in no object", `7`, 0, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := schemaOf([]byte(tt.doc))
			if got != tt.want || (err != nil) != tt.wantErr {
				t.Errorf("schemaOf(%s) = %d, %v, want %d, an error: %v", tt.doc, got, err, tt.want, tt.wantErr)
			}
		})
	}
}
