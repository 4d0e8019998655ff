package kibana

// ExceptionListID is the list_id of the exception list that keeps indicator-match rules from blaming. An analyst adds it to the rules that
// match addresses against threat intelligence.
const ExceptionListID = "popupwatch-unproven-sources"

const exceptionItemID = "popupwatch-unproven-sources-tags"

// exceptionList is a list of exceptions to detection rules.
type exceptionList struct {
	Description   string   `json:"description"`
	ListID        string   `json:"list_id"`
	Name          string   `json:"name"`
	NamespaceType string   `json:"namespace_type"` // single: of one space
	OSTypes       []string `json:"os_types"`
	Tags          []string `json:"tags"`
	Type          string   `json:"type"`
	Version       int      `json:"version"`
}

// exceptionItem is one exception: a document that all entries match raises no alert.
type exceptionItem struct {
	Comments      []string         `json:"comments"`
	Description   string           `json:"description"`
	Entries       []exceptionEntry `json:"entries"`
	ItemID        string           `json:"item_id"`
	ListID        string           `json:"list_id"`
	Name          string           `json:"name"`
	NamespaceType string           `json:"namespace_type"`
	OSTypes       []string         `json:"os_types"`
	Tags          []string         `json:"tags"`
	Type          string           `json:"type"`
}

type exceptionEntry struct {
	Field    string `json:"field"`
	Operator string `json:"operator"`
	Type     string `json:"type"`
	Value    any    `json:"value"` // a string for match, a list for match_any
}

func unprovenSources() exceptionList {
	return exceptionList{
		ListID: ExceptionListID, Name: "popupwatch: unproven sources", Type: "detection", NamespaceType: "single", OSTypes: []string{},
		Tags: []string{"popupwatch"}, Version: 1,
		Description: "Add this list to indicator-match rules: a match on an address that popupwatch holds for forged or unproven says nothing of its owner.",
	}
}

func unprovenItem() exceptionItem {
	return exceptionItem{
		ListID: ExceptionListID, ItemID: exceptionItemID, Name: "popupwatch documents whose source is not proven", Type: "simple", NamespaceType: "single",
		OSTypes: []string{}, Tags: []string{"popupwatch"}, Comments: []string{},
		Description: "The sender of a popup writes its source address. Without a proof (tags: source-proven) a match with threat intelligence would blame somebody else.",
		Entries: []exceptionEntry{
			{"event.module", "included", "match", "popupwatch"},
			{"tags", "included", "match_any", []string{"source-unverified", "source-forged"}},
		},
	}
}
