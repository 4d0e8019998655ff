package elastic

import (
	"fmt"
	"strings"

	"popupwatch/sensor/event"
)

// Transforms gather what several sensors saw into one document a campaign, and one a campaign and source. Their definition cannot be changed
// once they run: each version has names of its own, and an alias without the version leads to the newest.

// campaignTransform counts messages, so that it does not matter whether a sensor has closed a part of the campaign.
func campaignTransform() Asset {
	return transform(campaignsName, event.SetMessage, map[string]any{"exists": map[string]any{"field": "popupwatch.campaign.id"}},
		map[string]string{"popupwatch.campaign.id": "popupwatch.campaign.id"},
		map[string]any{
			"popupwatch.campaign.messages":   aggregation("sum", "popupwatch.message.count"),
			"popupwatch.campaign.first_seen": aggregation("min", "popupwatch.message.first_seen"),
			"popupwatch.campaign.last_seen":  aggregation("max", "popupwatch.message.last_seen"),
			"popupwatch.campaign.sources":    aggregation("cardinality", "source.ip"),
			"popupwatch.campaign.targets":    aggregation("cardinality", "popupwatch.message.destinations"),
			"popupwatch.campaign.sensors":    aggregation("cardinality", "observer.name"),
			"popupwatch.campaign.domains":    words("popupwatch.advertised.domains", 50),
			"popupwatch.campaign.verdicts":   words("popupwatch.score.verdict", 3),
			"popupwatch.campaign.states":     words("popupwatch.source.state", 6),
		})
}

// sourceTransform reads the last word on each claim.
func sourceTransform() Asset {
	return transform(sourcesName, event.SetSource, map[string]any{"term": map[string]any{"popupwatch.source.final": true}},
		map[string]string{"popupwatch.campaign.id": "popupwatch.campaign.id", "source.ip": "source.ip"},
		map[string]any{
			"popupwatch.source.messages":   aggregation("sum", "popupwatch.source.messages"),
			"popupwatch.source.claims":     aggregation("value_count", "popupwatch.source.state"),
			"popupwatch.source.first_seen": aggregation("min", "popupwatch.source.first_seen"),
			"popupwatch.source.last_seen":  aggregation("max", "popupwatch.source.last_seen"),
			"popupwatch.source.states":     words("popupwatch.source.state", 6),
			"popupwatch.source.sensors":    aggregation("cardinality", "observer.name"),
		})
}

func aggregation(kind, field string) any { return map[string]any{kind: map[string]any{"field": field}} }

// words counts the most frequent values of a field. The result is an object with the values for names.
func words(field string, most int) any {
	return map[string]any{"terms": map[string]any{"field": field, "size": most}}
}

// transform goes on for ever: event.ingested tells what is new, in old captures as well.
func transform(name string, from event.Set, query map[string]any, by map[string]string, values map[string]any) Asset {
	id := fmt.Sprintf("%s-%d", name, AssetVersion)
	groups := map[string]any{}
	for to, field := range by {
		groups[to] = map[string]any{"terms": map[string]any{"field": field, "missing_bucket": len(by) > 1 && strings.HasSuffix(field, "campaign.id")}}
	}
	return Asset{
		Kind: "transform", Name: id, Path: "/_transform/" + id, privilege: "manage_transform",
		Body: map[string]any{
			"description": "what all sensors saw, by " + name, "_meta": meta(name + " over all sensors"),
			"source": map[string]any{"index": []any{Pattern(from)}, "query": query},
			"dest":   map[string]any{"index": id, "aliases": []any{map[string]any{"alias": name, "move_on_creation": true}}},
			"sync":   map[string]any{"time": map[string]any{"field": "event.ingested", "delay": "60s"}}, "frequency": "5m",
			"pivot": map[string]any{"group_by": groups, "aggregations": values},
		},
	}
}

// entityTemplate is the mapping of the indices that the transforms fill.
func entityTemplate(s Server) Asset {
	properties := map[string]any{}
	for path, kind := range map[string]string{
		"source.ip": "ip", "popupwatch.campaign.id": "keyword",
		"popupwatch.campaign.messages": "long", "popupwatch.campaign.sources": "long", "popupwatch.campaign.targets": "long", "popupwatch.campaign.sensors": "long",
		"popupwatch.campaign.first_seen": "date", "popupwatch.campaign.last_seen": "date",
		"popupwatch.campaign.domains": "flattened", "popupwatch.campaign.verdicts": "flattened", "popupwatch.campaign.states": "flattened",
		"popupwatch.source.messages": "long", "popupwatch.source.claims": "long", "popupwatch.source.sensors": "long",
		"popupwatch.source.first_seen": "date", "popupwatch.source.last_seen": "date", "popupwatch.source.states": "flattened",
	} {
		place(properties, strings.Split(path, "."), fieldMapping(event.MappingType{Path: path, Type: kind}, s, event.SetCampaign))
	}
	const name = "popupwatch-entities"
	return Asset{
		Kind: "index template", Name: name, Path: "/_index_template/" + name, privilege: "manage_index_templates",
		Body: map[string]any{
			"index_patterns": []any{campaignsName + "-*", sourcesName + "-*"}, "priority": priority, "version": AssetVersion,
			"_meta":    meta("entity indices of campaigns and sources"),
			"template": map[string]any{"mappings": map[string]any{"dynamic": false, "properties": properties}},
		},
	}
}
