/** The wasm backend's threads: same bits for any number, no permission, no process kept alive. */
import { deepStrictEqual as deepEqual } from "node:assert/strict";
import { testOn } from "./support.ts";

const script = new URL("digest.ts", import.meta.url).href;

/** Runs the script without any permission; it has to end by itself. */
async function digest(threads: number): Promise<Record<string, string>> {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-check", "--no-prompt", script, String(threads)],
    env: { NO_COLOR: "1" },
    signal: AbortSignal.timeout(240_000),
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  deepEqual(err, "", "nothing but the result is printed");
  return JSON.parse(out);
}

testOn("wasm", "wasm kernels give the same bits on 1, 2 and 5 threads", async () => {
  const one = await digest(1);
  const groups = [
    "products",
    "convolutions",
    "recurrence",
    "decoding",
    "attention",
    "others",
    "normalisations",
    "elements",
  ];
  deepEqual(Object.keys(one), groups);
  for (const threads of [2, 5]) deepEqual(await digest(threads), one, `${threads} threads`);
});
