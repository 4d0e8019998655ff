// Package console is the web console on the local store: a read-only JSON API over HTTP and the page that uses it. It asks the store, and
// nothing else; whatever it shows stands in the events.
//
// # The road of a question
//
//	browser -> guard (Host, token, method, bounds) -> handler -> query (words -> store.Filter) -> store (SQL) -> JSON
//
// The store answers with the types of its questions.go; their JSON is the API's, field for field, and openapi.yml describes it. Handlers add
// only what is no question of the store: the counsel for a source (sensor/spoof), the difference between variants, octets of a text.
//
// # Paths
//
// All are GET, all below /api/v1 answer JSON but for export and live. q is the query, from and to bound packet time (RFC 3339; from
// included, to not), cursor and limit page.
//
//	/api/v1/status                  who answers: version, store.Kept, whether a capture runs (live), what live knows of itself (memory)
//	/api/v1/overview?q&from&to      store.Overview
//	/api/v1/campaigns?q&from&to&sort&cursor&limit
//	                                store.CampaignPage
//	/api/v1/campaigns/{id}          store.Campaign; each variant has besides "diff": [{"op": "same|added|removed", "text"}] against the first
//	/api/v1/sources?q&from&to&sort&cursor&limit
//	                                store.SourcePage
//	/api/v1/sources/{ip}            SourceView: the claims with their weighed evidence, counsel, refusals in sentences; a draft's id only where proven
//	/api/v1/messages?q&from&to&order=newest|oldest&cursor&limit
//	                                store.MessagePage
//	/api/v1/events/{id}             {"document": the event as it was written, "octets": [{"field": "from|to|text", "base64", "code_page", "exact"}]}
//	/api/v1/findings?q&from&to&cursor&limit
//	                                store.FindingPage
//	/api/v1/sensor?q&from&to        store.SensorView
//	/api/v1/drafts/{id}             the draft of a report, which exists for proven sources alone
//	/api/v1/live?q                  server-sent events: "message" (store.MessageRow), "source", "campaign", "finding", "sensor" (the document);
//	                                id is the row's number, Last-Event-ID goes on from there; a comment each 15 s
//	/api/v1/export?set=messages|sources|campaigns|findings|sensor&format=csv|ndjson&q&from&to
//	                                a download, streamed
//	/api/v1/openapi.yml             the description
//	/, /campaigns, /campaigns/{id}, /sources, /sources/{ip}, /messages, /messages/{id}, /findings, /sensor, /help
//	                                the page; /assets/... its files
//
// An error is {"error": {"code", "message", "at", "hint"}}: at is the offset in q where one is meant, hint what to do.
//
// # The query language
//
//	campaign:cmp1-66jh7cukqwny62dg state:unknown,forged_probable domain:registrycleanerxp.com text:"critical error" -port:1026 score:>=10 viagra
//
// Conditions are joined by and; values behind a comma by or; a minus negates; quotes hold spaces; a bare word is looked for in the text. At
// most 1,024 octets and 32 conditions. The fields are those of store.Field.
//
// # Who may ask
//
// On loopback anybody on the machine, by a Host that is loopback too (or the address listened on): a page elsewhere that rebinds its name to
// 127.0.0.1 is refused. Off loopback each path wants the token: Authorization: Bearer TOKEN, or Basic with the token as the password of any
// user, which is how a browser asks for it.
package console
