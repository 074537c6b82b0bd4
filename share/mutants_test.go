package share_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/evercreds/evercreds/share"
	"github.com/evercreds/evercreds/share/sharetest"
)

// faulty is a store that breaks one rule.
type faulty struct {
	share.Store
	read     func(*share.Record)
	campaign func(*share.Campaign, share.Record)
	turn     func(*share.Turn)
	publish  func(*share.Publication, share.Record)
	stored   func(*share.Published)
	resign   func(*share.Resignation, share.Record)
	oneKey   bool
	careless bool // its engine puts whatever the version is
}

func (f faulty) key(key string) string {
	if f.oneKey {
		return "evercreds1:" + strings.Repeat("0", 32)
	}
	return key
}

func (f faulty) look(ctx context.Context, key string) share.Record {
	r, _ := f.Store.Read(ctx, f.key(key))
	return r
}

func (f faulty) Read(ctx context.Context, key string) (share.Record, error) {
	r, err := f.Store.Read(ctx, f.key(key))
	if f.read != nil {
		f.read(&r)
	}
	return r, err
}

func (f faulty) Campaign(ctx context.Context, key string, c share.Campaign) (share.Turn, error) {
	if f.campaign != nil {
		f.campaign(&c, f.look(ctx, key))
	}
	t, err := f.Store.Campaign(ctx, f.key(key), c)
	if f.turn != nil {
		f.turn(&t)
	}
	return t, err
}

func (f faulty) Publish(ctx context.Context, key string, p share.Publication) (share.Published, error) {
	if f.publish != nil {
		f.publish(&p, f.look(ctx, key))
	}
	d, err := f.Store.Publish(ctx, f.key(key), p)
	if f.stored != nil {
		f.stored(&d)
	}
	return d, err
}

func (f faulty) Resign(ctx context.Context, key string, r share.Resignation) error {
	if f.resign != nil {
		f.resign(&r, f.look(ctx, key))
	}
	return f.Store.Resign(ctx, f.key(key), r)
}

var faults = map[string]faulty{
	"forgets what the look saw of turns": {campaign: func(c *share.Campaign, r share.Record) { c.SawNumber = r.Number }},
	"forgets what the look saw of entries": {campaign: func(c *share.Campaign, r share.Record) {
		c.SawFingerprint = r.Entry.Fingerprint
	}},
	"forgets what was seen":        {campaign: func(c *share.Campaign, _ share.Record) { c.Seen = 0 }},
	"takes a turn over":            {campaign: func(c *share.Campaign, r share.Record) { c.Owner = max(c.Owner, r.Owner) }},
	"extends nothing":              {campaign: func(c *share.Campaign, r share.Record) { c.Length = min(c.Length, max(r.TurnLeft, 1e6)) }},
	"makes turns longer":           {campaign: func(c *share.Campaign, _ share.Record) { c.Length *= 2 }},
	"tells no number":              {turn: func(t *share.Turn) { t.Number = 0 }},
	"tells nothing of what's left": {turn: func(t *share.Turn) { t.Left = 0 }},
	"ends later turns":             {publish: func(p *share.Publication, _ share.Record) { p.Number = 1 << 51 }},
	"ends others' turns":           {publish: func(p *share.Publication, r share.Record) { p.Owner = r.Owner }},
	"ends no turns":                {publish: func(p *share.Publication, _ share.Record) { p.Owner = strings.Repeat("f", 32) }},
	"forgets what is replaced":     {publish: func(p *share.Publication, _ share.Record) { p.Replaces = 0 }},
	"forgets junk":                 {publish: func(p *share.Publication, _ share.Record) { p.Junk = nil }},
	"takes all for junk": {publish: func(p *share.Publication, r share.Record) {
		p.Junk = &share.Junk{Generation: r.Entry.Generation, Fingerprint: r.Entry.Fingerprint}
	}},
	"replaces anything": {publish: func(p *share.Publication, r share.Record) { p.Replaces = r.Entry.Fingerprint }},
	"lowers no generation": {publish: func(p *share.Publication, r share.Record) {
		p.Entry.Generation = max(p.Entry.Generation, r.Entry.Generation)
	}},
	"cuts entries": {publish: func(p *share.Publication, _ share.Record) {
		p.Entry.Sealed = p.Entry.Sealed[:min(len(p.Entry.Sealed), 4096)]
	}},
	"says that all is stored": {stored: func(d *share.Published) { d.Stored = true }},
	"leaves no notice":        {resign: func(r *share.Resignation, _ share.Record) { r.Notice = nil }},
	"ends turns for others":   {resign: func(r *share.Resignation, now share.Record) { r.Owner = now.Owner }},
	"resigns later turns":     {resign: func(r *share.Resignation, _ share.Record) { r.Number = 1 << 51 }},
	"lets no notice count":    {read: func(r *share.Record) { r.NoticeLeft = 0 }},
	"has one key":             {oneKey: true},
	"lets others in between":  {careless: true},
}

// TestFaultyStore is a child of the test below.
func TestFaultyStore(t *testing.T) {
	name := os.Getenv("EVERCREDS_FAULTY_STORE")
	f, ok := faults[name]
	if !ok {
		t.Skip("for the test of faulty stores")
	}
	engine := newMemory(time.Millisecond)
	engine.careless = f.careless
	f.Store = share.CompareAndSwap(engine, share.Figures{})
	sharetest.Run(t, func() share.Store { return f })
}

func TestTheRulesFindFaultyStores(t *testing.T) {
	for name := range faults {
		t.Run(name, func(t *testing.T) {
			child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestFaultyStore$", "-test.failfast", "-test.timeout=2m")
			child.Env = append(os.Environ(), "EVERCREDS_FAULTY_STORE="+name)
			out, err := child.CombinedOutput()
			if err == nil || !strings.Contains(string(out), "--- FAIL: TestFaultyStore/") {
				t.Errorf("no rule finds it: %v\n%s", err, out)
			}
		})
	}
}
