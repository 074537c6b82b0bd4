package main

// within makes a condition of true time.
func within(from, to int64) func(int64) bool {
	return func(now int64) bool { return now >= from && now < to }
}

// stepped makes the error of a clock that NTP sets at an instant.
func stepped(at, by int64) func(int64) int64 {
	return func(now int64) int64 {
		if now < at {
			return 0
		}
		return by
	}
}

var scenarios = []scenario{
	{
		name:     "STS is down for 20 minutes, around the expiry",
		what:     "Sets live an hour. STS does not answer from 10 minutes before the first set's expiry to 10 minutes after it.",
		sessions: 1, callers: 20, pause: second, length: 2 * hour,
		service: service{lifetime: hour, down: within(50*minute, 70*minute)},
	},
	{
		name:     "STS is down for 20 minutes, before the expiry",
		what:     "The same outage, over when the first set expires: who refreshes early meets it, who refreshes late does not.",
		sessions: 1, callers: 20, pause: second, length: 2 * hour,
		service: service{lifetime: hour, down: within(40*minute, 60*minute)},
	},
	{
		name:     "10,000 roles and a throttled STS",
		what:     "10,000 sessions with a role each start within a minute, and come back together when their sets end. From the tenth minute on STS takes 50 calls in a second and throttles all others.",
		sessions: 10_000, callers: 1, pause: 30 * second, length: 130 * minute,
		service: service{lifetime: hour, perS: 50, perSFrom: 10 * minute},
	},
	{
		name:     "Credentials that live 15 minutes",
		what:     "The least that STS gives. STS does not answer from 2 minutes after the first set came to 9 minutes after it.",
		sessions: 1, callers: 20, pause: second, length: hour,
		service: service{lifetime: 15 * minute, down: within(2*minute, 9*minute)},
	},
	{
		name:     "A clock that is 20 minutes behind",
		what:     "The host's clock is 20 minutes behind the service's. (The SDKs sign with a corrected time, so that it is only the expiry that is misread.)",
		sessions: 1, callers: 20, pause: second, length: 3 * hour,
		service: service{lifetime: hour},
		host:    host{wallError: func(int64) int64 { return -20 * minute }},
	},
	{
		name:     "A laptop that sleeps",
		what:     "The host sleeps from 20 to 53 minutes after the first set came, while its monotonic clock stands still. Its network is back 40 seconds after it wakes, for STS; the set has 7 minutes left.",
		sessions: 1, callers: 20, pause: second, length: 90 * minute,
		service: service{lifetime: hour, down: within(53*minute, 53*minute+40*second)},
		host:    host{sleepsFrom: 20 * minute, wakes: 53 * minute},
	},
	{
		name:     "A revoked set",
		what:     "20 minutes after the first set came, the services reject all that was issued before (`ExpiredToken`).",
		sessions: 1, callers: 20, pause: second, length: 2 * hour,
		service: service{lifetime: hour, revokeAt: 20 * minute},
	},
	{
		name:     "STS is down when the program starts",
		what:     "For its first 10 minutes. There is nothing to serve, and nothing helps but to try again.",
		sessions: 1, callers: 20, pause: second, length: 30 * minute,
		service: service{lifetime: hour, down: within(0, 10*minute)},
	},
	{
		name:     "No DNS in the first 30 seconds",
		what:     "As in a container whose network comes up after it. A call fails within 5 ms.",
		sessions: 1, callers: 20, pause: second, length: 30 * minute,
		service: service{lifetime: hour, patience: 5, down: within(0, 30*second)},
	},
	{
		name:     "STS throttles everybody for 30 minutes",
		what:     "From 40 to 70 minutes after the first set came, beyond its expiry.",
		sessions: 1, callers: 20, pause: second, length: 2 * hour,
		service: service{lifetime: hour, throttles: within(40*minute, 70*minute)},
	},
	{
		name:     "Sets of 12 hours",
		what:     "STS is down for 2 hours, from one hour before the first set's expiry to one hour after it.",
		sessions: 1, callers: 20, pause: 2 * second, length: 14 * hour,
		service: service{lifetime: 12 * hour, down: within(11*hour, 13*hour)},
	},
	{
		name:     "200 callers",
		what:     "The second outage of this page, with 200 threads that share the session.",
		sessions: 1, callers: 200, pause: second, length: 2 * hour,
		service: service{lifetime: hour, down: within(40*minute, 60*minute)},
	},
	{
		name:     "Revoked while STS is down",
		what:     "The services reject what was issued before minute 20; STS does not answer from minute 18 to minute 30.",
		sessions: 1, callers: 20, pause: second, length: 2 * hour,
		service: service{lifetime: hour, revokeAt: 20 * minute, down: within(18*minute, 30*minute)},
	},
	{
		name:     "The clock is set forward in an outage",
		what:     "STS is down from minute 40 to minute 58. At minute 45 NTP sets the host's clock, which was right, 20 minutes ahead.",
		sessions: 1, callers: 20, pause: second, length: 2 * hour,
		service: service{lifetime: hour, down: within(40*minute, 58*minute)},
		host:    host{wallError: stepped(45*minute, 20*minute)},
	},
	{
		name:     "The clock is set back in an outage",
		what:     "The same, 20 minutes back.",
		sessions: 1, callers: 20, pause: second, length: 2 * hour,
		service: service{lifetime: hour, down: within(40*minute, 58*minute)},
		host:    host{wallError: stepped(45*minute, -20*minute)},
	},
	{
		name:     "STS hangs",
		what:     "From minute 40 to minute 60 it takes connections and answers nothing, which a client learns by its own time-out alone.",
		sessions: 1, callers: 20, pause: second, length: 2 * hour,
		service: service{lifetime: hour, hangs: within(40*minute, 60*minute)},
	},
	{
		name:     "Sets of 15 minutes, and an outage of 22",
		what:     "From minute 8 to minute 30: longer than any set lives.",
		sessions: 1, callers: 20, pause: second, length: hour,
		service: service{lifetime: 15 * minute, down: within(8*minute, 30*minute)},
	},
	{
		name:     "A Region is down for 3 hours",
		what:     "From minute 30 to minute 210; sets live an hour.",
		sessions: 1, callers: 20, pause: second, length: 5 * hour,
		service: service{lifetime: hour, down: within(30*minute, 210*minute)},
	},
	{
		name:     "One sick endpoint",
		what:     "Beside 20 callers whose services are well, 2 call an endpoint that answers `InvalidToken` to every set, as S3 does in a Region that is not enabled. Those calls fail with any library, and are not counted; the others' are.",
		sessions: 1, callers: 20, sick: 2, pause: second, length: 2 * hour,
		service: service{lifetime: hour},
	},
	{
		name:     "A laptop that sleeps past the expiry",
		what:     "From minute 20 to minute 70. Its network is back 10 seconds after it wakes; until then a call fails within 5 ms.",
		sessions: 1, callers: 20, pause: second, length: 90 * minute,
		service: service{lifetime: hour, patience: 5, down: within(70*minute, 70*minute+10*second)},
		host:    host{sleepsFrom: 20 * minute, wakes: 70 * minute},
	},
}
