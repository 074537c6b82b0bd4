import { EventEmitter } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { mqtt5 } from "aws-iot-device-sdk-v2";
import { expect, test, vi } from "vitest";
import { MqttLine } from "../src/platform/crt-mqtt-line.js";
import { LONGEST_STOP_MS } from "../src/platform/crt-mqtt-stop.js";
import type { Found } from "../src/platform/crt-tls.js";
import type { TlsMaterial } from "../src/platform/types.js";

/** What the SDK's client is asked; the test tells its events, in the order that it wants. */
class Told extends EventEmitter {
  readonly asked: string[] = [];
  start(): void {
    this.asked.push("start");
  }
  stop(): void {
    this.asked.push("stop");
  }
  close(): void {
    this.asked.push("close");
  }
}

/** A line whose looks at the server end when the test says so. */
function lineOf() {
  const client = new Told();
  const looks: ((code: string | undefined) => void)[] = [];
  const line = new MqttLine(
    {} as TlsMaterial,
    { context: {}, library: undefined } as unknown as Found,
    {
      make: () => client as unknown as mqtt5.Mqtt5Client,
      look: () => new Promise((resolve) => looks.push(resolve)),
      pauseMs: () => 1,
    },
    {
      material: () => {
        throw new Error("the files stay as they are");
      },
      alpn: undefined,
      warn: () => undefined,
    },
  );
  const heard: string[] = [];
  let listen: (event: string) => void = () => undefined;
  line.begin((event) => {
    heard.push(event);
    listen(event);
  });
  /** Ends the latest look, and lets what follows from it happen. */
  const saw = async (code?: string) => {
    looks.at(-1)?.(code);
    await turn();
  };
  const on = (listener: typeof listen) => (listen = listener);
  return { line, client, heard, saw, on };
}

const FAILURE = { error: new Error("UPGRADE_FAILURE") };

test("A stops during an attempt; the end is told before the attempt's failure: A hears it", async () => {
  const { line, client, heard, saw } = lineOf();
  line.start();
  await saw();
  client.emit("attemptingConnect", {});
  client.emit("connectionFailure", FAILURE);
  line.stop();
  client.emit("attemptingConnect", {});
  client.emit("stopped", {});
  client.emit("connectionFailure", FAILURE);
  expect(heard).toContain("stopped");
  expect(client.asked).toEqual(["start", "stop"]);
});

test("an attempt is looked at; A stops; the end does not wait for the look", async () => {
  const { line, client, heard, saw } = lineOf();
  line.start();
  await saw();
  for (const event of ["attemptingConnect", "connectionFailure"]) client.emit(event, FAILURE);
  client.emit("attemptingConnect", {});
  line.stop();
  client.emit("stopped", {});
  expect(heard.at(-1)).toBe("stopped");
});

test("a server is refused; A stops as soon as A hears of it: A hears the end", async () => {
  const { line, client, heard, saw, on } = lineOf();
  on((event) => {
    if (event === "connectionFailure") line.stop();
  });
  line.start();
  await saw("SELF_SIGNED_CERT_IN_CHAIN");
  expect(heard).toEqual(["attemptingConnect", "connectionFailure", "stopped"]);
  expect(client.asked).toEqual([]);
});

test.each([
  ["the end of the connection", ["disconnection", "stopped"]],
  ["an attempt that has failed", ["attemptingConnect", "connectionFailure", "stopped"]],
])("A stops and starts; %s of before is told: the client starts", async (_, events) => {
  const { line, client, saw } = lineOf();
  line.start();
  await saw();
  client.emit("attemptingConnect", {});
  line.stop();
  line.start();
  for (const event of events) client.emit(event, FAILURE);
  await saw();
  expect(client.asked).toEqual(["start", "stop", "start"]);
  line.close();
});

// The SDK's client looks at its last wish only: it would stay connected, and tell nothing.
test("A stops and starts; the look ends before the client has stopped: the start waits for the end", async () => {
  const { line, client, heard, saw } = lineOf();
  line.start();
  await saw();
  line.stop();
  line.start();
  await saw();
  expect(client.asked).toEqual(["start", "stop"]);
  client.emit("stopped", {});
  expect(heard).toEqual(["stopped"]);
  expect(client.asked).toEqual(["start", "stop", "start"]);
  line.close();
});

test("A stops, starts and stops: A hears one end, and nothing starts", async () => {
  const { line, client, heard, saw } = lineOf();
  line.start();
  await saw();
  line.stop();
  line.start();
  await saw();
  line.stop();
  client.emit("stopped", {});
  await turn();
  expect(heard).toEqual(["stopped"]);
  expect(client.asked).toEqual(["start", "stop"]);
});

test("A stops and starts; who hears the end stops: nothing starts", async () => {
  const { line, client, saw, on } = lineOf();
  line.start();
  await saw();
  line.stop();
  line.start();
  await saw();
  on(() => {
    line.stop();
  });
  client.emit("stopped", {});
  expect(client.asked).toEqual(["start", "stop"]);
});

test("a client tells no end: A hears one all the same, and may start", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    const { line, client, heard, saw } = lineOf();
    line.start();
    await saw();
    line.stop();
    line.start();
    await saw();
    vi.advanceTimersByTime(LONGEST_STOP_MS);
    expect(heard).toEqual(["stopped"]);
    expect(client.asked).toEqual(["start", "stop", "start"]);
    line.close();
  } finally {
    vi.useRealTimers();
  }
});

test("A stops before the first look has ended: A hears the end once, and nothing starts", async () => {
  const { line, client, heard, saw } = lineOf();
  line.start();
  line.stop();
  line.stop();
  await saw();
  expect(heard).toEqual(["stopped"]);
  expect(client.asked).toEqual([]);
});
