/** From the words of a command line to the flags of a command. @module */
import { parseArgs } from "../deps/std.ts";
import { type Field, fieldsOf, parseText } from "../hparams/fields.ts";
import { nearestName } from "../hparams/nearest.ts";
import { type Command, kebabCase, UsageError } from "./command.ts";

/** A command, its name in the table, and the words after that name. */
export interface Selected {
  /** Its name, such as `data prepare`. */
  readonly name: string;
  /** Its row. */
  readonly command: Command;
  /** The words that are left. */
  readonly words: readonly string[];
}

/** The spelling of a flag: `topK` is `--top-k`; one that is on by default is turned off with `--no-`. */
export function optionName(field: Field): string {
  return field.default === true ? `--no-${kebabCase(field.name)}` : `--${kebabCase(field.name)}`;
}

/**
 * Finds the command that the first words name.
 *
 * @returns Undefined if they name only the first word of longer names, as `data` does
 * @throws {UsageError} If there is no such command; the message names the nearest
 */
export function selectCommand(
  commands: Readonly<Record<string, Command>>,
  words: readonly string[],
): Selected | undefined {
  const names = Object.keys(commands);
  for (const length of [2, 1]) {
    const name = words.slice(0, length).join(" ");
    if (Object.hasOwn(commands, name)) {
      return { name, command: commands[name], words: words.slice(length) };
    }
  }
  const group = names.filter((name) => name.startsWith(`${words[0]} `));
  const second = words[1];
  if (group.length > 0 && (second === undefined || second.startsWith("-"))) return undefined;
  const wanted = group.length > 0 ? `${words[0]} ${second}` : words[0];
  const nearest = nearestName(wanted, group.length > 0 ? group : names);
  throw new UsageError(
    `Cannot find command "${wanted}": did you mean "${nearest}"? See --help for all commands`,
  );
}

function splitWords({ name, words }: Selected, fields: readonly Field[]): Record<string, unknown> {
  const options = new Map(fields.map((field) => [optionName(field).slice(2), field]));
  const withType = (isWanted: (field: Field) => boolean) =>
    [...options].filter(([, field]) => isWanted(field)).map(([option]) => option);
  return parseArgs(words, {
    boolean: withType((field) => field.type === "boolean"),
    string: ["_", ...withType((field) => field.type !== "boolean")],
    collect: withType((field) => field.type === "list"),
    unknown: (argument, key) => {
      if (key === undefined) return true;
      const wanted = argument.replace(/=.*/s, "");
      const nearest = nearestName(wanted, [...options.keys()]);
      throw new UsageError(
        `Cannot find option "${wanted}" of "${name}": did you mean "--${nearest}"? ` +
          `See ${name} --help`,
      );
    },
  });
}

function fromOptions(
  parsed: Record<string, unknown>,
  fields: readonly Field[],
): Record<string, unknown> {
  const flags: Record<string, unknown> = {};
  for (const field of fields) {
    const option = optionName(field);
    const value = parsed[option.slice(2)];
    if (value === undefined || value === false) continue;
    if (value === "" || Array.isArray(value) && value.includes("")) {
      throw new UsageError(
        `Cannot read ${option}: expected ${field.placeholder ?? field.expected} after it`,
      );
    }
    if (typeof value === "boolean") flags[field.name] = field.default !== true;
    else if (typeof value === "string") flags[field.name] = parseText(field, value);
    else if (Array.isArray(value) && value.length > 0) flags[field.name] = value.map(String);
  }
  return flags;
}

function addPositional(
  { name, command }: Selected,
  words: readonly string[],
  flags: Record<string, unknown>,
): void {
  const { positional } = command;
  if (words.length > positional.length) {
    const found = words[positional.length];
    const expected = positional.map((each) => each.toUpperCase()).join(" ") || "none";
    throw new UsageError(
      `Cannot read "${found}" after "${name}": expected ${expected}; ` +
        `does it belong to an option?`,
    );
  }
  words.forEach((word, i) => flags[positional[i]] = word);
}

function explain(
  { name, command }: Selected,
  field: Field | undefined,
  value: unknown,
  message: string,
): UsageError {
  if (!field) return new UsageError(`Cannot run "${name}": ${message}; see ${name} --help`);
  const isPositional = command.positional.includes(field.name);
  const what = isPositional ? field.name.toUpperCase() : optionName(field);
  if (value === undefined) {
    return new UsageError(`Cannot run "${name}" without ${what}: ${field.description}`);
  }
  const nearest = field.choices && nearestName(String(value), field.choices);
  const hint = nearest ? `; did you mean "${nearest}"?` : "";
  return new UsageError(`Cannot use ${what} "${value}": expected ${message}${hint}`);
}

/**
 * Reads the words after a command's name as its flags.
 *
 * @throws {UsageError} If an option does not exist (the message names the nearest), lacks its value, or has one
 * that is not allowed (the message says which are)
 */
export function parseFlags(selected: Selected): Record<string, unknown> {
  const fields = fieldsOf(selected.command.flags);
  const options = fields.filter(({ name }) => !selected.command.positional.includes(name));
  const parsed = splitWords(selected, options);
  const flags = fromOptions(parsed, options);
  addPositional(selected, parsed._ as string[], flags);
  const result = selected.command.flags.safeParse(flags);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = fields.find(({ name }) => name === issue.path[0]);
  const isOwnRule = issue.code === "custom" || field === undefined;
  throw explain(
    selected,
    field,
    field && flags[field.name],
    isOwnRule ? issue.message : field.expected,
  );
}
