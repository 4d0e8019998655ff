package elastic

import (
	"encoding/json"
	"fmt"
	"regexp"

	"popupwatch/sensor/event"
)

// AssetVersion is the version of what Setup installs: it goes up with each change of it, so that an older popupwatch leaves a newer one's alone.
const AssetVersion = 1

// owner is _meta.managed_by of everything that is ours. What lacks it is not touched.
const owner = "popupwatch"

// CustomTemplate is the component template that is the operator's own: its settings and mappings come after ours. It may be missing.
const CustomTemplate = "popupwatch@custom"

// The names of what is installed besides the templates.
const (
	settingsName  = "popupwatch-settings"
	mappingsName  = "popupwatch-mappings-" // and the data set
	pipelineName  = "popupwatch-enrich"
	policyName    = "popupwatch"
	priority      = 501 // above the stack's own templates (100) and those of its integrations (to 500)
	campaignsName = "popupwatch-campaigns"
	sourcesName   = "popupwatch-sources"
)

// Layout is what is wanted of a cluster.
type Layout struct {
	Retention  string // how long documents are kept, from when they were stored: 90d, 48h; empty: for ever
	ILM        bool   // an ILM policy in place of the data streams' own lifecycle
	Pipeline   bool   // an ingest pipeline that adds places and networks
	Transforms bool   // entity indices of campaigns and sources, over all sensors
	Strict     bool   // a document with a field that is not mapped is refused: for tests
}

// retentionForm is Elasticsearch's form of a length of time, in the units that make sense here.
var retentionForm = regexp.MustCompile(`^[1-9][0-9]{0,8}(d|h)$`)

// Check refuses what no cluster would take.
func (l Layout) Check() error {
	if l.Retention != "" && !retentionForm.MatchString(l.Retention) {
		return fmt.Errorf("retention: %q is no number of days or hours such as 90d or 48h", l.Retention)
	}
	return nil
}

// Asset is one object that Setup installs. Its JSON is one row of `export templates`: the request that installs it.
type Asset struct {
	Kind string         `json:"-"` // in words: "index template"
	Name string         `json:"-"`
	Path string         `json:"path"` // it is PUT there
	Body map[string]any `json:"body"`

	privilege string // of the cluster, that PUT needs
}

// Assets lists what a layout needs on a server, in the order in which it can be installed.
func Assets(l Layout, s Server) []Asset {
	var list []Asset
	if l.ILM {
		list = append(list, policy(l))
	}
	if l.Pipeline {
		list = append(list, pipeline())
	}
	list = append(list, settings(l, s))
	for set := range event.Set(event.SetCount) {
		list = append(list, mappings(l, s, set))
	}
	for set := range event.Set(event.SetCount) {
		list = append(list, indexTemplate(l, s, set))
	}
	if l.Transforms {
		list = append(list, entityTemplate(s), campaignTransform(), sourceTransform())
	}
	return list
}

// meta marks an object as ours.
func meta(about string) map[string]any {
	return map[string]any{"managed_by": owner, "version": AssetVersion, "description": about}
}

func componentTemplate(name, about string, template map[string]any) Asset {
	return Asset{
		Kind: "component template", Name: name, Path: "/_component_template/" + name, privilege: "manage_index_templates",
		Body: map[string]any{"template": template, "version": AssetVersion, "_meta": meta(about)},
	}
}

// short is a data set's name without the product's: message.
func short(set event.Set) string { return set.String()[len(owner)+1:] }

// Pattern is what the names of a data set's streams look like in all namespaces: logs-popupwatch.message-*.
func Pattern(set event.Set) string { return set.Stream("*") }

// settings are common to all data sets.
func settings(l Layout, s Server) Asset {
	index := map[string]any{
		"codec":   "best_compression",
		"mapping": map[string]any{"total_fields": map[string]any{"limit": "1000"}},
		"query": map[string]any{"default_field": []any{
			"message", "popupwatch.message.text", "popupwatch.message.from", "popupwatch.message.to", "popupwatch.campaign.sample.text",
			"popupwatch.campaign.id", "popupwatch.advertised.domains", "popupwatch.finding.evidence",
		}},
	}
	if l.ILM {
		index["lifecycle"] = map[string]any{"name": policyName}
	}
	if l.Pipeline {
		index["default_pipeline"] = pipelineName
	}
	return componentTemplate(settingsName, "settings of all data sets of popupwatch", map[string]any{"settings": map[string]any{"index": index}})
}

// indexTemplate makes the data streams of one data set.
func indexTemplate(l Layout, s Server, set event.Set) Asset {
	name := set.StreamType() + "-" + set.String()
	body := map[string]any{
		"index_patterns": []any{Pattern(set)}, "priority": priority, "data_stream": map[string]any{},
		"composed_of": []any{mappingsName + short(set), settingsName, CustomTemplate}, "ignore_missing_component_templates": []any{CustomTemplate},
		"version": AssetVersion, "_meta": meta("data streams of " + set.String()),
	}
	if s.OpenSearch { // it takes no component that is missing, and has no lifecycle of data streams
		body["composed_of"] = []any{mappingsName + short(set), settingsName}
		delete(body, "ignore_missing_component_templates")
	} else if !l.ILM {
		body["template"] = map[string]any{"lifecycle": lifecycle(l.Retention)}
	}
	return Asset{Kind: "index template", Name: name, Path: "/_index_template/" + name, Body: body, privilege: "manage_index_templates"}
}

// lifecycle is the data streams' own: the cluster begins a new backing index when one is large or old, and deletes those that were begun anew
// longer ago than the retention. It goes by when documents were stored, not by their time: a capture of 2004 is kept as long as one of today.
func lifecycle(retention string) map[string]any {
	l := map[string]any{"enabled": true}
	if retention != "" {
		l["data_retention"] = retention
	}
	return l
}

// policy is the same as lifecycle, as an ILM policy.
func policy(l Layout) Asset {
	phases := map[string]any{"hot": map[string]any{"actions": map[string]any{
		"rollover": map[string]any{"max_age": "30d", "max_primary_shard_size": "50gb"},
	}}}
	if l.Retention != "" {
		phases["delete"] = map[string]any{"min_age": l.Retention, "actions": map[string]any{"delete": map[string]any{}}}
	}
	return Asset{
		Kind: "ILM policy", Name: policyName, Path: "/_ilm/policy/" + policyName, privilege: "manage_ilm",
		Body: map[string]any{"policy": map[string]any{"phases": phases, "_meta": meta("lifecycle of the data streams of popupwatch")}},
	}
}

// Export is the assets as JSON for people and scripts: a list of the requests that install them.
func Export(list []Asset) ([]byte, error) {
	out, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return nil, err
	}
	return append(out, '\n'), nil
}
