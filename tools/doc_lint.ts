/**
 * `deno doc --lint` of the public API. Types of packages are documented in their packages, and the type of a
 * zod schema is what its fields say: those two reports are left out, all others fail.
 *
 * @module
 */
import { root, sourceFiles } from "./imports.ts";

const ENTRIES = ["mod.ts"];

/** One report of the linter. */
interface Report {
  readonly kind: string;
  readonly text: string;
}

async function lint(): Promise<Report[]> {
  const { stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--lint", ...ENTRIES],
    cwd: root,
    env: { NO_COLOR: "1" },
    stdout: "null",
    stderr: "piped",
  }).output();
  return new TextDecoder().decode(stderr).split(/^(?=error\[)/m).flatMap((text) => {
    const kind = text.match(/^error\[([\w-]+)\]/)?.[1];
    return kind === undefined ? [] : [{ kind, text: text.trim() }];
  });
}

/** Names that the project's own files declare. */
async function ownNames(): Promise<Set<string>> {
  const names = new Set<string>();
  for (const file of await sourceFiles()) {
    const source = await Deno.readTextFile(new URL(file, root));
    const declaration =
      /^(?:export )?(?:declare )?(?:abstract )?(?:class|interface|type|const|function|enum) (\w+)/gm;
    for (const [, name] of source.matchAll(declaration)) names.add(name);
  }
  return names;
}

function isExpected({ kind, text }: Report, own: ReadonlySet<string>): boolean {
  if (kind === "private-type-ref") {
    const name = text.match(/private type '([^']+)'/)?.[1] ?? "";
    return !own.has(name.split(".")[0]);
  }
  return kind === "missing-explicit-type" && /^\s*\d+ \| export const \w+Schema = /m.test(text);
}

const own = await ownNames();
const reports = (await lint()).filter((report) => !isExpected(report, own));
for (const { text } of reports) console.error(`${text}\n`);
if (reports.length > 0) console.error(`Found ${reports.length} problems in the documentation`);
Deno.exit(reports.length > 0 ? 1 : 0);
