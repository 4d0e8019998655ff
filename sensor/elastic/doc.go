// Package elastic delivers events to Elasticsearch (or OpenSearch, where that is allowed) and makes a cluster ready for them.
//
// # The road of a document
//
//	store.Queue -> Sender.load: rows, up to so many documents and octets
//	            -> request: one _bulk, `create` with the event's id, event.ingested added
//	            -> answer: each document's fate, read from the answer by its id
//	            -> store.Queue.Settle: the row goes; what was refused for good lies in the dead letters
//
// Each document ends as indexed, duplicate, dead or still queued, and the four add up to what was produced (Ledger). Nothing is believed that
// the answer does not say: a document whose id the answer does not name is sent again, and `create` with an id of content makes that harmless.
//
// # What becomes of an answer
//
//	item 200, 201        settled; one that went to the failure store is counted and logged besides
//	item 409             settled: it was there already
//	item 429, 5xx        kept, sent again after a pause
//	item other 4xx       dead letter; but 403 or 404 for every item is a wrong configuration: kept, alarm
//	whole 413, 400       the request is halved, down to one document, which is a dead letter then
//	whole 429            kept, pause, smaller requests
//	whole 401, 403, other 4xx and 3xx, nonsense   kept, alarm, long pause
//	whole 5xx, no answer                          kept, pause
//
// Pauses grow from 1 s to 60 s, each drawn at random from zero to that (full jitter), and are never shorter than Retry-After.
//
// # Ids and rollover
//
// Elasticsearch holds an id single within one backing index only. A replay therefore asks, once a stream has several, which ids of a request
// are held already, after a refresh; live does not, since its events are new.
package elastic
