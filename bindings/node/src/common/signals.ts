import { peek, quietly } from "./guard.js";

/** Who waits on each signal. */
const waiting = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls back once when the signal is aborted, and gives the function that calls it
 * off. There is one listener for a signal, however many callers share it: Node
 * warns of a leak from the eleventh on.
 *
 * @throws what the signal throws, which is then not listened to
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  let callbacks = waiting.get(signal);
  if (callbacks === undefined) {
    signal.addEventListener("abort", callAll, { once: true });
    callbacks = new Set();
    waiting.set(signal, callbacks);
  }
  callbacks.add(callback);
  return () => {
    callbacks.delete(callback);
    if (callbacks.size > 0 || waiting.get(signal) !== callbacks) return;
    waiting.delete(signal);
    quietly(() => {
      signal.removeEventListener("abort", callAll);
    });
  };
}

/** Why a signal was aborted: its own word, or the platform's where that cannot be read. */
export function reasonOf(signal: AbortSignal | undefined): unknown {
  try {
    return signal?.reason;
  } catch {
    return AbortSignal.abort().reason;
  }
}

/** Whether there is a signal, and it is aborted already. */
export function isAborted(signal: AbortSignal | undefined): boolean {
  return signal !== undefined && peek(signal, "aborted") === true;
}

function callAll(this: AbortSignal): void {
  const callbacks = waiting.get(this) ?? [];
  waiting.delete(this);
  for (const callback of callbacks) quietly(callback);
}
