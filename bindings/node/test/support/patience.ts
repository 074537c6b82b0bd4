/**
 * By when everything has happened that does at all, however much else this machine has
 * to do. Whoever waits, waits for a condition; this only ends tests that fail.
 */
export const LATE_MS = 60_000;

/** The same for vi.waitFor. */
export const PATIENT = { timeout: LATE_MS, interval: 20 };

/** Waits until a condition holds, and gives what it gave. */
export async function until<T>(
  condition: () => Promise<T | false | 0> | T | false | 0,
): Promise<T> {
  for (const end = Date.now() + LATE_MS; Date.now() < end;) {
    const result = await condition();
    if (result !== false && result !== 0) return result;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("it did not come true in time");
}
