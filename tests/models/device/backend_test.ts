/** Opening a backend: one process, one backend, chosen once. */
import { deepStrictEqual as deepEqual, match, ok, rejects } from "node:assert/strict";
import { tf } from "../../../deps/tf.ts";
import { backendInfo, type BackendName, openBackend } from "../../../models/device/mod.ts";
import { backend } from "./support.ts";

const others: BackendName[] = ["cpu", "wasm", "webgpu"];

/** Runs a module in a process of its own and gives what it prints. */
async function runModule(source: string, flags: string[], env: Record<string, string> = {}) {
  const module = new URL("../../../models/device/mod.ts", import.meta.url).href;
  const code = `import { openBackend, backendInfo } from "${module}";\n${source}`;
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--quiet", "--no-check", ...flags, code],
    env: { NO_COLOR: "1", ...env },
  }).output();
  return { out: new TextDecoder().decode(stdout).trim(), err: new TextDecoder().decode(stderr) };
}

Deno.test("openBackend() gives the same answer again, and backendInfo() repeats it", async () => {
  deepEqual(await openBackend(), backend);
  deepEqual(await openBackend(backend.name), backend);
  deepEqual(await openBackend("auto"), backend);
  deepEqual(backendInfo(), backend);
  deepEqual(tf.getBackend(), backend.name);
  match(backend.kernelBuild, /^((shared|plain)(-relaxed)? )?[0-9a-f]{12}$/);
  ok(backend.threads >= 1 && backend.reason.length > 0);
});

Deno.test("openBackend() refuses another backend in the same process", async () => {
  for (const name of others.filter((name) => name !== backend.name)) {
    await rejects(() => openBackend(name), new RegExp(`Cannot open the ${name} backend`));
  }
});

Deno.test("openBackend() refuses unknown names and bad numbers of threads", async () => {
  await rejects(() => openBackend("gpu" as BackendName), /Unknown backend "gpu".*auto, webgpu/);
  const bad =
    'for (const threads of [0, 1.5, 65, NaN]) await openBackend("wasm", { threads }).then(' +
    '() => console.log("opened"), (error) => console.log(error.name));';
  deepEqual((await runModule(bad, [])).out, Array(4).fill("RangeError").join("\n"));
});

Deno.test("openBackend() reads COOPERTUNES_BACKEND and COOPERTUNES_THREADS", async () => {
  const print = "const i = await openBackend(); console.log(i.name, i.threads);";
  const env = { COOPERTUNES_BACKEND: "wasm", COOPERTUNES_THREADS: "3" };
  deepEqual((await runModule(print, [], env)).out, "wasm 3");
  deepEqual((await runModule(print, [], { ...env, COOPERTUNES_BACKEND: "cpu" })).out, "cpu 1");
  match(
    (await runModule(print, [], { ...env, COOPERTUNES_BACKEND: "tpu" })).err,
    /Unknown backend "tpu"/,
  );
});

Deno.test("openBackend() leaves uncaught errors and Worker as they were", async () => {
  const source =
    'const worker = Worker; await openBackend("wasm"); console.log(Worker === worker);' +
    'Promise.reject(new Error("mine"));';
  const { out, err } = await runModule(source, []);
  deepEqual(out, "true");
  match(err, /mine/);
});

Deno.test("openBackend('cpu') prints no banner", async () => {
  const source = 'await openBackend("cpu"); console.log(backendInfo().name);';
  deepEqual(await runModule(source, []), { out: "cpu", err: "" });
});
