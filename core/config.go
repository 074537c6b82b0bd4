package core

// Option numbers the settings of a session. Numbers are append-only.
type Option int32

// The options of a session. Those in seconds take whole seconds, but for
// OptRefreshTimeout and OptMaxStale, which may have fractions.
const (
	// OptPolicy is one of the Policy values; it sets the defaults of the others.
	OptPolicy Option = iota + 1
	// OptMethod is one of the Method values, or 16 and up for a registered one.
	OptMethod
	// OptAdvisoryTimeout is the advisory window A in seconds, 0 <= M <= A < 12 h.
	// Default: 900.
	OptAdvisoryTimeout
	// OptAdvisoryAuto (0 or 1) picks A by each set's lifetime. Default: 0, in Adaptive
	// and AWS2026 1.
	OptAdvisoryAuto
	// OptMandatoryTimeout is the mandatory window M in seconds. Default: 600, or 60 with
	// automatic windows.
	OptMandatoryTimeout
	// OptStability is one of the Stability values.
	OptStability
	// OptAdvisoryRefresh is one of the AdvisoryRefresh values.
	OptAdvisoryRefresh
	// OptRefreshTimeout is how long a flight may take, in seconds, above 0 and
	// at most 12 h. Default: 60 for sts and iot, 900 for the others.
	OptRefreshTimeout
	// OptJitter (0 or 1) draws each set's refresh point, against herds. Default: 0, in
	// Adaptive 1.
	OptJitter
	// OptMaxStale bounds, in seconds up to a year, how long "static" serves an expired
	// set. Default: no bound.
	OptMaxStale
	// OptDeferRefresh: 1 fetches at the first Ask, 0 at Open and ahead of need. Default: 1.
	OptDeferRefresh
	// OptAttended (0 or 1): an attempt prompts a person. Default: 0.
	OptAttended
	// OptMaxWait is how long, in seconds, a caller without valid credentials
	// waits for the next attempt to begin, at most 3600; 0: it gets the error at once.
	// Default: 30, in AWS2026 0.
	OptMaxWait
	// OptShare is one of the Sharing values. Default: Unshared; the options below then
	// count for nothing.
	OptShare
	// OptShareTurn is how long a turn lasts, in seconds from 1 to 30. Default: 5.
	OptShareTurn
	// OptShareWait is how long a flight that callers wait for may be kept for others'
	// sake, in seconds up to 60. Default: 10.
	OptShareWait
	// OptShareCall is how long one call of the store may take, in seconds from 0.025
	// to 10. Default: 0.25.
	OptShareCall
	// OptSharePoll is the first pause between two looks of a follower that callers wait
	// for, in seconds from 0.005 to 5. Default: 0.1.
	OptSharePoll
	// OptShareFirstCall is how long a session's first call of the store may take, in
	// seconds from 0.025 to 30; less than OptShareCall counts as that. A host that must
	// first learn which group it belongs to sets it. Default: OptShareCall.
	OptShareFirstCall

	optEnd
)

// Policy names a preset.
type Policy int32

// The presets: see section "Policies" of docs/concepts/how-it-works.md.
const (
	Classic  Policy = iota // windows of 15 and 10 min, until_expiry, no jitter; the default
	Adaptive               // windows by lifetime, until_expiry, jitter
	AWS2026                // as AWS's SDKs of 2026: windows by lifetime, static, inline
)

// Method is where credentials come from.
type Method int32

// The built-in methods. Numbers from MethodRegistered on are the host's own.
const (
	MethodSTS        Method = 1 // AssumeRole
	MethodCustom     Method = 2 // a function of the user's
	MethodIoT        Method = 3 // the AWS IoT credentials provider
	MethodRegistered Method = 16
)

// Stability says what waiters get if a required refresh fails.
type Stability int32

// The stabilities.
const (
	Strict      Stability = iota // the error
	UntilExpiry                  // the held set, until it expires; the default
	Static                       // the held set, even past its expiry; the default of AWS2026
)

// AdvisoryRefresh says who runs an advisory refresh.
type AdvisoryRefresh int32

// The ways of an advisory refresh.
const (
	Background AdvisoryRefresh = iota // the host, in the background; the default
	Inline                            // the caller that started it; the default of AWS2026
)

// OptionError refuses the value of an option.
type OptionError struct{ Option Option }

// Error returns what the option expects.
func (e *OptionError) Error() string { return "evercreds: " + OptionRule(e.Option) }

