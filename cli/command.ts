/** One row of the command table, and what its command hands back. @module */
import type { z } from "../deps/zod.ts";
import type { Outcome, Terminal } from "../supervisors/outcome.ts";

export type { Outcome, Terminal } from "../supervisors/outcome.ts";

/** The command line was not understood: exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** A row of the command table. */
export interface Command<S extends z.ZodObject = z.ZodObject> {
  /** What it does, in one line. */
  readonly summary: string;
  /** The flags that are given by position, without dashes. */
  readonly positional: readonly string[];
  /** All flags and positional arguments, by camelCase name. */
  readonly flags: S;
  /** Command lines to learn from, without the program's name. */
  readonly examples: readonly string[];
  /** The flags whose folders it reads and writes, and the hosts it speaks to. */
  readonly permissions: Permissions;
  /** Does the work; imports what it needs on use. */
  readonly run: (flags: z.infer<S>, terminal: Terminal) => Promise<Outcome>;
}

/** What a command needs to be allowed; `read` and `write` name flags, or parts of the library as `./folder`. */
export interface Permissions {
  /** What is read. */
  readonly read?: readonly string[];
  /** Flags whose files are read too where they are given. */
  readonly files?: readonly string[];
  /** What is written. */
  readonly write?: readonly string[];
  /** Hosts. */
  readonly net?: readonly string[];
  /** A command line that needs no more than that, with upper-case names in place of the user's own folders. */
  readonly line: string;
}

/** Declares a command, so that `run` gets the type of its flags. */
export function command<S extends z.ZodObject>(row: Command<S>): Command {
  return row as unknown as Command;
}

/** The spelling of a flag's name on the command line: `topK` is `top-k`. */
export function kebabCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
