package main

import (
	"fmt"
	"math/rand/v2"
	"unsafe"

	"github.com/evercreds/evercreds/core"
)

// machine is what the core's Ask and Wake cost, with the sessions in the order of memory and
// in none, and a whole refresh.
func machine() error {
	for _, n := range []int{1_000, 100_000, 1_000_000} {
		if short && n > 1_000 {
			break
		}
		if err := machines(n); err != nil {
			return err
		}
	}
	return nil
}

const hour = 3_600_000

var wall = int64(1_800_000_000_000)

func machines(n int) error {
	sessions := make([]*core.Session, n)
	for i := range sessions {
		s := core.New()
		if err := s.Set(core.OptMethod, float64(core.MethodCustom)); err != nil {
			return err
		}
		if _, err := s.Open(core.Now{Wall: wall}, uint64(i)); err != nil {
			return err
		}
		refresh(s, core.Now{Wall: wall})
		sessions[i] = s
	}
	order := rand.Perm(n)
	const stride = int(unsafe.Sizeof(core.Session{}) / 8)
	words := make([]uint64, n*stride) // as much memory as the sessions are
	for i := range n {
		words[i*stride] = 1 // the system gives memory to who writes to it
	}
	calls := max(n, fewer(100_000, 1_000))
	over := func(name string, at func(int)) contender {
		return contender{name, func() (float64, error) {
			begun := cpu()
			for i := 0; i < calls; i += n {
				for j := range n {
					at(j)
				}
			}
			return float64(cpu()-begun) / float64((calls+n-1)/n*n), nil
		}}
	}
	now := core.Now{Wall: wall + 60_000, Elapsed: 60_000}
	var sum uint64
	all := []contender{
		over("Ask", func(i int) { sessions[i].Ask(now, core.Need{}) }),
		over("Ask, in random order", func(i int) { sessions[order[i]].Ask(now, core.Need{}) }),
		over("Wake", func(i int) { sessions[i].Wake(now) }),
		over("Wake, in random order", func(i int) { sessions[order[i]].Wake(now) }),
		over("floor: read a cache line each, in random order", func(i int) { sum ^= words[order[i]*stride+int(sum>>1)] }),
	}
	if n == 1_000 {
		at := now
		all = append(all, over("a whole refresh: Force, Complete, Ask", func(i int) {
			at.Wall, at.Elapsed = at.Wall+1, at.Elapsed+1
			s := sessions[i]
			refresh(s, at)
			s.Ask(at, core.Need{})
		}))
	}
	group := fmt.Sprintf("core-%d", n)
	if err := interleave(group, "ns", fewer(5, 2), all); err != nil {
		return err
	}
	i := 0
	return tellAllocations(group, "Ask", n, func() error {
		sessions[i].Ask(now, core.Need{})
		sessions[i].Wake(now)
		i++
		return nil
	})
}
