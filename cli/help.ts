/** Help, printed from the schemas that parse. @module */
import { type Field, fieldsOf } from "../hparams/fields.ts";
import { presetNames } from "../hparams/presets.ts";
import { type ModelId, modelIds, schemaOf } from "../hparams/registry.ts";
import { columns } from "../supervisors/logging/columns.ts";
import { optionName, type Selected } from "./arguments.ts";
import { type Command, kebabCase, type Permissions } from "./command.ts";

/** How the program was started, for lines that can be copied. */
export interface Program {
  /** The folder or URL of the library, with a slash at its end. */
  readonly root: string;
}

const EXIT_CODES = "Exit codes: 0 done, 1 failed, 2 wrong usage, 130 stopped after saving";

function valueName(field: Field): string {
  if (field.type === "boolean") return "";
  return field.placeholder ?? field.choices?.join("|") ?? field.type.toUpperCase();
}

function describeFlag(field: Field, isPositional: boolean): readonly [string, string] {
  const name = isPositional ? field.name.toUpperCase() : optionName(field);
  const left = isPositional ? name : `${name} ${valueName(field)}`.trimEnd();
  const notes: string[] = [];
  if (isPositional && field.choices) notes.push(field.choices.join(", "));
  else if (field.type === "integer" || field.type === "number") notes.push(field.expected);
  if (field.required) notes.push("required");
  if (field.type === "list") notes.push("may be repeated");
  else if (field.default !== undefined && field.default !== true) {
    notes.push(`default ${field.default}`);
  }
  return [left, field.description + (notes.length > 0 ? ` (${notes.join("; ")})` : "")];
}

/** The narrow command line: read and write of the named folders, what `more` allows, and nothing else. */
export function permissionLine(
  permissions: Permissions,
  { root }: Program,
  more: readonly string[] = [],
): string {
  const list = (names: readonly string[]) =>
    names.map((name) => name.startsWith("./") ? root + name.slice(2) : name).join(",");
  const { read = [], write = [], net = [] } = permissions;
  const flags = [
    ...more,
    read.length > 0 ? `--allow-read=${list(read)}` : "",
    write.length > 0 ? `--allow-write=${list(write)}` : "",
    net.length > 0 ? `--allow-net=${net.join(",")}` : "",
  ].filter((flag) => flag !== "");
  return ["deno run --no-prompt", ...flags, `${root}cli.ts`, permissions.line].join(" ");
}

/** Which flags need more than the narrow command line. */
function filesHelp({ files = [] }: Permissions): string[] {
  if (files.length === 0) return [];
  const names = files.map((name) => `--${kebabCase(name)}`).join(", ");
  return [`  and --allow-read=FILE for the file of ${names}`];
}

function hparamsHelp(model: ModelId): string[] {
  const rows = fieldsOf(schemaOf(model)).map((field) =>
    [field.name, `${field.description} (${field.expected}; default ${field.default})`] as const
  );
  return [
    "",
    `Hparams of ${model}, for --set and --hparams; presets: ${presetNames.join(", ")}`,
    ...columns(rows),
  ];
}

/** How a command that computes is started with a BLAS library of the machine. */
function nativeHelp({ permissions }: Command, program: Program): string[] {
  const line = permissionLine(permissions, program, [
    "--allow-env=COOPERTUNES_BLAS",
    "--allow-ffi=BLAS",
  ]);
  return [
    "",
    "With a BLAS library of this machine, where BLAS is the full path of its file (libopenblas.so.0)",
    `  COOPERTUNES_BLAS=BLAS ${line} --backend native`,
  ];
}

/**
 * The help of one command. Where the command takes `--set` and a model is named, its hparams are listed too.
 */
export function commandHelp({ name, command, words }: Selected, program: Program): string {
  const fields = fieldsOf(command.flags);
  const isPositional = (field: Field) => command.positional.includes(field.name);
  const positional = command.positional.map((each) => each.toUpperCase());
  const lines = [
    [`coopertunes ${name}`, ...positional, "[options]"].join(" "),
    `  ${command.summary}`,
    "",
    ...columns([
      ...fields.filter(isPositional).map((field) => describeFlag(field, true)),
      ...fields.filter((field) => !isPositional(field)).map((field) => describeFlag(field, false)),
      ["--help", "print this and stop"],
    ]),
  ];
  if (Object.hasOwn(command.flags.shape, "set")) {
    const model = modelIds.find((id) => words.includes(id));
    const hint = `  ${name} MODEL --help lists the hparams of a model`;
    lines.push(...(model ? hparamsHelp(model) : ["", hint]));
  }
  lines.push("", "Examples", ...command.examples.map((line) => `  deno task ${line}`));
  lines.push(
    "",
    "Without deno task, for your own folders and nothing else",
    `  ${permissionLine(command.permissions, program)}`,
    ...filesHelp(command.permissions),
  );
  if (Object.hasOwn(command.flags.shape, "backend")) lines.push(...nativeHelp(command, program));
  lines.push("", EXIT_CODES);
  return lines.join("\n");
}

/** The list of commands; with `prefix`, of those whose names begin with it. */
export function overview(commands: Readonly<Record<string, Command>>, prefix = ""): string {
  const chosen = Object.entries(commands).filter(([name]) => name.startsWith(prefix));
  return [
    "coopertunes: music machine learning in one runtime",
    "",
    `coopertunes ${prefix === "" ? "COMMAND" : `${prefix} COMMAND`} [options]`,
    ...columns(chosen.map(([name, { summary }]) => [name, summary] as const)),
    "",
    "Each command has --help, with examples; --version prints the version",
    EXIT_CODES,
  ].join("\n");
}
