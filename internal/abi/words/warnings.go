package words

// Warnings of what a host notices by itself: no decision brings them. A session tells
// each once, to its log and as an event.
const (
	// InCache: see evercreds.Session.Uncached.
	InCache = "an aws.CredentialsCache stands between the session and its callers, as config.WithCredentialsProvider makes one: " +
		"it keeps credentials until they expire, past every refresh and rejection; use Session.Config, or Session.Uncached and Session.APIOptions"
	// ClockDoubted comes with a rejection of a request that was signed with a new set.
	ClockDoubted = "a service rejects requests that were signed with new credentials as expired; this machine's clock may be wrong"
	// Presigned comes with a presigned URL.
	Presigned = "a presigned URL is to last longer than the credentials that signed it, and ends with them; " +
		"sign with credentials that have enough time left ({min_ttl})"
	// Entry is told with the step Unopened.
	Entry = "an entry of the store for shared credentials cannot be opened, and counts for nothing"
	// Lonely is told with the step NobodyMet.
	Lonely = "no other session shares these credentials; a session name that differs in each process shares nothing"
	// ShortWait comes where a session is made.
	ShortWait = "{share_wait} is below twice {share_turn}: where a process dies in its turn, callers of the others fetch for themselves"
)
