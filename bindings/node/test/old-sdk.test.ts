import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import {
  doesIdentityRequireRefresh,
  isIdentityExpired,
  memoizeIdentityProvider,
} from "@smithy/core";
import { expect, test } from "vitest";
import { EvercredsError } from "../src/errors.js";
import { virtualSession } from "./support/session.js";

const region = "eu-west-1";

/** As clients were up to 3.7xx: the SDK's own cache lies over any provider. */
class CachingClient extends S3Client {
  constructor(config: S3ClientConfig) {
    super(config);
    const value = memoizeIdentityProvider(
      config.credentials as () => Promise<object>,
      isIdentityExpired,
      doesIdentityRequireRefresh,
    );
    Object.defineProperty(this.config, "credentials", { value });
  }
}

const refusal = (call: () => unknown): EvercredsError => {
  try {
    call();
  } catch (error) {
    if (error instanceof EvercredsError) return error;
    throw error;
  }
  throw new Error("it was taken");
};

test("a client of an SDK that keeps sets itself is refused, and the error says what to do", () => {
  const { session } = virtualSession();
  const error = refusal(() => session.client(CachingClient, { region }));
  expect(error).toMatchObject({ code: "configuration", class: "permanent" });
  expect(error.message).toMatch(/^CachingClient comes from an AWS SDK .*3\.800\.0 or newer$/);
  // and it is not kept
  expect(refusal(() => session.client(CachingClient, { region })).message).toBe(error.message);
  session.client(S3Client, { region });
});

test("a client that signs elsewhere is refused when it is given the plug-in, not at its calls", () => {
  const { session } = virtualSession();
  const old = new S3Client({ region });
  expect(old.middlewareStack.remove("httpSigningMiddleware")).toBe(true);
  const error = refusal(() => {
    old.middlewareStack.use(session.plugin);
  });
  expect(error).toMatchObject({ code: "configuration", class: "permanent" });
  expect(error.message).toContain("3.800.0 or newer");
});
