package main

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
)

// Mutants of the host in Node.
var nodeHost = []mutant{
	{"leases outlive what they were decided on", "apply, void", "host.ts",
		"    this.#lease = undefined;\n", ""},
	{"the pause bell is not rung", "apply, void", "host.ts",
		"    this.#pause.ring();\n", ""},
	{"a flight's bell is not rung", "apply, settled", "host.ts",
		"    this.#flights.settle(decision.settled);\n", ""},
	{"the timer is not armed", "arm", "host.ts",
		"    this.#timer.arm(decision.nextWake);\n", ""},
	{"no set is kept", "forget", "host.ts",
		"this.#sets.forgetBut(decision.held)", "this.#sets.forgetBut(0)"},
	{"a lease lasts by the elapsed clock alone", "the hot path", "host.ts",
		" &&\n      this.#clock.wall() < lease.untilWall", ""},
	{"a source may ask its own session", "reentrancy", "host.ts",
		"leased;\n    this.#flights.refuseOwn();", "leased;"},
	{"patience begins anew", "follow, until", "follow.ts",
		"const need = { ...caller.need, untilMs };", "const { need } = caller;"},
	{"who forced is an ordinary caller", "follow, forced", "follow.ts",
		"machine.answer(ticket, need, isForced)", "machine.answer(ticket, need, false)"},
	{"who waits without a ticket answers", "follow, pauses", "follow.ts",
		"ticket === 0 || generation", "generation"},
	{"who gives up gets nothing", "giving up", "follow.ts",
		"const granted = caller.isForced\n", "const granted = isFinite(0)\n"},
	{"who forced and gives up is served", "giving up", "follow.ts",
		"const granted = caller.isForced\n", "const granted = isNaN(0)\n"},
	{"a bell wakes all but the first", "apply, settled", "bell.ts",
		"    for (const wake of [...this.#sleepers]) wake();\n", "    for (const wake of [...this.#sleepers].slice(1)) wake();\n"},
	{"a cancelled attempt is not told", "apply, cancelled", "flights.ts",
		"soon(() => flight?.cancel());", ""},
	{"close leaves waiters asleep", "closing", "flights.ts",
		"      });\n      flight.ring();\n", "      });\n"},
	{"a bell is not hung up anew", "apply, settled", "flight.ts",
		"    this.#bell = new Bell();\n", ""},
	{"a restore leaves those asleep who wait", "restoring", "host.ts",
		"  restore(): void {\n    this.#flights.lose();\n", "  restore(): void {\n"},
	{"who waited for a lost flight answers", "restoring", "follow.ts",
		"const { generation } = host.flights;", "const generation = 0;\n    host = { ...host, flights: { generation } as Flights };"},
	{"a lost attempt reports", "restoring", "flights.ts",
		"    if (this.#isLost(flight)) return;\n    this.#hearer", "    this.#hearer"},
	{"snapshots are taken at installs", "restoring", "../library/machine.ts",
		"d.started !== 0 || d.settled !== 0 || d.cancelled !== 0 || d.notes !== 0", "(d.notes & abi.Note.INSTALLED) !== 0"},
	{"the end of the lease is shown", "the expiry that users see", "lease.ts",
		"handOut(set, decision.expiry)", "handOut(set, decision.leaseWall)"},
	{"a rejection is told after its start", "order", "events.ts",
		"    if (noted(abi.Note.REJECTED | abi.Note.REPORTED)) {\n", "    for (const cause of (begun as number[]).splice(0)) this.tell(\"start\", () => ({ cause: nameIn(abi.Cause, cause) as RefreshCause }));\n    if (noted(abi.Note.REJECTED | abi.Note.REPORTED)) {\n"},
	{"a set of the store's is not kept", "call the store, looks", "sharing.ts",
		"        this.#host.sets.store(call.number, { credentials, hash, expiryMs });\n", "        void [hash, expiryMs];\n"},
	{"campaigns forget what the look saw", "call the store, saw", "sharing.ts",
		"saw: visit.saw, turnMs", "saw: { ...visit.saw, number: 0 }, turnMs"},
	{"campaigns forget the highest number", "call the store, seen", "sharing.ts",
		"seen: shareNumber", "seen: 0 * shareNumber"},
	{"publications forget what was junk", "call the store, junk", "sharing.ts",
		"{ ...shared, junk }", "{ ...shared, junk: isFinite(NaN) ? junk : undefined }"},
	{"publications forget what they replace", "call the store, replaces", "sharing.ts",
		"hexOf(decision.replaces)", "hexOf({ low: 0, high: 0 })"},
	{"a publication names no turn", "call the store, the number of its turn", "sharing.ts",
		"const shared = { owner, set, generation,", "const shared = { owner, set, generation: 0 * generation,"},
	{"a failure leaves no notice", "call the store, notices", "sharing.ts",
		"const farewell = { owner: call.owner, number, notice, noticeMs }", "const farewell = { owner: call.owner, number, notice: 0 * notice, noticeMs }"},
	{"an entry of another key is none", "the store, other keys", "sharing.ts",
		"    if (saw.isForeign) throw", "    if (isNaN(0)) throw"},
	{"a publication fights for the record", "the store, other keys", "sharing.ts",
		"set === undefined || visit.saw.isForeign", "set === undefined"},
	{"a publication's end has no anchor", "the store, its clock", "visits.ts",
		"clock.storeMs + (nowMs - clock.hereMs) + leftMs", "clock.storeMs + 0 * nowMs + leftMs"},
	{"a flight has the last one's anchor", "the store, its clock", "visits.ts",
		"return this.#flights.get(flight) ?? newVisit()", "return this.#flights.get(flight) ?? [...this.#flights.values()].at(-1) ?? newVisit()"},
	{"late failures are put", "the store, late", "sharing.ts",
		" || clock.elapsed() >= untilMs) return;", ") return;\n    void [clock, untilMs];"},
	{"late answers are not put", "the store, late", "sharing.ts",
		"call.generation === this.#generation && !this.#isClosed) this.#put", "call.generation === this.#generation && this.#host.clock.elapsed() < call.untilMs) this.#put"},
	{"a late turn is kept", "the store, late", "sharing.ts",
		"    else this.#giveBack(call, turn);", ""},
	{"a turn won after a close is kept", "the store, close", "sharing.ts",
		"    if (!isHeard && turn.won) this.#giveBack(call, turn);\n", "    void isHeard;\n"},
	{"a leader that closes keeps its turn", "the store, close", "sharing.ts",
		"if (isLeaving && question !== undefined) void this.#make", "if (isNaN(0) && isLeaving && question !== undefined) void this.#make"},
	{"calls outlive a restore", "restoring", "sharing.ts",
		"    this.#generation++;\n    this.#owner = newOwner();", "    this.#owner = newOwner();"},
	{"an entry that does not open is not told", "told, unopened", "visits.ts",
		"    this.#host.tell(\"unopened\", abi.UNOPENED);\n", ""},
	{"an entry that does not open is told each time", "told, unopened", "visits.ts",
		"    this.#unopened.add(fingerprint);\n", ""},
	{"who meets nobody is not told", "told, nobody met", "visits.ts",
		"++this.#alone === abi.NOBODY_MET_AFTER)", "++this.#alone === -1)"},
	{"who meets nobody is told each time", "told, nobody met", "visits.ts",
		"++this.#alone === abi.NOBODY_MET_AFTER)", "++this.#alone >= abi.NOBODY_MET_AFTER)"},
	{"who meets others is told that nobody is there", "told, nobody met", "visits.ts",
		"if (saw.hasMet) this.#alone = 0;\n    else if", "if"},
	{"a second turn of a flight is one more", "told, nobody met", "visits.ts",
		"    this.#counted = flight;\n", ""},
}

