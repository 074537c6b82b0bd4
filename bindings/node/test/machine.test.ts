import { readFileSync } from "node:fs";
import { describe, expect, test, vi } from "vitest";
import * as abi from "../src/library/abi-generated.js";
import { initialize, RefreshableSession } from "../src/index.js";
import { type Decision, Machine, type MachineHost } from "../src/library/machine.js";
import { checkVersion, type Exports, Runtime, Trap } from "../src/library/runtime.js";
import { VirtualClock } from "./support/clock.js";
import { gate, virtualSession } from "./support/session.js";
import { freshRuntime, panicFile, wasmFile } from "./support/wasm.js";

const HASH = { low: 1, high: 2 };

/** A host that does what a test tells it when a flight begins. */
class Host implements MachineHost<Decision> {
  readonly began: number[] = [];
  readonly cancelled: number[] = [];
  readonly decisions: Decision[] = [];
  rebuilt = 0;
  onBegin: (ticket: number) => void = () => undefined;

  begin(ticket: number): void {
    this.began.push(ticket);
    this.onBegin(ticket);
  }
  cancel(ticket: number): void {
    this.cancelled.push(ticket);
  }
  restore(): void {
    this.rebuilt++;
  }
  apply(decision: Decision): Decision {
    this.decisions.push(decision);
    return decision;
  }
}

function open(runtime: Runtime = freshRuntime(), options: readonly [number, number][] = []) {
  const clock = new VirtualClock();
  const host = new Host();
  const method = [abi.Option.METHOD, abi.Method.CUSTOM] as const;
  const machine = new Machine(runtime, clock, host, [method, ...options]);
  machine.open();
  const set = () => ({ expiryMs: clock.wall() + 3_600_000, durationMs: 0, serverTimeMs: 0 });
  return { clock, host, machine, runtime, set };
}

/** A caller who takes whatever there is, and does not wait where there is nothing. */
const ANY = { minTtlMs: 0, other: { low: 0, high: 0 }, evidence: 0, untilMs: 0 };

test("a flight that completes inside the call that starts it", () => {
  const { host, machine, set } = open();
  let inner: Decision | undefined;
  host.onBegin = (ticket) => {
    inner = machine.complete(ticket, HASH, set());
  };
  const outer = machine.ask(ANY);
  // each caller has its own decision, although the inner one came between
  expect(inner).toMatchObject({ settled: outer.ticket, notes: abi.Note.INSTALLED });
  expect(outer).toMatchObject({ kind: abi.Kind.REFRESH, started: host.began[0], settled: 0 });
  expect(machine.answer(outer.ticket, ANY, false)).toMatchObject({
    kind: abi.Kind.SERVE,
    set: outer.ticket,
  });
});

test.each([0, -1, NaN, Infinity])("fake timers show %d: a first session is made", (instant) => {
  const clocks = [vi.spyOn(performance, "now"), vi.spyOn(Date, "now")];
  for (const clock of clocks) clock.mockReturnValue(instant);
  try {
    const runtime = freshRuntime();
    expect(runtime.run(undefined, (x) => x.evercreds_session_new())).toBeGreaterThan(0);
  } finally {
    for (const clock of clocks) clock.mockRestore();
  }
});

test("another session's calls inside a call reach their own host", () => {
  const first = open();
  const second = open(first.runtime);
  first.host.onBegin = () => {
    second.machine.ask(ANY);
  };
  first.machine.ask(ANY);
  expect(first.host.began).toHaveLength(1);
  expect(second.host.began).toHaveLength(1);
  expect(second.host.began).not.toEqual(first.host.began);
});

test("a flight that times out is cancelled through the host function", async () => {
  const { clock, host, machine } = open(undefined, [[abi.Option.REFRESH_TIMEOUT, 30]]);
  const { ticket } = machine.ask(ANY);
  await clock.advance(30_000);
  machine.wake();
  expect(host.cancelled).toEqual([ticket]);
});

test("decisions are read anew after the module's memory has moved", () => {
  const { machine, runtime } = open();
  runtime.run(undefined, (x) => {
    (x as unknown as { memory: WebAssembly.Memory }).memory.grow(1);
  });
  expect(machine.ask(ANY).kind).toBe(abi.Kind.REFRESH);
});

test.each([
  [abi.ABI_MAJOR + 1, 0],
  [abi.ABI_MAJOR - 1, 9],
])("a module of version %i.%i is refused with both versions", (major, minor) => {
  const words = `ABI version ${major}.${minor}, and this package needs ${abi.ABI_MAJOR}.`;
  expect(() => {
    checkVersion(major * 65536 + minor, 15);
  }).toThrow(words);
});

test("a later minor version is taken", () => {
  expect(() => {
    checkVersion(abi.ABI_MAJOR * 65536 + abi.ABI_MINOR + 7, 255);
  }).not.toThrow();
});

