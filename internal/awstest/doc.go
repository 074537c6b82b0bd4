// Package awstest is a strict stand-in for the parts of AWS that evercreds
// talks to, served on loopback: STS (AssumeRole, GetCallerIdentity), the IoT
// credentials provider, and one more signed call, S3 ListBuckets.
//
// It is strict where a mock is lenient. Every call has its Signature Version 4
// checked by signing it again, its session token and the token's expiry looked
// up, its clock compared; the IoT provider wants a client certificate from the
// stand-in's own authority. A session that serves a stale set, mixes two sets
// or signs with the wrong clock is therefore refused, as AWS would refuse it.
//
// It issues sets of any lifetime from two seconds, counts what it is asked,
// and injects faults; see Fault. docs/reference/stand-in.md describes the whole, and
// cmd/stand-in runs it alone for programs in other languages.
package awstest