// nodeExecutor bundles the host executor of a copy.
func (b *hostBench) nodeExecutor(m mutant) (command, env []string, err error) {
	const from = "bindings/node"
	to := filepath.Join(b.dir, "node")
	for _, folder := range []string{"src", "test/host-executor", "test/support"} {
		in := m
		if folder != "src" {
			in = mutant{}
		}
		if err := b.copyBroken(filepath.Join(from, folder), filepath.Join(to, folder), in); err != nil {
			return nil, nil, err
		}
	}
	aliases, err := b.aliases()
	if err != nil {
		return nil, nil, err
	}
	program := filepath.Join(b.dir, "host-executor.mjs")
	_ = os.Remove(program)
	args := []string{
		filepath.Join(from, "node_modules/.bin/esbuild"), filepath.Join(to, "test/host-executor/main.ts"),
		"--bundle", "--log-level=warning", "--packages=external", "--platform=node", "--target=es2022", "--format=esm", "--outfile=" + program,
	}
	for name, file := range aliases {
		args = append(args, "--alias:"+name+"="+filepath.Join(to, file))
	}
	_, err = b.command(args...)
	return []string{"node", program}, nil, err
}

var alias = regexp.MustCompile(`"(#\w+)": "\./(src/[^"]+)"`)

// aliases are what the build of the executors puts in place of imports that package.json
// has for each runtime.
func (b *hostBench) aliases() (map[string]string, error) {
	text, err := os.ReadFile(filepath.Join(b.root, "bindings/node/scripts/build.mjs"))
	aliases := map[string]string{}
	for _, found := range alias.FindAllSubmatch(text, -1) {
		aliases[string(found[1])] = string(found[2])
	}
	if err == nil && len(aliases) == 0 {
		err = errors.New("scripts/build.mjs has no aliases for the executors")
	}
	return aliases, err
}
