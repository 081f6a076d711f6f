/** What is loaded when: help loads no tf, and mod.ts nothing heavy beside it. @module */
import { deepStrictEqual as deepEqual, ok } from "node:assert/strict";
import { runDeno } from "./support/run_cli.ts";

interface Module {
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly isDynamic?: boolean;
    readonly code?: { readonly specifier?: string };
  }[];
}

/** What an entry loads before it runs: its own files, and packages without their versions. */
async function loadedBy(entry: string): Promise<{ files: string[]; packages: string[] }> {
  const root = new URL("../", import.meta.url).href;
  const { stdout, stderr } = await runDeno(["info", "--json", new URL(entry, root).href]);
  ok(stdout !== "", stderr);
  const { modules, roots, redirects } = JSON.parse(stdout) as {
    modules: Module[];
    roots: string[];
    redirects: Record<string, string>;
  };
  const resolve = (specifier: string) => redirects[specifier] ?? specifier;
  const bySpecifier = new Map(modules.map((module) => [module.specifier, module]));
  const seen = new Set<string>();
  const visit = (specifier: string) => {
    if (seen.has(specifier)) return;
    seen.add(specifier);
    for (const { isDynamic, code } of bySpecifier.get(specifier)?.dependencies ?? []) {
      if (!isDynamic && code?.specifier !== undefined) visit(resolve(code.specifier));
    }
  };
  roots.map(resolve).forEach(visit);
  const names = [...seen].sort();
  return {
    files: names.filter((name) => name.startsWith(root)).map((name) => name.slice(root.length)),
    packages: [
      ...new Set(
        names.filter((name) => name.startsWith("npm:"))
          .map((name) => name.replace(/^npm:\/?((?:@[^/]+\/)?[^/@]+).*$/, "$1")),
      ),
    ],
  };
}

Deno.test("cli.ts loads the argument parser and zod before a command runs", async () => {
  const { files, packages } = await loadedBy("cli.ts");
  deepEqual(packages, ["deno-std", "zod"]);
  const allowed =
    /^(cli\.ts|cli\/|hparams\/|deps\/(std|zod)\.ts|datatools\/midi\/|supervisors\/logging\/columns\.ts|deno\.json)/;
  deepEqual(files.filter((file) => !allowed.test(file)), []);
});

Deno.test("mod.ts loads tf, zod and the MIDI codec, and no renderer, backend or weights", async () => {
  const { files, packages } = await loadedBy("mod.ts");
  deepEqual(packages, ["@tensorflow/tfjs", "@tonejs/midi", "fflate", "zod"]);
  deepEqual(files.filter((file) => /\.wasm|_binary\.|^pretrained\/|^assets\//.test(file)), []);
});

Deno.test("decodeAudio() loads no decoder before a file needs one", async () => {
  const { files, packages } = await loadedBy("datatools/audio/decode.ts");
  deepEqual(packages, []);
  ok(files.includes("datatools/audio/flac.ts"));
});
