/** The Deno standard library through its npm edition, which has no types: the parts in use get theirs here. @module */
import { parseArgs as untypedParseArgs } from "npm:deno-std@1.4.0/cli/parse_args.js";

/** How arguments are read; names are without dashes. */
export interface ParseArgsOptions {
  /** Options without a value. */
  readonly boolean: readonly string[];
  /** Options with a value, which stays text; `_` stands for the positional arguments. */
  readonly string: readonly string[];
  /** Options that may be given several times. */
  readonly collect: readonly string[];
  /** Called for what is none of these; `key` is undefined for a positional argument; false leaves it out. */
  readonly unknown: (argument: string, key?: string) => boolean;
}

/** Splits arguments into options by name and positional ones, `_`. */
export const parseArgs: (
  args: readonly string[],
  options: ParseArgsOptions,
) => Record<string, unknown> & { _: string[] } = untypedParseArgs;
