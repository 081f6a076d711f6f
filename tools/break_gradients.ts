/**
 * `deno task test:breaks [--filter TEXT]`: shows that wrong gradients are noticed. In a copy of the project it turns one
 * sign after the other, as `gradient_breaks.ts` lists them, and runs the tests of that operation, which must fail.
 *
 * @module
 */
import { parseArgs } from "../deps/std.ts";
import { type Break, gradientBreaks, turnSign } from "./gradient_breaks.ts";
import { root, sourceFiles } from "./imports.ts";

const kernels = "models/device/kernels/";

/** Copies what the tests need to a folder, and gives its URL. */
async function copyProject(folder: string): Promise<URL> {
  const copy = new URL(`file://${folder}/`);
  const more = ["deno.json", "deno.lock", ...await filesOf("models/device/kernels/builds/")];
  for (const file of [...await sourceFiles(), ...await filesOf(kernels, ".as"), ...more]) {
    await Deno.mkdir(new URL(".", new URL(file, copy)), { recursive: true });
    await Deno.copyFile(new URL(file, root), new URL(file, copy));
  }
  return copy;
}

/** The files below a folder that end so. */
async function filesOf(folder: string, end = ""): Promise<string[]> {
  const files: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, root))) {
    if (isDirectory) files.push(...await filesOf(`${folder}${name}/`, end));
    else if (name.endsWith(end)) files.push(folder + name);
  }
  return files;
}

/** Runs Deno in the copy; resolves to whether it succeeded, and to what it printed. */
async function run(copy: URL, args: string[], env: Record<string, string>) {
  const command = new Deno.Command(Deno.execPath(), {
    args,
    env: { ...env, NO_COLOR: "1" },
    cwd: copy,
    stdin: "null",
  });
  const { success, stdout } = await command.output();
  return { success, text: new TextDecoder().decode(stdout) };
}

/** The first test that failed, or undefined if all passed. */
async function firstFailure(
  copy: URL,
  { file, test, backend }: Break,
): Promise<string | undefined> {
  const open = ["--no-check", "--no-prompt", "--allow-read"];
  if (file.endsWith(".as")) {
    const build = ["run", ...open, `--allow-write=${copy.pathname}`, "--allow-env=CI"];
    const { success } = await run(copy, [...build, "tools/build_kernels.ts"], {});
    if (!success) throw new Error(`Cannot build the kernels with a break in ${file}`);
  }
  const names = "COOPERTUNES_BACKEND,COOPERTUNES_THREADS,COOPERTUNES_KERNELS";
  const tests = ["test", ...open, "--fail-fast", `--allow-env=${names}`, `tests/${kernels}${test}`];
  const { success, text } = await run(copy, tests, { COOPERTUNES_BACKEND: backend });
  return success ? undefined : /^(.*) \.\.\. FAILED/m.exec(text)?.[1] ?? "the file as a whole";
}

/** Turns one sign in the copy, asks the tests, and turns it back. */
async function tryBreak(copy: URL, broken: Break): Promise<string | undefined> {
  const files = broken.file.endsWith(".as")
    ? [kernels + broken.file, ...await filesOf(`${kernels}builds/`), `${kernels}kernel_builds.ts`]
    : [kernels + broken.file];
  await Deno.writeTextFile(new URL(files[0], copy), await turnSign(broken));
  try {
    return await firstFailure(copy, broken);
  } finally {
    for (const file of files) await Deno.copyFile(new URL(file, root), new URL(file, copy));
  }
}

async function main(): Promise<number> {
  const { filter = "" } = parseArgs(Deno.args, {
    string: ["filter"],
    boolean: [],
    collect: [],
    unknown: (argument) => {
      throw new Error(`Cannot read "${argument}": expected --filter TEXT`);
    },
  });
  await Promise.all(gradientBreaks.map(turnSign));
  await Deno.mkdir(new URL(".tmp", root), { recursive: true });
  const folder = await Deno.makeTempDir({ dir: new URL(".tmp", root).pathname });
  let caught = 0, missed = 0;
  try {
    const copy = await copyProject(folder);
    for (const broken of gradientBreaks) {
      const name = `${broken.op} on ${broken.backend}, ${broken.file}`;
      if (!name.includes(filter as string)) continue;
      const failure = await tryBreak(copy, broken);
      if (failure === undefined) missed++;
      else caught++;
      console.log(
        `${failure === undefined ? "MISSED" : "caught"}  ${name}: ${failure ?? broken.from}`,
      );
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  console.log(`${caught} passed, ${missed} failed`);
  return missed > 0 || caught === 0 ? 1 : 0;
}

Deno.exit(await main());