// OptionRule says in words what an option expects. It begins with the option's name.
func OptionRule(o Option) string {
	switch o {
	case OptPolicy:
		return `policy must be "classic", "adaptive" or "aws2026"`
	case OptMethod:
		return `method must be "sts", "custom", "iot" or a registered method`
	case OptAdvisoryTimeout:
		return `advisory_timeout must be "auto" or whole seconds with 0 <= mandatory_timeout <= advisory_timeout < 43200`
	case OptAdvisoryAuto:
		return `advisory_timeout must be "auto" or whole seconds, not both`
	case OptMandatoryTimeout:
		return "mandatory_timeout must be whole seconds with 0 <= mandatory_timeout <= advisory_timeout < 43200"
	case OptStability:
		return `stability must be "strict", "until_expiry" or "static"`
	case OptAdvisoryRefresh:
		return `advisory_refresh must be "background" or "inline"`
	case OptRefreshTimeout:
		return "refresh_timeout must be seconds above 0 and at most 43200"
	case OptJitter:
		return "jitter must be true or false"
	case OptMaxStale:
		return "max_stale must be seconds from 0 to 31536000"
	case OptDeferRefresh:
		return "defer_refresh must be true or false"
	case OptAttended:
		return "attended must be true or false"
	case OptMaxWait:
		return "max_wait must be seconds from 0 to 3600"
	case OptShare:
		return "share must be off, on or exclusive"
	case OptShareTurn:
		return "share_turn must be seconds from 1 to 30"
	case OptShareWait:
		return "share_wait must be seconds from 0 to 60"
	case OptShareCall:
		return "share_call must be seconds from 0.025 to 10"
	case OptSharePoll:
		return "share_poll must be seconds from 0.005 to 5"
	case OptShareFirstCall:
		return "share_first_call must be seconds from 0.025 to 30"
	}
	return "unknown option"
}

// config is what Set has stored. The set bits tell a given value from a default.
type config struct {
	policy    Policy // this and what follows to maxStale is read by each Ask
	stability Stability
	share     Sharing
	inline    bool
	deferred  bool
	attended  bool
	auto      bool
	maxStale  int64 // ms; Never: no cap
	jitter    bool
	method    Method
	advisory  int64  // ms
	mandatory int64  // ms
	timeout   int64  // ms
	maxWait   int64  // ms
	shareTurn int64  // ms
	shareWait int64  // ms
	shareCall int64  // ms
	sharePoll int64  // ms
	shareMeet int64  // ms; the bound of the first call
	given     uint32 // bit 1<<Option
}

// shows tells whether even callers that need not wait get a failure of this class:
// AWS's rule for permanent ones.
func (c *config) shows(class Class) bool { return c.policy == AWS2026 && class == Permanent }

func (c *config) has(o Option) bool { return c.given&(1<<uint(o)) != 0 }

// set checks one value by itself; finish checks the values against each other.
func (c *config) set(o Option, v float64) error {
	bad := &OptionError{o}
	if v != v { // NaN
		return bad
	}
	whole := v >= -1e15 && v <= 1e15 && v == float64(int64(v))
	if !whole && o != OptRefreshTimeout && o != OptMaxStale && (o < OptMaxWait || o == OptShare) {
		return bad
	}
	within := func(least, most float64) bool { return v >= least && v <= most }
	ok := false
	switch o {
	case OptPolicy:
		ok = store(&c.policy, v, within(0, float64(AWS2026)))
	case OptMethod:
		ok = store(&c.method, v, within(1, 3) || within(float64(MethodRegistered), 1<<30))
	case OptAdvisoryTimeout:
		ok = store(&c.advisory, v*1000, within(0, longestWindow))
	case OptMandatoryTimeout:
		ok = store(&c.mandatory, v*1000, within(0, longestWindow))
	case OptAdvisoryAuto:
		ok = storeBool(&c.auto, v)
	case OptStability:
		ok = store(&c.stability, v, within(0, float64(Static)))
	case OptAdvisoryRefresh:
		ok = storeBool(&c.inline, v)
	case OptRefreshTimeout:
		ok = store(&c.timeout, max(1, v*1000), v > 0 && v <= 43200)
	case OptJitter:
		ok = storeBool(&c.jitter, v)
	case OptMaxStale:
		ok = store(&c.maxStale, v*1000, within(0, 31536000))
	case OptDeferRefresh:
		ok = storeBool(&c.deferred, v)
	case OptAttended:
		ok = storeBool(&c.attended, v)
	case OptMaxWait:
		ok = store(&c.maxWait, v*1000, within(0, 3600))
	case OptShare:
		ok = store(&c.share, v, within(0, float64(Exclusive)))
	case OptShareTurn:
		ok = store(&c.shareTurn, v*1000, within(1, 30))
	case OptShareWait:
		ok = store(&c.shareWait, v*1000, within(0, 60))
	case OptShareCall:
		ok = store(&c.shareCall, v*1000, within(0.025, 10))
	case OptSharePoll:
		ok = store(&c.sharePoll, v*1000, within(0.005, 5))
	case OptShareFirstCall:
		ok = store(&c.shareMeet, v*1000, within(0.025, 30))
	}
	if !ok {
		return bad
	}
	c.given |= 1 << uint(o)
	return nil
}

