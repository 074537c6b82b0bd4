// Some edge runtimes have neither weak references nor finalizers. There what
// nobody uses any more is kept until it is closed, and as long as its timer runs.

/** Calls `free` with what was registered, some time after its owner is gone. */
export function whenForgotten<T>(
  free: (held: T) => void,
): Pick<FinalizationRegistry<T>, "register"> {
  if (typeof FinalizationRegistry === "function") return new FinalizationRegistry(free);
  return { register: () => undefined };
}

/** Leads to the value while it is there, without keeping it. */
export function weakly<T extends object>(value: T): { deref(): T | undefined } {
  return typeof WeakRef === "function" ? new WeakRef(value) : { deref: () => value };
}
