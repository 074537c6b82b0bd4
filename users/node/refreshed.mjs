// What the programs share: they call until the gate has seen three sets of credentials.

export const roleArn = process.env.ROLE_ARN;

/** Asks the gate: how many different sets have signed good calls, and how many calls. */
export async function signed() {
  return (await fetch(process.env.SIGNED)).json();
}

/** Calls until the calls were signed with so many sets. A call that throws ends it. */
export async function refreshed(call, { sets = 3, seconds = 90 } = {}) {
  const deadline = performance.now() + seconds * 1000;
  for (let seen = await signed(); seen.sets < sets; seen = await signed()) {
    if (performance.now() > deadline) {
      throw new Error(`no ${sets} sets in ${seconds} s: ${JSON.stringify(seen)}`);
    }
    await call();
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}
