-- Answers: clock, number, owner, turn_left_ms, entry, generation, fingerprint, expiry_ms,
-- notice, notice_left_ms.

return { now, turn.number, turn.owner, math.max(turn.ends - now, 0), entry.sealed, entry.generation,
  entry.fingerprint, entry.expiry, notice.sealed, math.max(notice.ends - now, 0) }