test("a module without sessions is refused", () => {
  expect(() => {
    checkVersion(abi.ABI_MAJOR * 65536 + abi.ABI_MINOR, abi.Feature.RULES);
  }).toThrow("features 2, and this package needs 23");
});

test("the module cannot be changed under sessions that use it", () => {
  const customCredentialsMethod = () => Promise.reject(new Error("down"));
  using session = new RefreshableSession({ method: "custom", customCredentialsMethod });
  expect(session.status().phase).toBe("empty");
  const bytes = Uint8Array.from(readFileSync(wasmFile));
  expect(() => {
    initialize({ module: bytes });
  }).toThrow("initialize must come before the first session");
});

test.each([
  [
    "bytes that are no module",
    Uint8Array.from([1, 2, 3]),
    /cannot be compiled here \(CompileError\)/,
  ],
  [
    "another module",
    Uint8Array.from([0, 97, 115, 109, 1, 0, 0, 0]),
    /does not start \(TypeError\)/,
  ],
])("%s: an error of ours", (_name, bytes, words) => {
  const start = () => {
    new Runtime(bytes).run(undefined, () => 0);
  };
  expect(start).toThrow(expect.objectContaining({ code: "configuration" }));
  expect(start).toThrow(words);
});

test.each([undefined, null, {}, { module: "evercreds.wasm" }, { module: {} }, new Uint8Array(8)])(
  "initialize wants a module, not %o",
  (given) => {
    expect(() => {
      initialize(given as { module: object });
    }).toThrow("module must be a compiled WebAssembly.Module, or its bytes");
  },
);

describe.skipIf(panicFile === undefined)("a module that panics on purpose", () => {
  type Broken = Exports & {
    evercreds_test_panic(session: number): number;
    evercreds_test_fatal(): number;
  };

  /** Kills the instance, as a fault of the module would. */
  const kill = (runtime: Runtime) => {
    expect(() => runtime.run(undefined, (x) => (x as Broken).evercreds_test_fatal())).toThrow(Trap);
  };

  /** Has all sessions of the instance panic: handles are small numbers. */
  const poison = (runtime: Runtime) => {
    runtime.run(undefined, (x) => {
      const first = x.evercreds_session_new();
      for (let handle = 1; handle <= first; handle++) (x as Broken).evercreds_test_panic(handle);
      x.evercreds_session_free(first);
    });
  };

  test.each([
    ["a trap", kill],
    ["a panic", poison],
  ])("%s: the session goes on from its snapshot, with what it holds", async (_name, harm) => {
    const { session, clock, source, runtime } = virtualSession({}, freshRuntime(panicFile));
    const first = await session.credentials();
    await clock.advance((3600 - 890) * 1000);
    const before = session.status();
    harm(runtime);
    expect(session.status()).toEqual(before);
    expect((await session.credentials()).accessKeyId).toBe(first.accessKeyId);
    await clock.settled();
    expect((await session.credentials()).accessKeyId).toBe("AKIA2");
    expect(source.calls).toBe(2);
  });

  test("a trap while callers wait: they are served by a new flight", async () => {
    const { session, clock, source, runtime } = virtualSession({}, freshRuntime(panicFile));
    const door = gate();
    source.answer = async () => {
      await door.opened;
      return source.set();
    };
    const waiting = Array.from({ length: 20 }, () => session.credentials());
    await clock.settled();
    kill(runtime);
    const late = session.credentials(); // notices, rebuilds, and wakes the others
    await clock.settled();
    door.open();
    const sets = await Promise.all([...waiting, late]);
    expect(new Set(sets).size).toBe(1);
    expect(source.calls).toBe(2);
  });

  test("a trap takes all sessions down, and each comes back by itself", async () => {
    const runtime = freshRuntime(panicFile);
    const sessions = [1, 2, 3].map(() => virtualSession({}, runtime));
    const before = await Promise.all(sessions.map(({ session }) => session.credentials()));
    const { generation } = runtime;
    kill(runtime);
    for (const { clock } of sessions) await clock.advance(100_000);
    const after = await Promise.all(sessions.map(({ session }) => session.credentialsFor()));
    expect(after).toEqual(before);
    expect(runtime.generation).toBe(generation + 1);
    expect(sessions.map(({ source }) => source.calls)).toEqual([1, 1, 1]);
  });

  test("the text of a panic is told, and it is an internal error", () => {
    const runtime = freshRuntime(panicFile);
    let trap: unknown;
    try {
      runtime.run(undefined, (x) => (x as Broken).evercreds_test_fatal());
    } catch (error) {
      trap = error;
    }
    expect((trap as Trap).message).toMatch(/^the wasm module trapped: fatal error: /);
  });

  test("closing a session whose instance is gone is no error", async () => {
    const { session, runtime } = virtualSession({}, freshRuntime(panicFile));
    await session.credentials();
    kill(runtime);
    session.close();
    expect(session.status().closed).toBe(true);
  });
});
