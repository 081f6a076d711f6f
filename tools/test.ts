/**
 * `deno task test`: runs the tests that compute once per backend that is present, those of single kernels once more on
 * other builds of the wasm kernels, all others and the examples of the documentation once, and adds up.
 *
 *   deno task test [--golden] [--backend NAME]... [--filter TEXT] [--require NAME]... [FILE]...
 *
 * `--require webgpu` makes a missing adapter a failure, for CI. The native backend runs the tests of kernels alone, with the
 * BLAS library that `COOPERTUNES_BLAS` names or that lies in a usual place. The last line is `N passed, N failed, N skipped`.
 *
 * @module
 */
import { parseArgs } from "../deps/std.ts";
import { reaches, root, sourceFiles } from "./imports.ts";

const backends = ["cpu", "wasm", "webgpu", "native"] as const;
type Backend = typeof backends[number];

/** Tests that compute: they run once per backend. */
const COMPUTING = /^tests\/(models|supervisors)\/|^tests\/golden_test\.ts$/;
/** Tests of single kernels: they run once more on other builds of the wasm kernels. */
const KERNELS = /^tests\/models\/device\/kernels\//;
/** Builds without relaxed SIMD, for one thread and for more; the default has both. */
const otherBuilds = ["plain", "shared"] as const;
/** How long a group may take; one that hangs fails. */
const LIMIT_MS = 30 * 60_000;
/** Where systems put OpenBLAS. */
const BLAS_FILES = [
  ...["x86_64", "aarch64"].map((arch) => `/usr/lib/${arch}-linux-gnu/libopenblas.so.0`),
  "/usr/lib64/libopenblas.so.0",
  ...["/opt/homebrew", "/usr/local"].map((root) => `${root}/opt/openblas/lib/libopenblas.dylib`),
];
const NO_BLAS = "no BLAS library; on Debian: apt-get install libopenblas0-pthread";
const NO_ADAPTER = "no WebGPU adapter; on Debian: apt-get install mesa-vulkan-drivers";

interface Group {
  readonly name: string;
  readonly files: readonly string[];
  readonly backend?: Backend;
  /** Which build of the wasm kernels; default what the runtime can do. */
  readonly kernels?: string;
  /** Runs the examples in the documentation of the files. */
  readonly examples?: boolean;
}

/** One test as the report names it. */
interface Result {
  readonly name: string;
  readonly state: "passed" | "failed" | "skipped";
}

interface Options {
  readonly backends: readonly string[];
  readonly require: readonly string[];
  readonly filter?: string;
  readonly golden: boolean;
  readonly files: readonly string[];
}

function readOptions(args: readonly string[]): Options {
  const parsed = parseArgs(args, {
    boolean: ["golden"],
    string: ["_", "backend", "require", "filter"],
    collect: ["backend", "require"],
    unknown: (argument, key) => {
      if (key === undefined) return true;
      throw new Error(`Cannot read "${argument}": see the head of tools/test.ts for the options`);
    },
  });
  const named = [...parsed.backend as string[], ...parsed.require as string[]];
  for (const name of named) {
    if (!backends.some((backend) => backend === name)) {
      throw new Error(`Cannot test backend "${name}": expected one of ${backends.join(", ")}`);
    }
  }
  return {
    backends: parsed.backend as string[],
    require: parsed.require as string[],
    filter: parsed.filter as string | undefined,
    golden: parsed.golden === true,
    files: parsed._,
  };
}

