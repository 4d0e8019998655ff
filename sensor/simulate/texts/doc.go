// Package texts makes popups whose truth is known: which campaign each is of, what kind of sender wrote it, what was done to its text. Campaigns
// and scores are evaluated with them (SPOOF-AND-CAMPAIGNS 6, 10).
//
// A family is one template of two to six sentences; two families share at most 40 % of their sentences. Its siblings are the same kit in the hands of other
// affiliates: other site, product and names. Over days a template drifts. Each message is written at a Level. Legitimate popups are of many kinds. Poison are
// messages that want to pull campaigns together.
//
// What is tuned on one Split must be shown on the other. They share no sentence (folder grammar), no seed, and differ in parameters: see Params.
//
// Goals: the same options give the same octets for ever. Anti-goals: no packets, no addresses that exist, no text that persuades anybody.
package texts