// finish fills in the preset's defaults and checks the windows as a pair.
func (c *config) finish() error {
	if c.auto && c.has(OptAdvisoryTimeout) {
		return &OptionError{OptAdvisoryAuto}
	}
	if !c.has(OptMethod) {
		c.method = MethodSTS
	}
	preset := presets[c.policy]
	if !c.has(OptAdvisoryTimeout) && !c.has(OptAdvisoryAuto) {
		c.auto = preset.auto
	}
	if !c.has(OptStability) {
		c.stability = preset.stability
	}
	if !c.has(OptAdvisoryRefresh) {
		c.inline = preset.inline
	}
	if !c.has(OptJitter) {
		c.jitter = preset.jitter
	}
	if !c.has(OptDeferRefresh) {
		c.deferred = true
	}
	if !c.has(OptMaxWait) {
		c.maxWait = preset.maxWait
	}
	if !c.has(OptMaxStale) {
		c.maxStale = Never
	}
	if !c.has(OptRefreshTimeout) {
		c.timeout = 15 * minute // people log in there
		if c.method == MethodSTS || c.method == MethodIoT {
			c.timeout = minute
		}
	}
	c.finishShare()
	return c.finishWindows()
}

// finishShare fills in the defaults of sharing. A session that does not share is the
// same, to the byte of its snapshot, whatever else was said of sharing.
func (c *config) finishShare() {
	defaults := [...]struct {
		option Option
		value  *int64
		ms     int64
	}{
		{OptShareTurn, &c.shareTurn, 5 * second}, {OptShareWait, &c.shareWait, 10 * second},
		{OptShareCall, &c.shareCall, 250}, {OptSharePoll, &c.sharePoll, 100}, {OptShareFirstCall, &c.shareMeet, 0},
	}
	for _, d := range defaults {
		if c.share == Unshared {
			*d.value = 0
		} else if !c.has(d.option) {
			*d.value = d.ms
		}
	}
	if c.share == Unshared {
		c.given &= 1<<uint(OptShare) - 1
	}
}

// longestWindow is the last whole second below the 12 hours that no role outlives.
const longestWindow = 43199

// store keeps a valid value; a refused one changes nothing.
func store[T ~int32 | ~int64](to *T, v float64, ok bool) bool {
	if ok {
		*to = T(v)
	}
	return ok
}

func storeBool(to *bool, v float64) bool {
	if v != 0 && v != 1 {
		return false
	}
	*to = v == 1
	return true
}

type preset struct {
	auto, inline, jitter bool
	stability            Stability
	maxWait              int64
}

var presets = [...]preset{
	Classic:  {stability: UntilExpiry, maxWait: 30 * second},
	Adaptive: {auto: true, jitter: true, stability: UntilExpiry, maxWait: 30 * second},
	AWS2026:  {auto: true, inline: true, stability: Static},
}

// seed defaults, and the mandatory window that goes with automatic ones.
const (
	defaultAdvisory      = 900 * second
	defaultMandatory     = 600 * second
	defaultMandatoryAuto = 60 * second
)

// finishWindows clamps the default of a window that was not given.
func (c *config) finishWindows() error {
	if !c.has(OptMandatoryTimeout) {
		c.mandatory = defaultMandatory
		if c.auto || presets[c.policy].auto { // M is the preset's even if A was given
			c.mandatory = defaultMandatoryAuto
		}
	}
	if c.auto {
		return nil // A is known with the first set; see windowsFor
	}
	switch hasA, hasM := c.has(OptAdvisoryTimeout), c.has(OptMandatoryTimeout); {
	case hasA && hasM && c.mandatory > c.advisory:
		return &OptionError{OptMandatoryTimeout}
	case hasA:
		c.mandatory = min(c.mandatory, c.advisory)
	default:
		c.advisory = max(defaultAdvisory, c.mandatory)
	}
	return nil
}
