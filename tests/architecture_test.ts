/** Holds the shape of the project: who may import what, where packages and the runtime are named. @module */
import { deepStrictEqual as deepEqual, ok } from "node:assert/strict";
import { importsIn, resolveImport, root, sourceFiles, withoutComments } from "../tools/imports.ts";

/** From the bottom up: a layer imports those before it. */
const layers = ["hparams", "datatools", "models", "supervisors", "cli"];
const runtimeFiles = ["cli.ts", "datatools/io.ts", "models/device/host.ts"];
const developerFolders = ["tests", "tools", "bench"];
const MAX_LINES = 420;
const THIS_FILE = "tests/architecture_test.ts"; // holds imports as text

const files = await sourceFiles();
const sources = new Map<string, string>();
for (const file of files) sources.set(file, await Deno.readTextFile(new URL(file, root)));

const folderOf = (file: string): string => file.includes("/") ? file.split("/")[0] : "";
const layerOf = (file: string): number =>
  layers.indexOf(file === "cli.ts" ? "cli" : folderOf(file));
const isDeveloperFile = (file: string): boolean => developerFolders.includes(folderOf(file));

/** Each import as `file -> what it names`, where `isWrong` says so. */
function imports(isWrong: (file: string, specifier: string, path?: string) => boolean): string[] {
  return [...sources].flatMap(([file, source]) =>
    importsIn(source)
      .filter((specifier) => isWrong(file, specifier, resolveImport(file, specifier)))
      .map((specifier) => `${file} -> ${specifier}`)
  );
}

Deno.test("imports: the scanner sees static, dynamic, re-exported and typed ones, not comments", () => {
  const source = [
    'import { a } from "./a.ts";',
    'import {\n  b,\n} from "./b.ts";',
    'export * from "./c.ts";',
    'import "./d.ts";',
    'const e = await import("./e.ts");',
    'const worker = new URL("./f.ts", import.meta.url);',
    '/** `import { g } from "./g.ts";` */',
    ' * import h from "./h.ts";',
    '// await import("./i.ts")',
    'import type { J } from "./j.ts";',
    'const program = `\nimport l from "./l.ts";\n`;',
    'import source k from "npm:k@1.0.0/k.wasm";',
  ].join("\n");
  deepEqual(
    importsIn(source).sort(),
    ["./a.ts", "./b.ts", "./c.ts", "./d.ts", "./e.ts", "./f.ts", "./j.ts", "npm:k@1.0.0/k.wasm"],
  );
  ok(files.includes("hparams/load.ts") && files.includes("cli.ts"));
});

Deno.test("imports: they name files that exist", () => {
  const known = new Set(files);
  deepEqual(
    imports((file, _, path) =>
      file !== THIS_FILE && path !== undefined && /\.[jt]s$/.test(path) && !known.has(path)
    ),
    [],
  );
});

Deno.test("imports: they point one way: hparams, datatools, models, supervisors, cli", () => {
  deepEqual(
    imports((file, _, path) =>
      layerOf(file) >= 0 && path !== undefined && layerOf(path) > layerOf(file)
    ),
    [],
  );
});

Deno.test("imports: no library file imports tests, tools, bench or the command line", () => {
  deepEqual(
    imports((file, _, path) =>
      !isDeveloperFile(file) && path !== undefined &&
      (isDeveloperFile(path) || path === "cli.ts" && file !== "cli.ts")
    ),
    [],
  );
});

Deno.test("imports: hparams imports zod only, and datatools never tfjs", () => {
  deepEqual(
    imports((file, _, path) => {
      const isDependency = path?.startsWith("deps/") ?? false;
      if (folderOf(file) === "hparams") return isDependency && path !== "deps/zod.ts";
      return folderOf(file) === "datatools" && isDependency && /^deps\/tf/.test(path!);
    }),
    [],
  );
});

