// Package share has the stores where processes meet that share their refreshes, and what
// a store of your own must do.
//
// Sessions that mean the same credentials make one refresh between them: one process
// calls the source, and the others take its set from a [Store]. The store may be down,
// slow, stale or forged. It may delay a refresh, and never prevents one, and it sees
// only sealed sets: the session seals and opens them. docs/reference/sharing-stores.md is the
// contract, which Python and Node follow too; programs in all three meet in one record.
//
// [File] meets the processes of one machine. For a fleet there are Redis and Valkey
// (github.com/evercreds/evercreds/share/redisshare) and DynamoDB
// (github.com/evercreds/evercreds/share/dynamoshare), modules of their own, which take a
// client that you have. For another engine, implement [Store], or [Versions] for
// [CompareAndSwap], and run github.com/evercreds/evercreds/share/sharetest on it.
package share
