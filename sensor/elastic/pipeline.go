package elastic

// pipeline adds where addresses are: destinations, and sources that are proven. A forged source has no place: a map of them would blame. What
// the sensor found itself, where it has databases (--geoip), stays as it is.
func pipeline() Asset {
	processors := []any{
		processor("set", "ingested", map[string]any{"field": "event.ingested", "value": "{{{_ingest.timestamp}}}", "override": false}),
	}
	processors = append(processors, lookUp("destination", "")...)
	processors = append(processors, lookUp("source", "ctx.tags != null && ctx.tags.contains('source-proven')")...)
	return Asset{
		Kind: "ingest pipeline", Name: pipelineName, Path: "/_ingest/pipeline/" + pipelineName, privilege: "manage_ingest_pipelines",
		Body: map[string]any{
			"description": "adds places and networks to the events of popupwatch", "version": AssetVersion,
			"_meta": meta("places and networks of destinations and proven sources"), "processors": processors, "on_failure": onFailure(),
		},
	}
}

func processor(kind, tag string, config map[string]any) any {
	config["tag"] = tag
	return map[string]any{kind: config}
}

// lookUp adds geo and as to one end that has none. What cannot be looked up is left out: an alert without a place is still an alert.
func lookUp(end, condition string) []any {
	within := func(config map[string]any) map[string]any {
		config["ignore_missing"] = true
		config["ignore_failure"] = true
		if condition != "" {
			config["if"] = condition
		}
		return config
	}
	without := func(object string, config map[string]any) map[string]any {
		config = within(config)
		config["if"] = "ctx." + end + "?." + object + " == null"
		if condition != "" {
			config["if"] = condition + " && ctx." + end + "?." + object + " == null"
		}
		return config
	}
	as := end + ".as."
	return []any{
		processor("geoip", end+"-geo", without("geo", map[string]any{"field": end + ".ip", "target_field": end + ".geo"})),
		processor("geoip", end+"-as", without("as", map[string]any{
			"field": end + ".ip", "target_field": end + ".as", "database_file": "GeoLite2-ASN.mmdb", "properties": []any{"asn", "organization_name"},
		})),
		processor("rename", end+"-as-number", within(map[string]any{"field": as + "asn", "target_field": as + "number"})),
		processor("rename", end+"-as-name", within(map[string]any{"field": as + "organization_name", "target_field": as + "organization.name"})),
	}
}

// onFailure says in the document what failed, as Elastic's packages do.
func onFailure() []any {
	return []any{
		processor("set", "failed-kind", map[string]any{"field": "event.kind", "value": "pipeline_error"}),
		processor("append", "failed-why", map[string]any{"field": "error.message", "value": "Processor '{{{ _ingest.on_failure_processor_type }}}' " +
			"with tag '{{{ _ingest.on_failure_processor_tag }}}' in pipeline '{{{ _ingest.pipeline }}}' failed with message '{{{ _ingest.on_failure_message }}}'"}),
	}
}
