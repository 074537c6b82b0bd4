package main

import (
	"os"
	"path/filepath"
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
	{"a restore leaves those in a pause asleep", "restoring", "host.ts",
		"    this.#void();\n    this.#flights.lose();\n    this.#sharing", "    this.#lease = undefined;\n    this.#flights.lose();\n    this.#sharing"},
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
	program := filepath.Join(b.dir, "host-executor.mjs")
	_ = os.Remove(program)
	_, err = b.command(filepath.Join(from, "node_modules/.bin/esbuild"), filepath.Join(to, "test/host-executor/main.ts"),
		"--bundle", "--log-level=warning", "--packages=external", "--platform=node", "--target=es2022", "--format=esm",
		"--alias:#platform="+filepath.Join(to, "src/platform/node.ts"), "--outfile="+program)
	return []string{"node", program}, nil, err
}
