/**
 * Compiles the AssemblyScript sources under `models/device/kernels/` to the binaries in its folder `builds` and records
 * their hashes. `--check` writes nothing and fails when the committed files differ from what the sources give. @module
 */
import { asc } from "./deps.ts";

const folder = new URL("../models/device/kernels/", import.meta.url);
// not -O3, which nests the multiply-adds of a tile into chains: their accumulators no longer fit the registers
const common = ["kernels.ts", "--outFile", "kernels.wasm", "-O2", "--runtime", "stub", "--noAssert"]
  .concat(["--noExportMemory", "--importMemory", "--initialMemory", "1", "--use", "abort="])
  .concat(["--enable", "simd", "--enable", "bulk-memory"]);
const relaxed = ["--enable", "relaxed-simd"];
const shared = ["--sharedMemory", "--maximumMemory", "65536", "--enable", "threads"];

/** What each build is compiled with besides. */
const builds: Readonly<Record<string, readonly string[]>> = {
  "shared-relaxed": [...shared, ...relaxed],
  "shared": shared,
  "plain-relaxed": relaxed,
  "plain": [],
};

/** Compiles one build. @throws {Error} With the compiler's messages */
async function compileKernels(flags: readonly string[]): Promise<Uint8Array> {
  let wasm: Uint8Array | undefined, messages = "";
  const { error } = await asc.main([...common, ...flags], {
    stdout: { write: (text: string) => messages += text },
    stderr: { write: (text: string) => messages += text },
    readFile: async (name: string) => { // the compiler knows .ts alone; it tries several names
      try {
        return await Deno.readTextFile(new URL(name.replace(/\.ts$/, ".as"), folder));
      } catch {
        return null;
      }
    },
    writeFile: (name: string, contents: Uint8Array | string) => {
      if (name.endsWith(".wasm") && typeof contents !== "string") wasm = contents;
    },
    listFiles: () => [],
  });
  if (error || !wasm) throw new Error(`Cannot compile the kernels: ${error?.message}\n${messages}`);
  return wasm;
}

/** All that this program writes, by file name. */
async function outputs(): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>(), rows: string[] = [];
  for (const [name, flags] of Object.entries(builds)) {
    const wasm = await compileKernels(flags);
    files.set(`builds/${name.replace("-", "_")}.wasm`, wasm);
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(wasm)));
    rows.push(`  "${name}": "${hash.toHex().slice(0, 12)}",`);
  }
  const source = `/** Written by \`tools/build_kernels.ts\`. @module */
// deno-fmt-ignore-file
/** The builds of the wasm kernels: the first 12 digits of the SHA-256 of each binary. */
export const kernelBuilds = {
${rows.join("\n")}
} as const;

/** The memory a build works on, and whether it multiplies and adds in one instruction. */
export type KernelBuildName = keyof typeof kernelBuilds;
`;
  return files.set("kernel_builds.ts", new TextEncoder().encode(source));
}

async function main(): Promise<void> {
  const check = Deno.args.includes("--check");
  for (const [name, bytes] of await outputs()) {
    const url = new URL(name, folder);
    if (!check) {
      await Deno.writeFile(url, bytes);
      console.log(`${name}: ${bytes.length} bytes`);
      continue;
    }
    const committed = await Deno.readFile(url);
    if (committed.toBase64() === bytes.toBase64()) continue;
    throw new Error(`${name} differs from its sources; run \`deno task build:kernels\``);
  }
  if (check) console.log("the kernels are up to date");
}

await main();
