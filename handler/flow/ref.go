package flow

// Ref identifies one version of a flow.
type Ref struct {
	Name    string `json:"name"`
	Version string `json:"version"` // hash of the document
}
