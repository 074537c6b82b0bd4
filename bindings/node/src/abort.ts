/** Who is to be called once a signal is aborted, and the one listener that does it. */
interface Watch {
  readonly calls: Set<() => void>;
  readonly listener: () => void;
}

const watches = new WeakMap<AbortSignal, Watch>();

/**
 * Calls back once the signal is aborted, and gives the function that calls it off.
 * All callbacks of a signal share one listener: the signal of a program's shutdown
 * may be that of hundreds of callers, and Node warns of a leak from the eleventh on.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  const watch = watches.get(signal) ?? watchFor(signal);
  watch.calls.add(callback);
  return () => {
    watch.calls.delete(callback);
    if (watch.calls.size > 0 || watches.get(signal) !== watch) return;
    watches.delete(signal);
    signal.removeEventListener("abort", watch.listener);
  };
}

function watchFor(signal: AbortSignal): Watch {
  const calls = new Set<() => void>();
  const listener = () => {
    for (const call of [...calls]) call();
  };
  signal.addEventListener("abort", listener, { once: true });
  const watch = { calls, listener };
  watches.set(signal, watch);
  return watch;
}
