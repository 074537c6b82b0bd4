/**
 * By when everything has happened that does at all, however much else this machine has
 * to do. Whoever waits, waits for a condition; this only ends tests that fail.
 */
export const LATE_MS = 60_000;

/** The same for vi.waitFor. */
export const PATIENT = { timeout: LATE_MS, interval: 20 };
