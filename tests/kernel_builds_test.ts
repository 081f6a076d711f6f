/** The committed binaries of the kernels. */
import { deepStrictEqual as deepEqual, ok } from "node:assert/strict";
import { operations } from "../models/device/heap.ts";
import { kernelBuilds } from "../models/device/kernels/kernel_builds.ts";

const root = new URL("../", import.meta.url);
const folder = new URL("models/device/kernels/", root);

Deno.test("the kernels' binaries are what their sources give", async () => {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-check",
      "--no-prompt",
      `--allow-read=${folder.pathname}`,
      "--allow-env=CI",
      new URL("tools/build_kernels.ts", root).href,
      "--check",
    ],
    env: { NO_COLOR: "1" },
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes).trim());
  deepEqual(out, "the kernels are up to date", err);
});

Deno.test("kernel_builds.ts holds the hash of each binary", async () => {
  for (const [name, expected] of Object.entries(kernelBuilds)) {
    const bytes = await Deno.readFile(new URL(`builds/${name.replace("-", "_")}.wasm`, folder));
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
    deepEqual(expected, hash.slice(0, 12));
  }
});

Deno.test("operations are numbered as in pool.as", async () => {
  const source = await Deno.readTextFile(new URL("pool.as", folder));
  const cases = [...source.matchAll(/case (\d+): return (\w+)Task\(/g)]
    .map(([, number, name]) => [name, Number(number)]);
  ok(cases.length > 0);
  deepEqual(cases, Object.entries(operations));
});
