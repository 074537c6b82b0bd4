package share

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var compareFields = cmp.AllowUnexported(fields{})

const ownerA, ownerB = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

func TestTurnsByASteppedClock(t *testing.T) {
	second := clock{now: 10_000, latest: 10_999}
	f, turn, _ := fields{}.campaign(Campaign{Owner: ownerA, Length: 5 * time.Second}, second)
	if !turn.Won || f.turnEndsMS != 15_999 {
		t.Errorf("the turn ends at %d, want 15999: a clock of seconds ends it late", f.turnEndsMS)
	}
	for at, want := range map[clock]time.Duration{
		second:                            5 * time.Second,
		{now: 15_000, latest: 15_999}:     time.Millisecond, // it may be over, but that is not sure
		{now: 16_000, latest: 16_999}:     0,
		{now: 15_998, latest: 15_998}:     time.Millisecond,
		{now: 15_999, latest: 15_999}:     0,
		{now: largest, latest: largest}:   0,
		{now: -largest, latest: -largest}: ms(15_999 + largest),
	} {
		if got := at.turnLeft(f.turnEndsMS); got != want {
			t.Errorf("at %d there are %s left, want %s", at.now, got, want)
		}
	}
}

func TestWhatDoesNotParseIsNotThere(t *testing.T) {
	good := fields{
		number: 7, owner: ownerA, turnEndsMS: 1000, notice: []byte("n"), noticeEndsMS: 2000,
		entry: Entry{Sealed: []byte("s"), Generation: 7, Fingerprint: 1, ExpiryMS: 3},
	}
	text, err := json.Marshal(good.written())
	if err != nil {
		t.Fatal(err)
	}
	whole := func(s string) string { return strings.Replace(string(text), `{"format":1,`, s, 1) }
	with := func(name, value string) string {
		var o map[string]json.RawMessage
		if err := json.Unmarshal(text, &o); err != nil {
			t.Fatal(err)
		}
		if o[name] = json.RawMessage(value); value == "" {
			delete(o, name)
		}
		b, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	noTurn, noEntry, noNotice := good, good, good
	noTurn.number, noTurn.owner, noTurn.turnEndsMS = 0, "", 0
	noEntry.entry = Entry{}
	noNotice.notice, noNotice.noticeEndsMS = nil, 0
	noOwner, atZero := good, good
	noOwner.owner, atZero.turnEndsMS = "", 0
	for _, c := range []struct {
		text string
		want fields
	}{
		{string(text), good}, {"", fields{}}, {"null", fields{}}, {"[]", fields{}}, {"7", fields{}}, {string(text) + "x", fields{}},
		{string(text[:len(text)-1]), fields{}},
		{whole(`{"format":2,`), fields{}}, {whole(`{"format":"1",`), fields{}}, {whole(`{`), fields{}},
		{with("boot", `"of the file store"`), good}, {with("owner", `""`), noOwner}, {with("owner", ""), noOwner}, {with("turn_ends_ms", ""), atZero},
		{with("number", `"7"`), noTurn}, {with("number", `7.0`), noTurn}, {with("number", `-7`), noTurn}, {with("number", `null`), noTurn},
		{with("number", `4503599627370496`), noTurn}, {with("number", `99999999999999999999`), noTurn}, {with("number", `7e0`), noTurn},
		{with("owner", `"A"`), noTurn}, {with("owner", `5`), noTurn}, {with("owner", `"`+strings.ToUpper(ownerA)+`"`), noTurn}, {with("owner", "null"), noTurn},
		{with("turn_ends_ms", `9007199254740992`), noTurn}, {with("turn_ends_ms", `{}`), noTurn},
		{with("entry", `""`), noEntry}, {with("entry", `"?"`), noEntry}, {with("entry", `"cw"`), noEntry}, {with("entry", `7`), noEntry}, {with("entry", ""), noEntry},
		{with("entry", `"`+strings.Repeat("AAAA", MaxSealed)+`"`), noEntry},
		{with("generation", `4503599627370496`), noEntry}, {with("generation", `"7"`), noEntry},
		{with("fingerprint", `"1"`), noEntry}, {with("fingerprint", `7`), noEntry}, {with("fingerprint", `"000000000000000G"`), noEntry}, {with("fingerprint", ""), noEntry},
		{with("expiry_ms", `true`), noEntry}, {with("expiry_ms", `9007199254740992`), noEntry},
		{with("notice", `"="`), noNotice}, {with("notice_ends_ms", `"x"`), noNotice}, {with("notice", ""), noNotice},
	} {
		if diff := cmp.Diff(c.want, readObject([]byte(c.text)).fields(), compareFields); diff != "" {
			t.Errorf("%.120s (-want +got):\n%s", c.text, diff)
		}
	}
}

func anyFields() *rapid.Generator[fields] {
	return rapid.Custom(func(t *rapid.T) fields {
		f := fields{
			number: rapid.Int64Range(0, 4).Draw(t, "number"), turnEndsMS: rapid.Int64Range(0, 20).Draw(t, "ends"),
			owner:  rapid.SampledFrom([]string{"", ownerA, ownerB}).Draw(t, "owner"),
			notice: rapid.SliceOfN(rapid.Byte(), 0, 2).Draw(t, "notice"), noticeEndsMS: rapid.Int64Range(0, 20).Draw(t, "notice ends"),
			entry: anyEntry().Draw(t, "entry"),
		}
		return f.sound()
	})
}

func anyEntry() *rapid.Generator[Entry] {
	return rapid.Custom(func(t *rapid.T) Entry {
		return Entry{
			Sealed: rapid.SliceOfN(rapid.Byte(), 1, 3).Draw(t, "sealed"), Generation: rapid.Int64Range(0, 4).Draw(t, "generation"),
			Fingerprint: rapid.Uint64Range(0, 3).Draw(t, "fingerprint"), ExpiryMS: rapid.Int64Range(0, 4).Draw(t, "expiry"),
		}
	})
}

func anyPublication() *rapid.Generator[Publication] {
	return rapid.Custom(func(t *rapid.T) Publication {
		p := Publication{
			Owner: rapid.SampledFrom([]string{ownerA, ownerB}).Draw(t, "owner"), Number: rapid.Int64Range(0, 4).Draw(t, "number"),
			Entry: anyEntry().Draw(t, "new"), Replaces: rapid.Uint64Range(0, 3).Draw(t, "replaces"),
		}
		if rapid.Bool().Draw(t, "junk?") {
			p.Junk = &Junk{rapid.Int64Range(0, 4).Draw(t, "junk"), rapid.Uint64Range(0, 3).Draw(t, "junk's")}
		}
		return p
	})
}

func same(t *rapid.T, what string, a, b fields) {
	if diff := cmp.Diff(a, b, compareFields); diff != "" {
		t.Fatalf("%s (-first +second):\n%s", what, diff)
	}
}

// The second time a call changes nothing that matters, and answers as the first did.
func TestCallsMayBeRepeated(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, at := anyFields().Draw(t, "record"), clock{now: 10, latest: 10 + rapid.Int64Range(0, 3).Draw(t, "step")}
		c := Campaign{
			Owner: ownerA, Seen: rapid.Int64Range(0, 5).Draw(t, "seen"), SawNumber: rapid.Int64Range(0, 4).Draw(t, "saw"),
			SawFingerprint: rapid.Uint64Range(0, 3).Draw(t, "saw entry"), Length: 5 * time.Millisecond,
		}
		one, turn, changed := f.campaign(c, at)
		two, again, _ := one.campaign(c, at)
		same(t, "campaign", one, two)
		if turn != again || changed != turn.Won {
			t.Fatalf("campaign answers %+v and then %+v, changed %v", turn, again, changed)
		}
		if turn.Won && (one.number < f.number || one.number <= c.Seen && f.turnEndsMS <= at.now) {
			t.Fatalf("the number goes from %d to %d, seen %d", f.number, one.number, c.Seen)
		}

		p := anyPublication().Draw(t, "publication")
		one, stored, _ := f.publish(p)
		two, storedAgain, _ := one.publish(p)
		same(t, "publish", one, two)
		if stored != storedAgain {
			t.Fatalf("publish answers %v and then %v", stored, storedAgain)
		}

		r := Resignation{Owner: ownerA, Number: p.Number, Notice: []byte("n"), NoticeLength: time.Millisecond}
		one, _ = f.resign(r, at)
		two, changedAgain := one.resign(r, clock{now: 15, latest: 15})
		same(t, "resign", one, two)
		if changedAgain {
			t.Fatal("a second resignation ends a turn")
		}
	})
}

func TestNothingGoesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, p := anyFields().Draw(t, "record"), anyPublication().Draw(t, "publication")
		g, stored, changed := f.publish(p)
		old, e := f.entry, g.entry
		named := p.Junk != nil && *p.Junk == Junk{old.Generation, old.Fingerprint}
		twin := old.Generation == p.Entry.Generation && old.Fingerprint == p.Entry.Fingerprint
		if len(old.Sealed) > 0 && !named && !twin {
			if e.Generation < old.Generation || e.ExpiryMS < old.ExpiryMS && old.Fingerprint != p.Replaces {
				t.Fatalf("%+v took the place of %+v", e, old)
			}
		}
		if g.number != f.number || g.owner != f.owner {
			t.Fatal("a publication changed the turn's number or owner")
		}
		ended := f.turnEndsMS != 0 && f.owner == p.Owner && f.number <= p.Number
		if (g.turnEndsMS == 0) != (ended || f.turnEndsMS == 0) {
			t.Fatalf("the turn of %q, number %d, ended: %v", f.owner, f.number, g.turnEndsMS == 0)
		}
		if changed != (stored || ended) || stored && len(g.notice) > 0 {
			t.Fatalf("stored %v, ended %v, changed %v, notice %q", stored, ended, changed, g.notice)
		}
	})
}

func TestJSONAndBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := anyFields().Draw(t, "record")
		text, err := json.Marshal(f.written())
		if err != nil {
			t.Fatal(err)
		}
		same(t, "JSON", f, readObject(text).fields())
	})
}

func FuzzReadRecord(f *testing.F) {
	f.Add([]byte(`{"format":1,"number":3,"owner":"` + ownerA + `","turn_ends_ms":5,"entry":"c3M=","fingerprint":"0000000000000001"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		got := readObject(data).fields()
		if diff := cmp.Diff(got, got.sound(), compareFields); diff != "" {
			t.Errorf("what was read is not sound:\n%s", diff)
		}
		_ = fmt.Sprint(got.record(clock{now: 5, latest: 5}))
	})
}
