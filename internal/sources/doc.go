// Package sources holds the sources that temporary credentials come from in Go.
//
// The refresh machine (package core) decides when credentials are fetched; a
// [Source] fetches them, once for each [Flight] that the machine starts:
//
//   - [STS] assumes a role, with an MFA code where the role asks for one;
//   - [IoT] shows an X.509 certificate to the AWS IoT credentials provider;
//   - [Custom] calls a function of the user's.
//
// A Source knows nothing of windows, waiters and hold-offs. It answers with one
// [Result] whose fields come from one single reply, or with one [*Error] that
// says whether trying again can help. No secret enters an error.
//
// Users read of the structs in the root package, which has those of the same names
// and fields, and gives them on to the ones here.
package sources
