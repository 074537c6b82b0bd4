package workers

import "time"

// Order is a line that a worker is told on its standard input, as JSON. Orders are
// carried out beside each other. Each is answered by one line with its number.
type Order struct {
	Number int `json:"n"`
	// Do is what to do: open, call, keep, key, refresh, fork (in Python) and close
	// are about one session, sample and settle about the process.
	Do      string `json:"do"`
	Session int    `json:"session,omitempty"`
	Source  Source `json:"source,omitzero"` // open: of the session
	Cached  bool   `json:"cached,omitempty"`
	Pace    Pace   `json:"pace,omitzero"`   // keep: calls until the session is closed
	Times   int    `json:"times,omitempty"` // refresh
	// Resource has a call list what a resource of the thread's lists, in Python.
	Resource bool `json:"resource,omitempty"`
	Drop     bool `json:"drop,omitempty"` // close: forget the session, and do not close it
	// Leak is what to hold on to for ever: session at a close; thread, fd or memory
	// at a sample.
	Leak string `json:"leak,omitempty"`
	// Names are what is to settle: to be no more than in Start, or, without one, to
	// stay the same.
	Names []string           `json:"names,omitempty"`
	Start map[string]float64 `json:"start,omitempty"`
}

// Source is one source of credentials, and how a session of it is kept fresh. What
// is not there has its default.
type Source struct {
	Kind        string `json:"kind"` // sts, custom, iot, or made: sets that the worker makes up
	Name        string `json:"name"` // role ARN, or alias of the IoT credentials provider
	SessionName string `json:"session_name,omitempty"`
	ExternalID  string `json:"external_id,omitempty"`
	Policy      string `json:"policy,omitempty"`
	Eager       bool   `json:"eager,omitempty"`
	Inline      bool   `json:"inline,omitempty"`
	Advisory    int    `json:"advisory_s,omitempty"`
	Mandatory   int    `json:"mandatory_s,omitempty"`
	Timeout     int    `json:"timeout_s,omitempty"` // of a refresh
	// NoWait is max_wait=0: each call shows what becomes of the attempt that it meets.
	NoWait bool `json:"no_wait,omitempty"`
	// Resend gives Go's SDK the second try that it needs to send a call again whose
	// credentials were rejected. The other SDKs need none.
	Resend bool `json:"resend,omitempty"`
	// Logs has the session log all that it can to standard error.
	Logs bool `json:"logs,omitempty"`

	// Serial, Secret: an MFA device, whose one-time codes a function makes of the secret.
	Serial string `json:"serial,omitempty"`
	Secret string `json:"secret,omitempty"`
	Share  *Share `json:"share,omitempty"` // with whom its refreshes are shared; nil: with nobody

	Endpoint    string `json:"endpoint,omitempty"` // of STS; empty: of AWS itself
	TLSEndpoint string `json:"tls_endpoint,omitempty"`
	CA          string `json:"ca,omitempty"`
	Certificate string `json:"certificate,omitempty"`
	PrivateKey  string `json:"private_key,omitempty"`
}

// Share is a store where processes meet. What is not there has its default.
type Share struct {
	Store     string   `json:"store"`          // file, redis, dynamodb or s3
	Where     string   `json:"where"`          // a directory, HOST:PORT, or an endpoint
	Keys      []string `json:"keys,omitempty"` // in base64; the first seals
	NameKey   string   `json:"name_key,omitempty"`
	Principal string   `json:"principal,omitempty"`
	ID        string   `json:"id,omitempty"`
	Turn      float64  `json:"turn_s,omitempty"`
	Wait      float64  `json:"wait_s,omitempty"`
	CallMs    int64    `json:"call_ms,omitempty"` // the bound of a call of Redis
}

// Pace is how callers of a session make calls.
type Pace struct {
	Callers  int   `json:"callers"`
	PauseMs  int64 `json:"pause_ms"`  // before each call
	SpreadMs int64 `json:"spread_ms"` // and up to that more
	// Look has each call ask for credentials beforehand, and tell how long that took.
	Look bool `json:"look"`
}

// Around is a pause of half to one and a half of ms.
func Around(callers int, ms int64) Pace {
	return Pace{Callers: callers, PauseMs: ms / 2, SpreadMs: ms}
}

// Line is a line that a worker tells on its standard output, as JSON: the answer to
// an order, or one of the calls that keep asks for.
type Line struct {
	Number int    `json:"n,omitempty"`
	Error  string `json:"error,omitempty"` // why an order was not carried out

	// Of a call:
	Session int    `json:"session,omitempty"`
	AtMs    int64  `json:"at_ms,omitempty"` // when it began, in ms since 1970
	EndMs   int64  `json:"end_ms,omitempty"`
	WaitMs  int64  `json:"wait_ms,omitempty"` // for credentials
	Failed  string `json:"failed,omitempty"`  // what it failed with
	Code    string `json:"code,omitempty"`    // of that error
	Before  Status `json:"before,omitzero"`
	After   Status `json:"after,omitzero"` // of a close too

	// Of an event of a session that shares: what it is, and what goes with it. A line
	// about a refresh has the key, and when that ends by the session's own word.
	Event    string `json:"event,omitempty"`
	Step     string `json:"step,omitempty"` // what sharing has come to
	ExpiryMs int64  `json:"expiry_ms,omitempty"`

	Key   string             `json:"key,omitempty"`    // key: the ID of the access key that is held
	Usage map[string]float64 `json:"usage,omitempty"`  // sample, settle
	LagMs float64            `json:"lag_ms,omitempty"` // sample: the longest standstill since the one before
	Ended int64              `json:"ended,omitempty"`  // sample, settle: threads that have ended, in Python
}

// Status is where a session stands.
type Status struct {
	Phase       string `json:"phase"`
	RemainingMs int64  `json:"remaining_ms"`
	MandatoryMs int64  `json:"mandatory_ms"`
	Rejected    bool   `json:"rejected"` // for all callers, or for one
	Installs    int64  `json:"installs"`
	Failures    int64  `json:"failures"`
	Rejections  int64  `json:"rejections"`
	ShareCalls  int64  `json:"share_calls"`
}

// WatchStalls tells of each standstill of this process until done is closed.
func WatchStalls(done <-chan struct{}, stall func(lag time.Duration)) {
	const every = 50 * time.Millisecond
	tick := time.NewTicker(every)
	defer tick.Stop()
	for last := time.Now(); ; {
		select {
		case <-done:
			return
		case <-tick.C:
			now := time.Now()
			if lag := now.Sub(last) - every; lag > 0 {
				stall(lag)
			}
			last = now
		}
	}
}
