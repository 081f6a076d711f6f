import { deepStrictEqual as deepEqual, ok, rejects, throws } from "node:assert/strict";
import {
  checkpointName,
  checkpointPath,
  EXCHANGE_NAME,
  findCheckpoint,
  listCheckpoints,
  pruneCheckpoints,
  readHParams,
  readNewestCheckpoint,
  runHasStarted,
  runPaths,
  writeHParams,
} from "../../../datatools/checkpoints/run_folder.ts";
import { CheckpointError, encodeCheckpoint } from "../../../datatools/checkpoints/safetensors.ts";
import { listFiles, makeDir, readBytes, writeAtomic, writeText } from "../../../datatools/io.ts";
import { testFolder } from "../../support/midi_fixtures.ts";

const model = "performance_rnn";

/** A small checkpoint that says which one it is. */
async function checkpoint(mark: string, hparams?: string): Promise<Uint8Array> {
  const tensors = new Map([
    ["model/w", { dtype: "F32" as const, shape: [2], data: Float32Array.of(1, 2) }],
  ]);
  return await encodeCheckpoint(tensors, { mark, ...(hparams === undefined ? {} : { hparams }) });
}

/** A run with a checkpoint at each of `steps`, and a best one if asked. */
async function makeRun(run: string, steps: number[], best = false): Promise<void> {
  await makeDir(runPaths(run).checkpoints);
  for (const step of steps) {
    await writeAtomic(checkpointPath(run, step), await checkpoint(String(step)));
  }
  if (best) await writeAtomic(runPaths(run).best, await checkpoint("best"));
}

/** Cuts a file in half. */
async function breakFile(path: string): Promise<void> {
  const bytes = await readBytes(path);
  await writeAtomic(path, bytes.subarray(0, bytes.length / 2));
}

Deno.test("checkpointName() pads the step and refuses what is none", () => {
  deepEqual(checkpointName(123), "step-00000123.safetensors");
  deepEqual(checkpointName(1234567890), "step-1234567890.safetensors");
  for (const bad of [-1, 1.5, NaN]) throws(() => checkpointName(bad), RangeError);
  deepEqual(checkpointPath("runs/a/", 0), "runs/a/checkpoints/step-00000000.safetensors");
});

Deno.test("listCheckpoints() is ascending and leaves other files out", async () => {
  await using folder = await testFolder();
  deepEqual(await listCheckpoints(`${folder.path}/none`), []);
  await makeRun(folder.path, [100, 100000000, 20, 99999999]);
  const { checkpoints } = runPaths(folder.path);
  for (const name of ["step-20.safetensors", "step-000000020.safetensors", ".x.12345678.tmp"]) {
    await writeText(`${checkpoints}/${name}`, "");
  }
  deepEqual(await listCheckpoints(folder.path), [20, 100, 99999999, 100000000]);
});

