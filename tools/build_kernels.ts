/**
 * Compiles the AssemblyScript sources under `models/device/kernels/` to `kernels.wasm` and records its hash.
 * `--check` writes nothing and fails when the committed files differ from what the sources give. @module
 */
import { asc } from "./deps.ts";

const folder = new URL("../models/device/kernels/", import.meta.url);
const flags = [
  "kernels.ts",
  "--outFile",
  "kernels.wasm",
  "-O3",
  "--runtime",
  "stub",
  "--noAssert",
  "--noExportMemory",
  "--importMemory",
  "--sharedMemory",
  "--initialMemory",
  "1",
  "--maximumMemory",
  "65536",
  "--enable",
  "simd",
  "--enable",
  "relaxed-simd",
  "--enable",
  "bulk-memory",
  "--enable",
  "threads",
  "--use",
  "abort=",
];

/** Compiles the sources and returns the bytes of `kernels.wasm`. @throws {Error} With the compiler's messages */
export async function compileKernels(): Promise<Uint8Array> {
  let wasm: Uint8Array | undefined, messages = "";
  const { error } = await asc.main(flags, {
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

/** The text of `kernel_build.ts` for a binary: the first 12 digits of its SHA-256. */
export async function kernelBuildSource(wasm: Uint8Array): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(wasm)));
  const digits = hash.toHex().slice(0, 12);
  return `/** Written by \`tools/build_kernels.ts\`. @module */
/** The build of the wasm kernels: the first 12 digits of the SHA-256 of \`kernels.wasm\`. */
export const kernelBuild = "${digits}";
`;
}

async function main(): Promise<void> {
  const wasm = await compileKernels(), source = await kernelBuildSource(wasm);
  const binaryUrl = new URL("kernels.wasm", folder), sourceUrl = new URL("kernel_build.ts", folder);
  if (!Deno.args.includes("--check")) {
    await Deno.writeFile(binaryUrl, wasm);
    await Deno.writeTextFile(sourceUrl, source);
    console.log(`kernels.wasm: ${wasm.length} bytes`);
    return;
  }
  const committed = await Deno.readFile(binaryUrl);
  const same = committed.toBase64() === wasm.toBase64() &&
    await Deno.readTextFile(sourceUrl) === source;
  if (!same) {
    throw new Error("kernels.wasm differs from its sources; run `deno task build:kernels`");
  }
  console.log("kernels.wasm is up to date");
}

if (import.meta.main) await main();
