package fleet

// Units of time. Plans are in milliseconds, and the queue is in microseconds.
const (
	ms     int64 = 1000 // microseconds
	second int64 = 1000 // milliseconds
	minute       = 60 * second
	hour         = 60 * minute
)

// Way is how the processes of a group get their sets.
type Way int

// The ways.
const (
	Shared    Way = iota // sessions that share
	Solo                 // sessions that do not
	FileCache            // botocore's JSON file cache: one file for each key, as if on one machine
)

// Engine is a model of what a store is built on.
type Engine struct {
	Name        string
	least, most int64 // of one call, in microseconds
	call, poll  int64 // share_call and share_poll, in milliseconds
	seconds     bool  // its clock has whole seconds
	lock        bool  // the kernel ends the turn of a process that died
	guard       bool  // one writer after the other, by a lock that is tried each 5 ms
	optimistic  bool  // reads, then writes if nothing has changed; twice more at most
}

// Engines are the stores that come along.
var Engines = []Engine{
	{Name: "file", least: 100, most: 1000, call: 250, poll: 25, lock: true, guard: true},
	{Name: "redis", least: 300, most: 2000, call: 250, poll: 100},
	{Name: "dynamodb", least: 4000, most: 25_000, call: 1000, poll: 500, seconds: true},
	{Name: "s3", least: 20_000, most: 80_000, call: 1000, poll: 500, seconds: true, optimistic: true},
}

// Moment is where a leader dies, once in each refresh.
type Moment int

// The moments.
const (
	Nowhere       Moment = iota
	BeforeCall           // it has won the turn
	InAir                // the source has its request
	BeforePublish        // it has the reply
	Anywhere             // one of the three
)

// Told is who hears that a service refuses the set of the moment.
type Told int

// Those who are told.
const (
	Nobody Told = iota
	OneProcess
	AllProcesses
)

// Plan is what a run is like. Equal plans have equal figures.
type Plan struct {
	Name      string
	Way       Way
	Engine    Engine
	Processes int // of all groups
	Keys      int
	Refreshes int // how often each set is replaced, the first one included
	Seed      uint64

	Life, Advisory, Mandatory int64 // of sets
	Pause                     int64 // a process has a request as often on average
	SourceLeast, SourceMost   int64 // how long the source takes
	Skewed                    bool  // a fifth of the wall clocks is 2 min behind, a fifth 90 s ahead

	Kill             Moment
	Stop             int64 // each leader is stopped for up to so long
	Silent           bool  // the store never answers
	DownFrom, DownTo int64 // minutes 3 to 80 of each third hour: the store refuses connections
	DownEvery        int64
	FlushEvery       int64 // the store forgets all
	Told             Told
	ToldEvery        int64
}

// Usual is a plan whose processes start within a second. Sets live an hour.
func Usual(name string, way Way, engine Engine) Plan {
	return Plan{
		Name: name, Way: way, Engine: engine, Processes: 100_000, Keys: 1000, Refreshes: 6, Seed: 1,
		Life: hour, Advisory: 15 * minute, Mandatory: 10 * minute, Pause: second, SourceLeast: 100, SourceMost: 400, Skewed: true,
	}
}

// length is how long a plan lasts at most.
func (p *Plan) length() int64 { return p.Life * int64(p.Refreshes) }

// down tells whether the store refuses connections.
func (p *Plan) down(now int64) bool {
	if p.DownEvery == 0 {
		return false
	}
	at := now % p.DownEvery
	return at >= p.DownFrom && at < p.DownTo
}
