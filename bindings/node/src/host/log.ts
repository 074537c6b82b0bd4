import * as abi from "../library/abi-generated.js";
import { soon } from "../common/clock.js";
import { peek, quietly } from "../common/guard.js";
import type { EventFacts } from "./facts.js";

/** Writes what a session tells. */
export interface Log {
  /** What a decision notes, with the sentence of a failure ("": there is none). */
  noted(notes: number, facts: EventFacts, sentence: string): void;
  /** A warning of the host's own. */
  warned(text: string, facts: EventFacts): void;
}

/** What a session logs to: `console`, or the loggers of most libraries. */
export interface SessionLogger {
  /** Details, such as what was ignored. */
  debug(message: string, facts: EventFacts): unknown;
  /** Refreshes. */
  info(message: string, facts: EventFacts): unknown;
  /** Failures, and what is worth to know. */
  warn(message: string, facts: EventFacts): unknown;
}

const METHODS = { debug: "debug", info: "info", warning: "warn" } as const;

/** A logger of the user's, which may throw, and is called a little later: it may use the session. */
export function logTo(logger: object): Log {
  const told = (level: keyof SessionLogger, text: string, facts: EventFacts) => {
    soon(() => {
      write(logger, level, `evercreds: ${text}`, { ...facts });
    });
  };
  return {
    noted(notes, facts, sentence) {
      for (const [note, level, text] of abi.LINES) {
        if ((notes & note) === 0) continue;
        const why = level === "warning" && sentence !== "" ? `: ${sentence}` : "";
        told(METHODS[level], `${text}${why}`, facts);
      }
    },
    warned(text, facts) {
      told("warn", text, facts);
    },
  };
}

function write(logger: object, level: keyof SessionLogger, text: string, facts: EventFacts): void {
  quietly(() => {
    const method = peek(logger, level);
    if (typeof method !== "function") return;
    const answer: unknown = Reflect.apply(method, logger, [text, facts]);
    Promise.resolve(answer).catch(() => undefined);
  });
}
