package main

import (
	"os"
	"path/filepath"
)

// Mutants of the host in Python.
var pythonHost = []mutant{
	{"leases outlive what they were decided on", "apply, void", "loop.py",
		"self.lease = NO_LEASE\n            self._ring_pause_bell()\n        self.flights.cancel", "self._ring_pause_bell()\n        self.flights.cancel"},
	{"the pause bell is not rung", "apply, void", "loop.py",
		"self.lease = NO_LEASE\n            self._ring_pause_bell()\n        self.flights.cancel", "self.lease = NO_LEASE\n        self.flights.cancel"},
	{"a cancelled attempt is not told", "apply, cancelled", "loop.py",
		"self.flights.cancel(decision.cancelled)", ""},
	{"the timer is not armed", "arm", "loop.py",
		"if self._has_timer and at_ms != self.alarm.at_ms:", "if False:"},
	{"no set is kept", "forget", "sets.py",
		"if ticket != held and", "if"},
	{"the expiry of the source is shown", "the expiry that users see", "sets.py",
		"granted.with_expiry(expiry_ms)", "granted"},
	{"a lease lasts by the elapsed clock alone", "the hot path", "host.py",
		"lasts = self.clock.wall_ns() < until_wall", "pass"},
	{"patience begins anew", "follow, until", "host.py",
		"need = need.after(outcome.decision)\n                self._sleep", "self._sleep"},
	{"who forced is an ordinary caller", "follow, forced", "host.py",
		"machine.answer(flight.ticket, need, forced)", "machine.answer(flight.ticket, need, False)"},
	{"who gives up gets nothing", "giving up", "host.py",
		"if not forced:\n            outcome", "if False:\n            outcome"},
	{"who forced and gives up is served", "giving up", "host.py",
		"if not forced:\n            outcome", "if True:\n            outcome"},
	{"a source may ask its own session", "reentrancy", "host.py",
		"if is_asking and running_inside(loop.number):", "if False:"},
	{"an attempt that dies is not reported", "no foreign code", "attempts.py",
		"            return None\n        try:\n            return self._loop.source", "            raise error\n        try:\n            return self._loop.source"},
	{"a pause that the source asks for is lost", "report", "attempts.py",
		"failure.reason, failure.retry_after_ms)", "failure.reason, 0)"},
	{"degraded is told before the failure", "order", "events.py",
		"events.append(_event(\"degraded\"", "events.insert(0, _event(\"degraded\""},
	{"a rejection is told after its start", "order", "events.py",
		"events.append(_event(\"start\"", "events.insert(0, _event(\"start\""},
	{"a restore leaves those asleep who wait", "restoring", "loop.py",
		"            lost.lose_all()\n", ""},
	{"who waited for a lost flight answers", "restoring", "host.py",
		"        if flight is not None and not flight.is_lost:\n            outcome = self.loop.put(lambda machine: machine.answer(flight.ticket, need, forced))\n            if not flight.is_lost:\n                return outcome",
		"        if flight is not None:\n            outcome = self.loop.put(lambda machine: machine.answer(flight.ticket, need, forced))\n            if True:\n                return outcome"},
	{"a lost attempt reports", "restoring", "attempts.py",
		"            if self._flight.is_lost:", "            if False:"},
	{"snapshots are taken at installs", "restoring", "loop.py",
		"if decision.is_void or decision.notes or decision.started:", "if decision.notes & abi.Note.INSTALLED:"},
	{"a flight is over when it is settled", "apply, settled", "flights.py",
		"            if not flight.is_launched:\n                self._flights.pop", "            if True:\n                self._flights.pop"},
	{"a set of the store's is not kept", "call the store, looks", "sharing.py",
		"            loop.sets.store(number, brought)\n", ""},
	{"campaigns forget what the look saw", "call the store, saw", "../share/_group.py",
		"visit.key, owner, seen, visit.saw, turn_ms", "visit.key, owner, seen, NOTHING_SEEN, turn_ms"},
	{"campaigns forget the highest number", "call the store, seen", "sharing.py",
		"group.campaign, flight, number, decision", "group.campaign, flight, 0, decision"},
	{"publications forget what was junk", "call the store, junk", "../share/_group.py",
		"            visit.junk,\n            min(", "            None,\n            min("},
	{"publications forget what they replace", "call the store, replaces", "../share/_group.py",
		"            f\"{given.replaces:016x}\" if given.replaces else \"\",\n", "            \"\",\n"},
	{"a publication names no turn", "call the store, the number of its turn", "sharing.py",
		"Publishing(brought, number, decision", "Publishing(brought, 0, decision"},
	{"a failure leaves no notice", "call the store, notices", "sharing.py",
		"group.resign, number, decision.share_notice, span_ms", "group.resign, number, 0, span_ms"},
	{"an entry is bound to no record", "the store, sealed", "../share/_group.py",
		"seal_entry(self._ring.sealing(), visit.key, header", "seal_entry(self._ring.sealing(), \"\", header"},
	{"an entry of another key is none", "the store, other keys", "../share/_group.py",
		"            visit.is_foreign = True\n            raise UnreadableError(self._is_new(entry)) from None",
		"            return dataclasses.replace(found, unopened=self._is_new(entry))"},
	{"a publication fights for the record", "the store, other keys", "../share/_group.py",
		"        if visit.is_foreign:\n", "        if False:\n"},
	{"a publication's end has no anchor", "the store, its clock", "../share/_group.py",
		"visit.clock_ms + (self._now_ms() - visit.at_ms) + given.left_ms", "visit.clock_ms + given.left_ms"},
	{"a flight has the last one's anchor", "the store, its clock", "../share/_group.py",
		"self._visits.get(flight) or self._visit(flight, _Visit(self.key()))", "list(self._visits.values())[-1]"},
	{"late failures are put", "the store, late", "sharing.py",
		"NANOS >= self.until_ms:\n            return", "NANOS >= self.until_ms:\n            pass"},
	{"late answers are not put", "the store, late", "sharing.py",
		"        elif isinstance(answer, Found):\n", "        elif loop.clock.elapsed_ns() // NANOS >= self.until_ms:\n            pass\n        elif isinstance(answer, Found):\n"},
	{"a late turn is kept", "the store, late", "sharing.py",
		"            if not any(leads):", "            if False:"},
	{"a turn won after a fault of the library is kept", "restoring", "sharing.py",
		"            if self.is_lost:\n                self._give_back(answer)", "            if self.is_lost:\n                pass"},
	{"calls outlive a restore", "restoring", "sharing.py",
		"            call.is_lost = True\n", "            pass\n"},
	{"a restored session has its old owner's turns", "restoring", "../share/_group.py",
		"before, self._owner = self._owner, secrets.token_hex(16)", "before = self._owner"},
	{"an entry that does not open is not told", "told, unopened", "sharing.py",
		"        if found.unopened:\n", "        if False:\n"},
	{"an entry that does not open is told each time", "told, unopened", "../share/_group.py",
		"        self._told = [*self._told[-_TOLD:], entry.fingerprint]\n", ""},
	{"who meets nobody is not told", "told, nobody met", "sharing.py",
		"        return is_new and self._alone == abi.NOBODY_MET_AFTER", "        return False"},
	{"who meets nobody is told each time", "told, nobody met", "sharing.py",
		"        return is_new and self._alone == abi.NOBODY_MET_AFTER", "        return is_new and self._alone >= abi.NOBODY_MET_AFTER"},
	{"who meets others is told that nobody is there", "told, nobody met", "sharing.py",
		"            self._alone = 0\n", "            self._alone += 1\n"},
	{"a second turn of a flight is one more", "told, nobody met", "sharing.py",
		"flight != self._counted, flight", "True, flight"},
}

// pythonExecutor has the package of a copy imported, in place of the one of the tree.
func (b *hostBench) pythonExecutor(m mutant) (command, env []string, err error) {
	src := filepath.Join(b.dir, "python")
	if err := b.copyBroken("bindings/python/src", src, m); err != nil {
		return nil, nil, err
	}
	command = []string{filepath.Join(b.root, "build/venv/bin/python"), "bindings/python/tests/host_executor.py"}
	return command, []string{"PYTHONPATH=" + src, "PYTHONDONTWRITEBYTECODE=1"}, nil
}

// copyBroken copies a folder, with a mutant in it.
func (b *hostBench) copyBroken(from, to string, m mutant) error {
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	if err := os.CopyFS(to, os.DirFS(filepath.Join(b.root, from))); err != nil || m.file == "" {
		return err
	}
	text, err := b.broken(m)
	if err != nil {
		return err
	}
	in, err := filepath.Rel(from, m.file)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(to, in), []byte(text), 0o644)
}