async function chooseGroups(options: Options): Promise<Group[]> {
  const all = (await sourceFiles("tests")).filter((file) => file.endsWith("_test.ts"));
  const chosen = options.golden
    ? ["tests/golden_test.ts"]
    : options.files.length > 0
    ? options.files.map((file) => file.replace(/^\.\//, ""))
    : all;
  const computing: string[] = [];
  for (const file of chosen) {
    if (COMPUTING.test(file) && await reaches(file, "deps/tf.ts")) computing.push(file);
  }
  const once = chosen.filter((file) => !computing.includes(file));
  const groups: Group[] = once.length > 0 ? [{ name: "once", files: once }] : [];
  if (chosen === all) groups.push({ name: "examples", files: await documented(), examples: true });
  if (computing.length === 0) return groups;
  const wanted = backends.filter((name) =>
    options.backends.length === 0 || options.backends.includes(name)
  );
  groups.push(
    ...wanted.filter((name) => name !== "native")
      .map((backend) => ({ name: backend, files: computing, backend })),
  );
  const single = computing.filter((file) => KERNELS.test(file));
  if (single.length === 0) return groups;
  if (wanted.includes("wasm")) {
    groups.push(...otherBuilds.map((kernels): Group => {
      return { name: `wasm-${kernels}`, files: single, backend: "wasm", kernels };
    }));
  }
  if (wanted.includes("native")) groups.push({ name: "native", files: single, backend: "native" });
  return groups;
}

/** The files of the library whose documentation has an example that can run. */
async function documented(): Promise<string[]> {
  const library = /^(mod\.ts|(hparams|datatools|models|supervisors)\/.*\.ts)$/;
  const files = (await sourceFiles()).filter((file) => library.test(file));
  const sources = await Promise.all(files.map((file) => Deno.readTextFile(new URL(file, root))));
  return files.filter((_, i) => /^ \* ```ts$/m.test(sources[i]));
}

/** Why a group cannot run here, or undefined if it can. */
async function obstacle({ backend }: Group): Promise<string | undefined> {
  if (backend === "native") return findBlas() ? undefined : NO_BLAS;
  if (backend !== "webgpu") return undefined;
  return await navigator.gpu?.requestAdapter() ? undefined : NO_ADAPTER;
}

/** The BLAS library that the native backend is tested with. */
function findBlas(): string | undefined {
  const exists = (path: string) => {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  };
  return Deno.env.get("COOPERTUNES_BLAS") ?? BLAS_FILES.find(exists);
}

/** The tests of a JUnit report. */
function readReport(xml: string): Result[] {
  const unescape = (text: string): string =>
    text.replaceAll(/&(#\d+|\w+);/g, (whole, code: string) => {
      const named: Record<string, string> = { quot: '"', apos: "'", lt: "<", gt: ">", amp: "&" };
      return code.startsWith("#")
        ? String.fromCodePoint(Number(code.slice(1)))
        : named[code] ?? whole;
    });
  return [...xml.matchAll(/<testcase name="([^"]*)"[^>]*?(?:\/>|>([\s\S]*?)<\/testcase>)/g)]
    .map(([, name, body = ""]) => ({
      name: unescape(name),
      state: /<(failure|error)\b/.test(body)
        ? "failed"
        : /<skipped\b/.test(body)
        ? "skipped"
        : "passed",
    }));
}

/** Runs one group in a process of its own that may use the loopback, Deno and a temporary folder. */
async function runGroup(group: Group, temp: string, filter?: string): Promise<Result[]> {
  const report = `${temp}/${group.name}.xml`;
  const variables = ["BACKEND", "THREADS", "KERNELS", "BLAS", "GOLDEN"].map((name) =>
    `COOPERTUNES_${name}`
  );
  const blas = group.backend === "native" ? findBlas() : undefined;
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "test",
      "--quiet",
      "--no-check",
      "--no-prompt",
      "--allow-read",
      `--allow-write=${temp}`,
      `--allow-env=${variables.join(",")}`,
      `--allow-run=${Deno.execPath()}`,
      "--allow-net=127.0.0.1",
      ...(blas ? [`--allow-ffi=${blas}`] : []),
      `--junit-path=${report}`,
      ...(group.examples ? ["--doc"] : []),
      ...(filter === undefined ? [] : ["--permit-no-files", `--filter=${filter}`]),
      ...group.files,
    ],
    cwd: root,
    env: {
      TMPDIR: temp,
      ...(group.backend ? { COOPERTUNES_BACKEND: group.backend } : {}),
      ...(group.kernels ? { COOPERTUNES_KERNELS: group.kernels } : {}),
      ...(blas ? { COOPERTUNES_BLAS: blas } : {}),
    },
    stdin: "null",
    signal: AbortSignal.timeout(LIMIT_MS),
  }).spawn();
  const { success } = await child.status;
  const all = readReport(await Deno.readTextFile(report).catch(() => ""));
  const results = all.filter(({ name }) => name.includes(filter ?? "")); // others count as skipped there
  const isExplained = success || results.some(({ state }) => state === "failed");
  return isExplained
    ? results
    : [...results, { name: `${group.name}: it broke off or took too long`, state: "failed" }];
}

function tally(results: readonly Result[], state: Result["state"]): number {
  return results.filter((result) => result.state === state).length;
}

async function main(): Promise<number> {
  const options = readOptions(Deno.args);
  if (Deno.build.os === "linux" && !Deno.env.has("XDG_RUNTIME_DIR")) {
    Deno.env.set("XDG_RUNTIME_DIR", "/tmp"); // or the software adapter complains
  }
  await Deno.mkdir(new URL(".tmp", root), { recursive: true });
  const temp = await Deno.makeTempDir({ dir: new URL(".tmp", root).pathname });
  const results: Result[] = [];
  const lines: string[] = [];
  const ranBefore = new Map<readonly string[], Result[]>();
  try {
    for (const group of await chooseGroups(options)) {
      const reason = await obstacle(group);
      if (reason !== undefined) {
        const state = options.require.includes(group.name) ? "failed" : "skipped";
        // As many as the same files have on another backend, so that the number says what was missed
        const missed = ranBefore.get(group.files) ?? [{ name: group.name, state }];
        results.push(...missed.map(({ name }) => ({ name, state } as const)));
        lines.push(`${group.name}: ${missed.length} tests ${state}: ${reason}`);
        continue;
      }
      console.log(`\n${group.name}: ${group.files.length} files`);
      const ran = await runGroup(group, temp, options.filter);
      ranBefore.set(group.files, ran);
      results.push(...ran);
      for (const state of ["failed", "skipped"] as const) {
        const names = ran.filter((result) => result.state === state).map(({ name }) => name);
        lines.push(...names.map((name) => `${group.name}: ${state}: ${name}`));
      }
    }
  } finally {
    await Deno.remove(temp, { recursive: true });
  }
  const [passed, failed, skipped] = (["passed", "failed", "skipped"] as const)
    .map((state) => tally(results, state));
  console.log(["", ...lines, `${passed} passed, ${failed} failed, ${skipped} skipped`].join("\n"));
  return failed > 0 || passed === 0 ? 1 : 0;
}

Deno.exit(await main());
