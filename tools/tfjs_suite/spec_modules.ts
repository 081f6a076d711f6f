/**
 * Loads the specs of tfjs-core, which the package ships as ES modules for bundlers. What they take from tfjs-core is what
 * our own code uses: the engine, the ops, the registries. Compiled afresh are the specs, what supports them, and the
 * helpers that the package does not export.
 *
 * @module
 */
import { tf } from "../../deps/tf.ts";
import { coreSource, jasmineRequire, long, seedrandom, transform } from "../deps_tfjs_suite.ts";

type Exports = Record<string, unknown>;
type Body = (require: (specifier: string) => unknown, exports: Exports) => void;

/** What tfjs-core exports, the same copy as everywhere, and what goes by another name inside the package. */
const core: Exports = {
  ...tf,
  ENGINE: tf.engine(),
  getGlobalTensorClass: () => tf.Tensor,
  __esModule: true, // what compiled code asks for
};

const packages: Exports = {
  long,
  seedrandom,
  "jasmine-core/lib/jasmine-core/jasmine.js": jasmineRequire,
};

const bodies = new Map<string, Body>();
const loaded = new Map<string, Exports>();

/** The modules that hold specs, in the suite's own order, but for those of files, platforms and of the environment itself. */
export async function specModules(): Promise<string[]> {
  const listed = [...(await coreSource("tests")).matchAll(/^import '\.\/(.*)';$/gm)];
  return listed.map(([, module]) => module)
    .filter((module) => !/^(io|platforms)\/|^environment_test$/.test(module));
}

/** The module that a specifier names in `from`, or undefined for a package. */
function resolve(specifier: string, from: string): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  const path = new URL(specifier, `core:///${from}`).pathname.slice(1);
  return path === "" ? "index" : path;
}

/** The modules that a source imports and that tfjs-core does not export as they are. */
function missingModules(source: string, from: string): string[] {
  const imports = source.matchAll(
    /^(?:import|export)\s+(?:(\{[^}]*\}|\*\s+as\s+\w+|\*)\s+from\s+)?'([^']+)'/gm,
  );
  return [...imports].flatMap(([, clause = "", specifier]) => {
    const module = resolve(specifier, from);
    if (clause === "" || module === undefined || module === "index") return [];
    const names = clause.startsWith("{")
      ? clause.slice(1, -1).split(",").map((name) => name.trim().split(/\s+as\s+/)[0])
      : [undefined];
    return names.every((name) => name === "" || name !== undefined && name in core) ? [] : [module];
  });
}

/** Compiles a module and those it needs. */
async function compile(module: string): Promise<void> {
  if (bodies.has(module)) return;
  bodies.set(module, () => {}); // else modules that import each other would never end
  const source = await coreSource(module);
  const { code } = transform(source.replace(/^\/\/# sourceMappingURL=.*$/m, ""), {
    transforms: ["imports"],
  });
  bodies.set(module, new Function("require", "exports", code) as Body);
  for (const needed of missingModules(source, module)) await compile(needed);
}

/** What `from` gets for an import: a module that was compiled, or the exports of tfjs-core. */
function importFrom(specifier: string, from: string): unknown {
  const module = resolve(specifier, from);
  if (module === undefined) return packages[specifier];
  return bodies.has(module) ? evaluate(module) : core;
}

function evaluate(module: string): Exports {
  const known = loaded.get(module);
  if (known) return known;
  const exports: Exports = {};
  loaded.set(module, exports);
  bodies.get(module)!((specifier) => importFrom(specifier, module), exports);
  return exports;
}

/** Loads one module of tfjs-core; what it exports. */
export async function loadModule(module: string): Promise<Exports> {
  await compile(module);
  return evaluate(module);
}
