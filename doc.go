// Package evercreds keeps temporary AWS credentials fresh.
//
// A [Session] is an aws.CredentialsProvider for the AWS SDK for Go v2. It
// fetches credentials by assuming a role ([NewSTS]), with a device certificate
// ([NewIoT]) or with a function of your own ([NewCustom]), and refreshes them
// before they expire:
//
//	session, err := evercreds.NewSTS(cfg, evercreds.AssumeRole{RoleARN: arn})
//	...
//	defer session.Close()
//	client := s3.NewFromConfig(session.Config(cfg))
//
// With more than the advisory window left (15 minutes by default), a request
// costs one reading of the clock. Within it, one refresh runs in the background,
// nobody waits, and a failure is nobody's error. Within the mandatory window (10
// minutes) callers wait for the one refresh under way and share its outcome.
// A sick source is called at a bounded pace, however many callers there are; whoever
// has nothing to be served waits for the next attempt, up to [WithMaxWait].
//
// What a service refuses to one client is that client's affair: its call is signed
// with another set and sent again, and all others go on. [Session.Invalidate] gives a
// set up for everybody.
//
// Time is told by two clocks: the wall clock, corrected by the server's, and the
// monotonic one; the set ends with whichever says so first.
//
// [Client] gives clients of any service that the session keeps, one for equal
// options. [WithEvents] and [WithLogger] tell what happens.
//
// The context of a call frees that caller only. Refreshes have contexts of their
// own, bounded by [WithRefreshTimeout].
package evercreds
