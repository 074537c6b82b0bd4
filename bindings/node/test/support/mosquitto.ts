import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createWriteStream, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import path from "node:path";
import { LATE_MS } from "./patience.js";
import { freePort } from "./ports.js";

export const MQTT_ENDPOINT = "stand-in-ats.iot.us-east-1.amazonaws.com";

const program = [
  "/usr/sbin",
  "/usr/local/sbin",
  ...(process.env["PATH"] ?? "").split(path.delimiter),
]
  .map((directory) => path.join(directory, "mosquitto"))
  .find((file) => existsSync(file));

/** Why there can be no broker; undefined: there can. */
export const noMosquitto = missing();
if (noMosquitto !== undefined && process.env["CI"]) throw new Error(noMosquitto);

function missing(): string | undefined {
  if (program === undefined) return "mosquitto is not installed: ./task services";
  try {
    openssl("version");
    return undefined;
  } catch {
    return "openssl, which makes the broker's certificates, is not installed";
  }
}

/** Another process may take a port that was free a moment ago. */
const STARTS = 3;

/**
 * A real broker. `tlsPort` takes MQTT from clients with a certificate of the stand-in's
 * authority; `websocketPort` takes WebSockets from anybody. Both are `MQTT_ENDPOINT`.
 */
export class Broker {
  readonly ca: string;
  readonly certificate: string;
  readonly privateKey: string;
  tlsPort = 0;
  websocketPort = 0;
  readonly #home: string;
  #process: ChildProcess | undefined;

  private constructor(
    home: string,
    readonly clientCa: string,
  ) {
    this.#home = home;
    this.ca = path.join(home, "broker-ca.pem");
    const issued = issue(home, "broker", MQTT_ENDPOINT);
    ({ certificate: this.certificate, privateKey: this.privateKey } = issued);
  }

  /** Starts it, with what it needs in a directory; resolves when it listens. */
  static async start(home: string, clientCa: string): Promise<Broker> {
    const broker = new Broker(home, clientCa);
    for (let start = 1; ; start++) {
      if (await broker.#start()) return broker;
      if (start === STARTS) throw new Error(`mosquitto does not start: ${broker.log()}`);
    }
  }

  /** What it has written: who connected, as what, and who was refused. */
  log(): string {
    return readFileSync(path.join(this.#home, "mosquitto.log"), "utf8");
  }

  /** What it has written when this client connected. */
  lineOf(clientId: string): string {
    return (
      this.log()
        .split("\n")
        .find((line) => line.includes(` as ${clientId} (`)) ?? ""
    );
  }

  /** What it has written when this client connected last. */
  lastLineOf(clientId: string): string {
    const all = this.log().split("\n");
    return all.findLast((line) => line.includes(` as ${clientId} (`)) ?? "";
  }

  /** Ends it as a machine does that loses power, and starts it again on the same ports. */
  async restart(): Promise<void> {
    const gone = new Promise((resolve) => this.#process?.once("exit", resolve));
    this.#process?.kill("SIGKILL");
    await gone;
    if (!(await this.#listen())) throw new Error(`mosquitto does not start again: ${this.log()}`);
  }

  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.#process?.once("exit", resolve));
    this.#process?.kill();
    await gone;
  }

  async #start(): Promise<boolean> {
    rmSync(path.join(this.#home, "mosquitto.log"), { force: true });
    this.tlsPort = await freePort();
    this.websocketPort = await freePort();
    const conf = path.join(this.#home, "mosquitto.conf");
    writeFileSync(conf, this.#settings());
    return this.#listen();
  }

  async #listen(): Promise<boolean> {
    const conf = path.join(this.#home, "mosquitto.conf");
    const child = spawn(program ?? "", ["-c", conf], { stdio: ["ignore", "ignore", "pipe"] });
    child.stderr.pipe(createWriteStream(path.join(this.#home, "mosquitto.log"), { flags: "a" }));
    this.#process = child;
    for (const port of [this.tlsPort, this.websocketPort]) {
      for (const end = Date.now() + LATE_MS; !(await answers(port));) {
        if (child.exitCode !== null || Date.now() > end) {
          child.kill();
          return false;
        }
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
    return child.exitCode === null;
  }

  #settings(): string {
    const server = `certfile ${this.certificate}\nkeyfile ${this.privateKey}\n`;
    // started by root it would become a user who cannot read these files
    const user = process.getuid?.() === 0 ? "user root\n" : "";
    return (
      `${user}persistence false\nallow_anonymous true\nlog_dest stderr\nlog_type all\n` +
      `listener ${this.tlsPort} 127.0.0.1\n${server}cafile ${this.clientCa}\n` +
      "require_certificate true\nuse_identity_as_username true\n" +
      `listener ${this.websocketPort} 127.0.0.1\nprotocol websockets\n${server}`
    );
  }
}

/** A certificate for a name, by an authority of its own, which lies in `NAME-ca.pem`. */
export function issue(
  home: string,
  name: string,
  host: string,
): { certificate: string; privateKey: string; ca: string } {
  const file = (end: string) => path.join(home, `${name}-${end}.pem`);
  const [ca, caKey, certificate, privateKey] = ["ca", "ca-key", "cert", "key"].map(file) as [
    ...[string, string, string, string],
  ];
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
  const authority = ["-addext", "basicConstraints=critical,CA:true"];
  const common = ["req", "-x509", ...key];
  const subject = (cn: string) => ["-subj", `/CN=${cn.slice(0, 60)}`];
  openssl(...common, ...subject(`${name}'s authority`), ...authority, "-keyout", caKey, "-out", ca);
  openssl(
    ...[...common, ...subject(host), "-CA", ca, "-CAkey", caKey],
    ...["-addext", `subjectAltName=DNS:${host}`, "-addext", "basicConstraints=CA:false"],
    ...["-keyout", privateKey, "-out", certificate],
  );
  return { certificate, privateKey, ca };
}

function openssl(...args: string[]): void {
  execFileSync("openssl", args, { stdio: "pipe", timeout: LATE_MS });
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(port, "127.0.0.1");
    probe.once("connect", () => {
      probe.destroy();
      resolve(true);
    });
    probe.once("error", () => {
      resolve(false);
    });
  });
}
