// Package report makes drafts of reports, and refuses to make them. Nothing in it sends anything.
//
// # Drafts
//
// Drafts is a sink on the road: it sees each claim's document while the Assessment still holds its proof. Form.Build is the only way to make a
// Draft, and takes a proof.Genuine of the very address that the claim is about; a Draft has no exported field, and no decoder gives one. What
// is kept of it is text (store.Draft), from which nothing can be made again. A claim that is contradicted later withdraws its draft.
//
// The gates that need a clock, a contact or an identity are those of Gates: they stand between the text in the store and a person, and can
// only refuse.
//
// # Instead of a report
//
// Where nothing is proven, there are other things to do: Refusals says for each address why a report would hurt, Traceback writes for our own
// upstream how forged packets came in, Impersonation tells somebody that his address stands on packets that he did not send.
//
// # Evidence
//
// Evidence gathers the packets behind popups and evidence, with the verdict and its sentences, for a capture that shows the argument on the
// packet.
package report
