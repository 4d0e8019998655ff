// Package store keeps events in one SQLite file: the queue from which outputs are fed, and their dead letters. It keeps drafts of reports
// beside them, as text.
//
// # The queue
//
// One goroutine writes. Events are gathered into batches, one row each (256 documents, or 1 MiB, or what a quarter of a second brought),
// compressed with S2 and guarded by a CRC-32C. An output has a cursor: all rows up to it are delivered. What every output has had is deleted in
// the transaction that moves the cursor, and so are dead letters made: a crash between two transactions sends a batch again, never loses one.
//
// WAL with synchronous=NORMAL: a killed process loses nothing that a transaction holds; a machine that loses its power may lose the last
// transactions, never the file.
//
// # Policy
//
// The queue has a size, in octets of the documents that wait. When it is full, a replay waits; live sheds what comes and counts it (shed).
// Nothing that stands in the queue is ever given up for what is new.
package store
