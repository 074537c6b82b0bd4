package core

// prng is SplitMix64 (Steele, Lea, Flood 2014): one word of state, so that a
// snapshot stays small, and the same numbers in every host.
type prng uint64

func (p *prng) next() uint64 {
	*p += 0x9e3779b97f4a7c15
	z := uint64(*p)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// between draws uniformly from [low, high]. The bias of the modulus is below
// 2^-40 for the spans drawn here.
//
//go:noinline
func (p *prng) between(low, high int64) int64 {
	if high <= low {
		return low
	}
	return low + int64(p.next()%uint64(high-low+1))
}

// tickets numbers the flights of a session. The high bits come from the seed
// and the low ones count, so that a session restored from an old snapshot, with
// a new seed, issues none again. All are below Never, and exact in a double.
type tickets struct {
	prefix int64
	count  int64
}

const (
	ticketCountBits  = 20
	ticketPrefixBits = 31
)

// reseed takes a new prefix, different from the one in use.
func (t *tickets) reseed(word uint64) {
	prefix := max(1, int64(word>>(64-ticketPrefixBits)))
	if prefix == t.prefix {
		prefix = prefix%(1<<ticketPrefixBits-1) + 1
	}
	t.prefix, t.count = prefix, 0
}

func (t *tickets) next(p *prng) int64 {
	if t.count == 1<<ticketCountBits-1 {
		t.reseed(p.next())
	}
	t.count++
	return t.prefix<<ticketCountBits | t.count
}
