package main

// sections are those of the page. A goal's reason is shown where the goal is not met.
var sections = []section{
	{
		title:  "Fresh credentials",
		text:   "What each signed request pays: a call for credentials that are fresh. The time is the processor's, of this process.",
		groups: []string{"python-hot", "go-hot", "go-hot-procs", "node-hot"},
		goals: []goal{
			{"Python: botocore's own takes, of ours", "python-hot", "botocore RefreshableCredentials", "evercreds", true, 60, "the ratio is botocore's date arithmetic; it moves with the Python version"},
			{"Python: ours, of a static set", "python-hot", "evercreds", "botocore Credentials, static", false, 2, "a static set reads no clock; one reading is half of ours"},
			{"Go, one goroutine: ours, of aws.CredentialsCache", "go-hot", "evercreds Session.Retrieve", "aws.CredentialsCache.Retrieve", false, 0.8, "each reads the clock once, and that reading alone takes {floor} of the peer's time. Ours copies the set on top of it, as the interface wants it"},
			{"Go, one goroutine: ours, of oauth2", "go-hot", "evercreds Session.Retrieve", "oauth2.ReuseTokenSource.Token", false, 0.8, "a reading of the clock alone takes {floor} of the peer's time. oauth2 returns a pointer to its token; aws.CredentialsProvider returns a set by value"},
			{"Go, one goroutine: ours, of Google's", "go-hot", "evercreds Session.Retrieve", "auth.CachedTokenProvider.Token (Google)", false, 0.8, "as above: the clock alone takes {floor}; a pointer there, a set by value here"},
			{"Go, two goroutines: ours, of aws.CredentialsCache", "go-hot-procs", "evercreds Session.Retrieve", "aws.CredentialsCache.Retrieve", false, 0.8, "as with one goroutine: the clock alone takes {floor}"},
			{"Go: allocations of a call", "allocations", "go-hot: evercreds Session.Retrieve", "", false, 0, ""},
			{"Node: ours, of the SDK's memoize", "node-hot", "evercreds", "SDK memoizeIdentityProvider", false, 0.8, "an awaited promise and a reading of the clock alone take {floor} of the peer's time. Ours reads a second clock on top, one that nobody sets: a step of the wall clock must not lengthen a set's life"},
		},
	},
	{
		title:  "Clients that are kept",
		text:   "A program asks for a client where it needs one; it was made before. Python beside boto3-client-cache, whose clients the predecessor gives; Go beside a map with a lock.",
		groups: []string{`python-client: client("s3")`, "python-client: with a region", "python-client: with verify=False", "python-client: with a Config", "python-client: with keys", `python-client: resource("s3")`, "python-client: cold", "python-client-threads", "go-client", "go-client-option"},
		goals: []goal{
			{`Python client("s3"): the peer's, of ours`, `python-client: client("s3")`, "boto3-client-cache", "evercreds", true, 25, "one dict look-up by the words of the call, one counted use and one look at the process (a fork that Python was not told of) are left"},
			{"Python, with a Config: the peer's, of ours", "python-client: with a Config", "boto3-client-cache", "evercreds", true, 10, "a Config can change after it was given, so its options are compared at each call"},
			{"Python, 100 threads: CPU of a call, of one thread's", "python-client-threads", "evercreds, 100 threads", "evercreds, 1 thread", false, 1.3, "the interpreter's lock goes from thread to thread; the cache has none of its own where the client is there"},
			{"Go Client: ours, of a map", "go-client", "evercreds.Client", "floor: a map by the same key", false, 1.2, ""},
			{"Go Client with an option: ours, of a map", "go-client-option", "evercreds.Client with an option", "floor: a map by the same key", false, 5, "an option is a function: it is called each time, on a copy of the service's options, for what it captured may have changed. That copy alone is the third line; the rest is to compare what the option did, and a salted hash"},
		},
	},
	{
		title:  "Start",
		text:   "The processor's time of whole processes, each begun anew. `boto3` is imported in each of the first; the second get credentials of a role once from a server on this machine.",
		groups: []string{"python-import", "first-python", "first-node", "first-go", "first-python-elapsed", "first-node-elapsed", "first-go-elapsed"},
		goals: []goal{
			{"Python import: boto3 and ours, of boto3 alone", "python-import", "evercreds", "boto3", false, 1.10, "a hundred small modules are found and read, 0.15 ms each, and run: the enumerations of the generated table, the types of arguments, two public data classes and ctypes are most of that. Of other packages nothing comes along"},
			{"Python, first credentials: ours, of the predecessor's", "first-python", "evercreds", "boto3-refresh-session", false, 1, "the shared library is loaded, with Go's runtime in it, and the modules above"},
			{"Node, first credentials: ours, of fromTemporaryCredentials", "first-node", "evercreds", "fromTemporaryCredentials", false, 1, "two thirds of the difference are the WebAssembly module, once in each process: it is unpacked, compiled, and Go's runtime starts in it; the rest reads and runs the package's own code. The SDK's part takes as long in both"},
			{"Go, first credentials: ours, of stscreds", "first-go", "evercreds", "stscreds", false, 1, "0.1 ms: the session has hooks in its STS client, and a goroutine for the attempt; it is within the spread of the rounds"},
		},
	},
	{
		title:  "Sessions of STS in Python",
		text:   "What one more session costs, and one more with an S3 client, beside the predecessor, which makes a botocore session with all its data for each.",
		groups: []string{"python-session, ms", "python-session, KiB", "python-client, ms", "python-client, KiB"},
		goals: []goal{
			{"construct: the predecessor's time, of ours", "python-session, ms", "boto3-refresh-session", "evercreds", true, 30, "a plain boto3.Session takes twice as long, since ours shares botocore's data: what is left is setting up botocore's own session"},
			{"memory: the predecessor's, of ours", "python-session, KiB", "boto3-refresh-session", "evercreds", true, 45, "what is left is boto3's own session, which alone takes 149 KiB"},
			{"memory with an S3 client: the predecessor's, of ours", "python-client, KiB", "boto3-refresh-session", "evercreds", true, 24, "what is left is botocore's client"},
		},
	},
	{
		title:  "The core",
		text:   "`Ask` is what a caller without a lease costs, `Wake` what a timer does. The sessions are asked in the order of memory, or in a random one, which no cache knows. The floor of that is one cache line read for each, where each address comes from the line before.",
		groups: []string{"core-1000", "core-100000", "core-1000000"},
		goals: []goal{
			{"Ask, 1,000 sessions", "core-1000", "Ask", "", false, 50, "a time and not a ratio: here one reading of the clock takes {clock}"},
			{"Wake, 1,000 sessions", "core-1000", "Wake", "", false, 150, ""},
			{"Ask and Wake: allocations", "allocations", "core-1000: Ask", "", false, 0, ""},
			{"Ask, 100,000 sessions in random order, of one cache miss", "core-100000", "Ask, in random order", "floor: read a cache line each, in random order", false, 3, "a session's state and the answer are more lines than three"},
			{"Ask, 1,000,000 sessions in random order, of one cache miss", "core-1000000", "Ask, in random order", "floor: read a cache line each, in random order", false, 3, "as above"},
		},
	},
	{
		title:  "Many eager sessions",
		text:   "Sessions that keep themselves fresh without a caller, after all have their first set: 100,000 in Go, 10,000 in Python and Node, beside what a program would do by hand. Memory is for one more, idle time is the processor's in three seconds (in Node the middle of several such spans).",
		groups: []string{"eager-go, KiB", "eager-go, idle ms", "eager-python, KiB", "eager-python, idle ms", "eager-node, KiB", "eager-node, idle ms"},
		goals: []goal{
			{"Go: memory, of a goroutine and a timer each", "eager-go, KiB", "evercreds", "a goroutine and a timer each", false, 0.25, "the machine alone, with all that it remembers (hold-offs, outcomes, refused sets), is 1.8 KiB; a copy of the config, the host and two caches of clients are as much again. The peer has a set, a timer and a stack"},
			{"Go: goroutines", "eager-go, goroutines", "evercreds", "", false, 0, ""},
			{"Go: idle, in 3 s", "eager-go, idle ms", "evercreds", "", false, 1, "the collector's background work on the sessions' memory"},
			{"Python: memory, of a threading.Timer each", "eager-python, KiB", "evercreds", "a threading.Timer each", false, 0.25, "a session of ours is a boto3.Session with a botocore session of its own, which alone takes 149 KiB"},
			{"Python: threads", "eager-python, threads", "evercreds", "", false, 1, ""},
			{"Python: idle, in 3 s", "eager-python, idle ms", "evercreds", "", false, 1, "the collector of the Go library"},
			{"Node: memory, of a setTimeout each", "eager-node, KiB", "evercreds", "floor: a setTimeout each", false, 0.25, "of our 19 KiB some 7 are objects and 4 lie outside V8's heap, among them the machine in the WebAssembly module's memory; the rest is room that V8 keeps from the constructors. The floor is a timer and a set"},
			{"Node: idle, in 3 s", "eager-node, idle ms", "evercreds", "", false, 1, "V8's collector comes twice for the thread in which Node loads modules, within some seconds of the start; after that an idle span takes 0.4 ms"},
		},
	},
	{
		title:  "1,000 callers wait for the first set",
		text:   "How long after the source's reply the callers have it: the time on the clock until 99 of 100 have. It is reported, and has no goal.",
		groups: []string{"waiting-go", "waiting-python", "waiting-node"},
	},
	{
		title:  "The WebAssembly module",
		text:   "Compressed with gzip, as a page loads it, beside an empty Go program built with the same flags.",
		groups: []string{"wasm"},
		goals:  []goal{{"compressed", "wasm", "evercreds", "", false, 620, ""}},
	},
}