Deno.test("runHasStarted() and the hparams of a run", async () => {
  await using folder = await testFolder();
  const run = `${folder.path}/run`;
  deepEqual([await runHasStarted(run), await readHParams(run)], [false, undefined]);
  await makeDir(`${run}/data`);
  deepEqual(await runHasStarted(run), false);
  await writeHParams(run, { seed: 1 });
  deepEqual([await runHasStarted(run), await readHParams(run)], [true, { seed: 1 }]);
  await writeText(runPaths(run).hparams, "{");
  await rejects(readHParams(run), /hparams.json": it is not JSON; restore or remove it/);
});

Deno.test("readNewestCheckpoint() passes over a broken one and says so", async () => {
  await using folder = await testFolder();
  deepEqual(await readNewestCheckpoint(folder.path), undefined);
  await makeRun(folder.path, [1, 2, 3], true);
  await breakFile(checkpointPath(folder.path, 3));
  const skipped: string[] = [];
  const found = await readNewestCheckpoint(folder.path, (message) => skipped.push(message));
  deepEqual([found?.metadata.mark, found?.source], ["2", checkpointPath(folder.path, 2)]);
  deepEqual(skipped.length, 1);
  ok(/^Cannot load ".*step-00000003.safetensors": .*; passed over$/.test(skipped[0]!), skipped[0]);
  for (const step of [1, 2]) await breakFile(checkpointPath(folder.path, step));
  await rejects(readNewestCheckpoint(folder.path), CheckpointError);
});

Deno.test("findCheckpoint() takes the best of a run or the newest, and the next if it is broken", async () => {
  await using folder = await testFolder();
  const run = folder.path;
  await makeRun(run, [1, 2], true);
  await writeHParams(run, { seed: 5 });
  const mark = async (prefer?: "best" | "newest") => {
    const { metadata, hparams } = await findCheckpoint(run, { model, prefer });
    deepEqual(hparams, { seed: 5 });
    return metadata.mark;
  };
  deepEqual([await mark(), await mark("best"), await mark("newest")], ["best", "best", "2"]);
  await breakFile(runPaths(run).best);
  deepEqual([await mark(), await mark("newest")], ["2", "2"]);
  await breakFile(checkpointPath(run, 2));
  deepEqual([await mark(), await mark("newest")], ["1", "1"]);
});

Deno.test("findCheckpoint() takes a file, a file: URL and a folder for exchange", async () => {
  await using folder = await testFolder();
  const path = `${folder.path}/${EXCHANGE_NAME}`;
  await writeAtomic(path, await checkpoint("one", '{"seed":3}'));
  for (const where of [path, folder.path, new URL(`file://${path}`), `file://${path}`]) {
    const { metadata, hparams, tensors } = await findCheckpoint(where, { model });
    deepEqual([metadata.mark, hparams, [...tensors.keys()]], ["one", { seed: 3 }, ["model/w"]]);
  }
  await writeAtomic(path, await checkpoint("two", "{"));
  await rejects(findCheckpoint(path, { model }), /its hparams are not JSON/);
});

Deno.test("findCheckpoint() says what to do where there is none", async () => {
  await using folder = await testFolder();
  const advice = (place: string) =>
    `train one with "coopertunes train ${model} --data DIR --out ${place}"`;
  const fails = async (where: string, problem: string, to: string) =>
    await rejects(findCheckpoint(where, { model }), (error) => {
      ok(error instanceof CheckpointError);
      ok(error.message.includes(problem) && error.message.includes(to), error.message);
      return true;
    });
  await fails(folder.path, "no checkpoint in it", advice(folder.path));
  const none = `${folder.path}/none`;
  await fails(none, "there is no such file or folder", advice(none));
  await rejects(
    findCheckpoint("pretrained", { model: "no_such_model" }),
    /Cannot load "pretrained": no weights of no_such_model come with this library; train your own/,
  );
  await writeText(`${folder.path}/weights.pt`, "PK\x03\x04 not safetensors");
  await fails(`${folder.path}/weights.pt`, "no safetensors file", "weights.pt");
});

Deno.test("findCheckpoint() fetches a file or a folder for exchange, with its hparams", async () => {
  const bytes = await checkpoint("far");
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (req) => {
    const { pathname } = new URL(req.url);
    if (pathname === `/net/${EXCHANGE_NAME}`) return new Response(bytes.slice());
    if (pathname === "/net/hparams.json") return new Response('{"seed":9}');
    if (pathname === "/bare/x.safetensors") return new Response(bytes.slice());
    return new Response("no", { status: 404 });
  });
  const base = `http://127.0.0.1:${server.addr.port}`;
  for (const where of [`${base}/net`, `${base}/net/`, new URL(`${base}/net/${EXCHANGE_NAME}`)]) {
    const { metadata, hparams } = await findCheckpoint(where, { model });
    deepEqual([metadata.mark, hparams], ["far", { seed: 9 }]);
  }
  deepEqual((await findCheckpoint(`${base}/bare/x.safetensors`, { model })).hparams, undefined);
  await rejects(findCheckpoint(`${base}/none`, { model }), /404/);
});

Deno.test("pruneCheckpoints() keeps the newest and the best, and clears what a kill left", async () => {
  await using folder = await testFolder();
  const run = folder.path;
  await makeRun(run, [1, 2, 3, 4], true);
  const { checkpoints } = runPaths(run);
  const left = [`${run}/.best.safetensors.0123abcd.tmp`, `${checkpoints}/.step-5.0123abcd.tmp`];
  for (const path of left) await writeText(path, "half");
  await writeText(`${checkpoints}/mine.txt`, "");
  deepEqual(await pruneCheckpoints(run, 3), [1]);
  deepEqual(await pruneCheckpoints(run, 2), [2]);
  deepEqual(await pruneCheckpoints(run, 9), []);
  deepEqual(await listFiles(checkpoints), ["mine.txt", checkpointName(3), checkpointName(4)]);
  deepEqual(await listFiles(run), ["best.safetensors"]);
  await rejects(pruneCheckpoints(run, 0), RangeError);
});