Deno.test("imports: two models never import each other", () => {
  const isModel = (path: string): boolean => /^models\/(?!mod\.|registry\.)[^/]+\.ts$/.test(path);
  const shared = new Set(["models/checkpoint.ts"]);
  deepEqual(
    imports((file, _, path) =>
      isModel(file) && path !== undefined && isModel(path) && !shared.has(path)
    ),
    [],
  );
});

Deno.test("packages: only deps/ and tools/deps*.ts name them, with exact versions", () => {
  const isPackage = (specifier: string): boolean => /^(npm|jsr|https?):/.test(specifier);
  const isExact = (specifier: string): boolean =>
    /^npm:(@[^/@]+\/)?[^/@]+@\d+\.\d+\.\d+(\/|$)/.test(specifier);
  deepEqual(
    imports((file, specifier) =>
      isPackage(specifier) &&
      !(isExact(specifier) && (folderOf(file) === "deps" || /^tools\/deps(_\w+)?\.ts$/.test(file)))
    ),
    [],
  );
  const bare = imports((_, specifier) => !/^(\.|npm:|node:|data:)/.test(specifier));
  deepEqual(bare, []);
});

Deno.test("runtime: Deno.* and node:* stay in cli.ts, supervisors/, datatools/io.ts and host.ts", () => {
  const allowed = (file: string): boolean =>
    runtimeFiles.includes(file) || folderOf(file) === "supervisors" || isDeveloperFile(file);
  deepEqual(imports((file, specifier) => specifier.startsWith("node:") && !allowed(file)), []);
  const users = [...sources]
    .filter(([file, source]) => !allowed(file) && /\bDeno\b/.test(withoutComments(source)))
    .map(([file]) => file);
  deepEqual(users, []);
});

Deno.test("console: only cli.ts and supervisors/logging/ print", () => {
  const allowed = (file: string): boolean =>
    file === "cli.ts" || file.startsWith("supervisors/logging/") || isDeveloperFile(file);
  const users = [...sources]
    .filter(([file, source]) =>
      !allowed(file) && /(?<![/\w])console\./.test(withoutComments(source))
    )
    .map(([file]) => file);
  deepEqual(users, []);
});

Deno.test("files: none is called utils and none is longer than 420 lines", () => {
  deepEqual(files.filter((file) => /(^|\/)utils?\.[jt]s$/.test(file)), []);
  const long = [...sources].filter(([, source]) => source.split("\n").length > MAX_LINES + 1);
  deepEqual(long.map(([file]) => file), []);
});

Deno.test("files: names are snake_case", () => {
  deepEqual(files.filter((file) => !/^([a-z0-9_]+\/)*[a-z0-9_]+\.[jt]s$/.test(file)), []);
});

Deno.test("permissions: no task and no CI step allows everything", async () => {
  for (const file of ["deno.json", ".ci/run"]) {
    const text = await Deno.readTextFile(new URL(file, root));
    ok(!/--allow-all|(^|\s)-A\b|"all":/m.test(text), `${file} allows everything`);
  }
  const { tasks, permissions } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  for (const [task, line] of Object.entries<string>(tasks)) {
    for (const [, set] of line.matchAll(/-P=(\S+)/g)) {
      ok(Object.hasOwn(permissions, set), `task ${task} names permission set ${set}`);
    }
  }
  deepEqual(Object.keys(permissions.files).sort(), ["env", "read", "write"]);
  deepEqual(permissions.data.net, ["www.piano-midi.de", "data.keithito.com"]);
  for (const [name, set] of Object.entries<Record<string, unknown>>(permissions)) {
    ok(set.env === undefined || Array.isArray(set.env), `${name} may read any variable`);
    ok(set.net === undefined || name === "data", `${name} may use the network`);
    ok(set.run === undefined && set.ffi === undefined && set.sys === undefined, name);
  }
  deepEqual(permissions.convert, { read: true, write: true });
  for (const task of ["demo", "train", "generate", "reconstruct", "evaluate"]) {
    deepEqual(tasks[task].match(/(?<= )(-P=|--allow)\S*/g), ["-P=files"]);
  }
});
