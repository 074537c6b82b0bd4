package main

import "cmp"

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

// usual fills in what most have: one session whose 20 callers make a call each second,
// and sets of an hour.
func usual(all []scenario) []scenario {
	for i := range all {
		s := &all[i]
		s.sessions, s.callers = cmp.Or(s.sessions, 1), cmp.Or(s.callers, 20)
		s.pause, s.service.lifetime = cmp.Or(s.pause, second), cmp.Or(s.service.lifetime, hour)
	}
	return all
}

var scenarios = usual([]scenario{
	{
		name:    "STS is down for 20 minutes, around the expiry",
		what:    "Sets live an hour. STS does not answer from 10 minutes before the first set's expiry to 10 minutes after it.",
		length:  2 * hour,
		service: service{down: within(50*minute, 70*minute)},
	},
	{
		name:    "STS is down for 20 minutes, before the expiry",
		what:    "The same outage, but it is over when the first set expires. A library that refreshes early meets it; one that refreshes late does not.",
		length:  2 * hour,
		service: service{down: within(40*minute, 60*minute)},
	},
	{
		name:     "10,000 roles and a throttled STS",
		what:     "10,000 sessions with a role each start within a minute, and come back together when their sets end. From the tenth minute on STS takes 50 calls in a second and throttles all others.",
		sessions: 10_000, callers: 1, pause: 30 * second, length: 130 * minute,
		service: service{perS: 50, perSFrom: 10 * minute},
	},
	{
		name:    "Credentials that live 15 minutes",
		what:    "The shortest lifetime that STS gives. STS does not answer from 2 minutes after the first set came to 9 minutes after it.",
		length:  hour,
		service: service{lifetime: 15 * minute, down: within(2*minute, 9*minute)},
	},
	{
		name:   "A clock that is 20 minutes behind",
		what:   "The host's clock is 20 minutes behind the service's. (The SDKs sign with a corrected time, so only the expiry is misread.)",
		length: 3 * hour,
		host:   host{wallError: func(int64) int64 { return -20 * minute }},
	},
	{
		name:    "A laptop that sleeps",
		what:    "The host sleeps from 20 to 53 minutes after the first set came, while its monotonic clock stands still. STS is reachable again 40 seconds after it wakes; the set has 7 minutes left.",
		length:  90 * minute,
		service: service{down: within(53*minute, 53*minute+40*second)},
		host:    host{sleepsFrom: 20 * minute, wakes: 53 * minute},
	},
	{
		name:    "A revoked set",
		what:    "20 minutes after the first set came, the services reject all sets issued before (`ExpiredToken`).",
		length:  2 * hour,
		service: service{revokeAt: 20 * minute},
	},
	{
		name:    "STS is down when the program starts",
		what:    "STS is down for the program's first 10 minutes. There is nothing to serve; only another try helps.",
		length:  30 * minute,
		service: service{down: within(0, 10*minute)},
	},
	{
		name:    "No DNS in the first 30 seconds",
		what:    "A container starts before its network. A call fails within 5 ms.",
		length:  30 * minute,
		service: service{patience: 5, down: within(0, 30*second)},
	},
	{
		name:    "STS throttles everybody for 30 minutes",
		what:    "STS throttles from 40 to 70 minutes after the first set came, beyond its expiry.",
		length:  2 * hour,
		service: service{throttles: within(40*minute, 70*minute)},
	},
	{
		name:  "Sets of 12 hours",
		what:  "STS is down for 2 hours, from one hour before the first set's expiry to one hour after it.",
		pause: 2 * second, length: 14 * hour,
		service: service{lifetime: 12 * hour, down: within(11*hour, 13*hour)},
	},
	{
		name:    "200 callers",
		what:    "The second outage of this page, with 200 threads that share the session.",
		callers: 200, length: 2 * hour,
		service: service{down: within(40*minute, 60*minute)},
	},
	{
		name:    "Revoked while STS is down",
		what:    "From minute 20 on the services reject all sets issued before; STS does not answer from minute 18 to minute 30.",
		length:  2 * hour,
		service: service{revokeAt: 20 * minute, down: within(18*minute, 30*minute)},
	},
	{
		name:    "The clock is set forward in an outage",
		what:    "STS is down from minute 40 to minute 58. At minute 45 NTP sets the host's clock, which was right, 20 minutes ahead.",
		length:  2 * hour,
		service: service{down: within(40*minute, 58*minute)},
		host:    host{wallError: stepped(45*minute, 20*minute)},
	},
	{
		name:    "The clock is set back in an outage",
		what:    "The same outage, but NTP sets the clock 20 minutes back.",
		length:  2 * hour,
		service: service{down: within(40*minute, 58*minute)},
		host:    host{wallError: stepped(45*minute, -20*minute)},
	},
	{
		name:    "STS hangs",
		what:    "From minute 40 to minute 60 STS accepts connections and answers nothing; a client learns that only by its own time-out.",
		length:  2 * hour,
		service: service{hangs: within(40*minute, 60*minute)},
	},
	{
		name:    "Sets of 15 minutes, and an outage of 22",
		what:    "STS is down from minute 8 to minute 30: longer than any set lives.",
		length:  hour,
		service: service{lifetime: 15 * minute, down: within(8*minute, 30*minute)},
	},
	{
		name:    "A Region is down for 3 hours",
		what:    "STS is down from minute 30 to minute 210; sets live an hour.",
		length:  5 * hour,
		service: service{down: within(30*minute, 210*minute)},
	},
	{
		name: "One sick endpoint",
		what: "Beside 20 callers whose services are well, 2 call an endpoint that answers `InvalidToken` to every set, as S3 does in a Region that is not enabled. Those calls fail with any library, and are not counted; the other callers' requests are.",
		sick: 2, length: 2 * hour,
	},
	{
		name:    "A laptop that sleeps past the expiry",
		what:    "The host sleeps from minute 20 to minute 70. Its network is back 10 seconds after it wakes; until then a call fails within 5 ms.",
		length:  90 * minute,
		service: service{patience: 5, down: within(70*minute, 70*minute+10*second)},
		host:    host{sleepsFrom: 20 * minute, wakes: 70 * minute},
	},
})
