import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../../", import.meta.url));

/** The stand-in's first line of output, as far as tests need it. */
interface Introduction {
  endpoint: string;
  access_key_id: string;
  secret_access_key: string;
  region: string;
  tls_endpoint: string;
  ca: string;
  client_ca: string;
  certificate: string;
  private_key: string;
  rsa_certificate: string;
  rsa_private_key: string;
  role_alias: string;
  thing_name: string;
  role_arn: string;
  control: string;
  tls_servers?: TlsServer[];
}

/** A row of the table of TLS servers, good and bad: see docs/reference/stand-in.md. */
export interface TlsServer {
  name: string;
  expected: "accepted" | "refused" | "denied";
  reason?: "certificate" | "device" | "time-out";
  port: number;
}

/** What the stand-in counted of one role or action. */
interface Tally {
  attempts: number;
  successes: number;
  failures: number;
}

/** The stand-in for AWS, in a process of its own. */
export class StandIn {
  readonly #process: ChildProcess;
  readonly #about: Introduction;

  private constructor(process: ChildProcess, about: Introduction) {
    this.#process = process;
    this.#about = about;
  }

  /** Starts it: the built one, else from its sources. */
  static async start(...flags: string[]): Promise<StandIn> {
    const built = `${root}build/stand-in`;
    const [command, args] = existsSync(built)
      ? [built, []]
      : ["go", ["run", "./internal/awstest/cmd/stand-in"]];
    // it ends with its standard input, so it cannot outlive this process
    const child = spawn(command, [...args, "--stdin", ...flags], {
      cwd: root,
      stdio: ["pipe", "pipe", "inherit"],
    });
    const line = await new Promise<string>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code) => {
        reject(new Error(`the stand-in ended with ${code ?? "a signal"}`));
      });
      createInterface(child.stdout).once("line", resolve);
    });
    return new StandIn(child, JSON.parse(line) as Introduction);
  }

  /** Settings for clients that sign with the base credentials. */
  get client() {
    const { endpoint, region, access_key_id, secret_access_key } = this.#about;
    const credentials = { accessKeyId: access_key_id, secretAccessKey: secret_access_key };
    return { endpoint, region, credentials, maxAttempts: 1 };
  }

  /** Settings for an S3 client, without credentials. */
  get s3() {
    const { endpoint, region } = this.#about;
    return { endpoint, region, forcePathStyle: true, maxAttempts: 1 };
  }

  /** Options of a session over the IoT credentials provider. */
  get iot() {
    const { ca, certificate, private_key: privateKey, role_alias: roleAlias } = this.#about;
    const { hostname: host, port } = new URL(this.#about.tls_endpoint);
    const endpoint = `abc123.credentials.iot.${this.#about.region}.amazonaws.com`;
    const connectTo = { host, port: Number(port) };
    return { method: "iot" as const, endpoint, roleAlias, certificate, privateKey, ca, connectTo };
  }

  /** The table of TLS servers; started with the flag --tls-servers. */
  get tlsServers(): TlsServer[] {
    return this.#about.tls_servers ?? [];
  }

  /** The authority that vouches for its clients. */
  get clientCa(): string {
    return this.#about.client_ca;
  }

  /** A second certificate of the same thing, and the thing. */
  get device() {
    const { rsa_certificate: certificate, rsa_private_key: privateKey } = this.#about;
    return { certificate, privateKey, thingName: this.#about.thing_name };
  }

  /** A role of a test's own, and thus counts and faults of its own. */
  role(name: string): string {
    return this.#about.role_arn.replace(/[^/]+$/, name);
  }

  async inject(fault: Record<string, unknown>): Promise<void> {
    await this.#control("faults", fault);
  }

  async clearFaults(): Promise<void> {
    await fetch(`${this.#about.control}/faults`, { method: "DELETE" });
  }

  async setLifetime(source: string, lifetime_ms: number): Promise<void> {
    await this.#control("lifetime", { source, lifetime_ms });
  }

  /** From now on, calls signed with this set are answered with ExpiredToken. */
  async revoke(access_key_id: string): Promise<void> {
    await this.#control("revoke", { access_key_id });
  }

  async setClock(offset_ms: number): Promise<void> {
    await this.#control("clock", { offset_ms });
  }

  /** What was asked of a role, or of a role alias, so far. */
  async asked(source: string): Promise<Tally> {
    const reply = await fetch(`${this.#about.control}/counts`);
    const { roles, aliases } = (await reply.json()) as Record<string, Record<string, Tally>>;
    return roles?.[source] ?? aliases?.[source] ?? { attempts: 0, successes: 0, failures: 0 };
  }

  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.stdin?.end();
    await gone;
  }

  async #control(what: string, body: unknown): Promise<void> {
    const reply = await fetch(`${this.#about.control}/${what}`, {
      method: "POST",
      body: JSON.stringify(body),
    });
    if (!reply.ok) throw new Error(`${what}: ${await reply.text()}`);
  }
}
