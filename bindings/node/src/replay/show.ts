import * as abi from "../abi_generated.js";
import type { Decision } from "../decision.js";
import { BASE_MS, bits, formatSpan, names } from "./words.js";

/** Tickets as issued: #1 is the first. */
export type Tickets = number[];

const name = (group: Readonly<Record<string, number>>, n: number): string =>
  names(group).get(n) ?? String(n);

/** A decision: its kind, then the fields that are not at their default. */
export function showDecision(d: Decision, tickets: Tickets): string {
  if (d.started !== 0 && !tickets.includes(d.started)) tickets.push(d.started);
  const ticket = (t: number) => (t === 0 ? undefined : alias(t, tickets));
  const elapsed = (at: number) => (at === abi.NEVER ? undefined : formatSpan(at));
  const wall = (at: number) => (at === abi.NEVER ? undefined : formatSpan(at - BASE_MS));
  const unless0 = (n: number, text: string) => (n === 0 ? undefined : text);
  const fields: [string, string | undefined][] = [
    ["flags", unless0(d.flags, bits(abi.Flag, d.flags))],
    ["code", unless0(d.code, name(abi.Code, d.code))],
    ["class", unless0(d.errorClass, name(abi.ErrorClass, d.errorClass))],
    ["ticket", ticket(d.ticket)],
    ["set", ticket(d.set)],
    ["lease", elapsed(d.leaseElapsed)],
    ["lease_wall", wall(d.leaseWall)],
    ["expiry", wall(d.expiry)],
    ["deadline", elapsed(d.deadline)],
    ["retry_at", elapsed(d.retryAt)],
    ["until", unless0(d.until, formatSpan(d.until))],
    ["error_ticket", ticket(d.errorTicket)],
    ["epoch", String(d.epoch)],
    ["started", ticket(d.started)],
    ["cause", unless0(d.startCause, name(abi.Cause, d.startCause))],
    ["start_deadline", elapsed(d.startDeadline)],
    ["settled", ticket(d.settled)],
    ["cancelled", ticket(d.cancelled)],
    ["wake", elapsed(d.nextWake)],
    ["phase", name(abi.Phase, d.phase)],
    ["notes", unless0(d.notes, bits(abi.Note, d.notes))],
  ];
  const shown = fields.filter(([, text]) => text !== undefined);
  return [name(abi.Kind, d.kind), ...shown.map(([key, text]) => `${key}=${text ?? ""}`)].join(" ");
}

/** One number of a session's status. */
export function showStatus(field: number, value: number, tickets: Tickets): string {
  const { Status } = abi;
  switch (field) {
    case Status.PHASE:
      return name(abi.Phase, value);
    case Status.LAST_CODE:
      return name(abi.Code, value);
    case Status.LAST_CLASS:
      return name(abi.ErrorClass, value);
    case Status.SET:
    case Status.FLIGHT:
    case Status.LAST_TICKET:
      return alias(value, tickets);
    case Status.REMAINING_MS:
    case Status.ADVISORY_MS:
    case Status.MANDATORY_MS:
    case Status.LIFETIME_MS:
    case Status.HOLD_OFF_MS:
    case Status.NEXT_WAKE_MS:
      return value === abi.NEVER ? "never" : formatSpan(value);
    default:
      return String(value);
  }
}

function alias(ticket: number, tickets: Tickets): string {
  const at = tickets.indexOf(ticket);
  return `#${at < 0 ? ticket : at + 1}`;
}
