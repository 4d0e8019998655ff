// Package kibana makes what an analyst sees of the events in Kibana: data views, saved searches, four dashboards, detection rules and an
// exception list; it installs them over Kibana's API and checks that they arrived.
//
// The dashboards are described as Go values (overview.go, campaign.go, sources.go, health.go): which question a panel answers, from which
// data set, with which filter, metric and breakdown. From that come saved objects in the form that Kibana exports: Lens panels by value,
// no formula, no script. Panels sum popupwatch.message.count and never count documents, since one document may stand for many popups.
// Claims are read with popupwatch.source.final: true. An address stands nowhere without the state of the claim beside it, unless it is
// one of our own.
//
// There was no Kibana to run this against (none is in a registry): what stands in its place is said in the topic page "dashboards".
package kibana
