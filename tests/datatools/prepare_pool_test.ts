import { deepStrictEqual as deepEqual } from "node:assert/strict";
import type { PrepareSettings } from "../../datatools/datasets/manifest.ts";
import { encodePiece } from "../../datatools/prepare_piece.ts";
import { EncodePool } from "../../datatools/prepare_pool.ts";
import { generatedMidi } from "../support/midi_fixtures.ts";

const settings: PrepareSettings = {
  codec: "corrected",
  sustain: true,
  programs: null,
  validFraction: 0.1,
};

Deno.test("EncodePool encodes in its workers what the calling thread would", async () => {
  const files = Array.from({ length: 9 }, (_, i) => new Uint8Array(generatedMidi(i, 20 + i)));
  files.push(new Uint8Array(5));
  const expected = files.map((bytes) => encodePiece(bytes, settings));
  for (const nWorkers of [1, 3]) {
    using pool = await EncodePool.start("midi", settings, nWorkers);
    deepEqual(pool.size, nWorkers === 1 ? 0 : nWorkers);
    deepEqual(await Promise.all(files.map((bytes) => pool.encode(bytes))), expected);
  }
});

Deno.test("EncodePool works without workers where none can start", async () => {
  const { Worker } = globalThis;
  try {
    globalThis.Worker = class extends Worker {
      constructor() {
        super("data:text/javascript,postMessage('refused')", { type: "module" });
      }
    };
    using pool = await EncodePool.start("midi", settings, 2);
    deepEqual(pool.size, 0);
    const bytes = new Uint8Array(generatedMidi(1, 30));
    deepEqual(await pool.encode(bytes), encodePiece(bytes, settings));
  } finally {
    globalThis.Worker = Worker;
  }
});

/** A worker that starts and fails at its first task. */
class FailingWorker {
  onmessage?: (event: { data: unknown }) => void;
  onerror?: (event: { message: string; preventDefault(): void }) => void;
  constructor() {
    setTimeout(() => this.onmessage?.({ data: "ready" }));
  }
  postMessage(): void {
    setTimeout(() => this.onerror?.({ message: "on purpose", preventDefault() {} }));
  }
  terminate(): void {}
}

Deno.test("EncodePool finishes the work of a worker that fails", async () => {
  const { Worker } = globalThis;
  try {
    globalThis.Worker = FailingWorker as unknown as typeof Worker;
    using pool = await EncodePool.start("midi", settings, 2);
    deepEqual(pool.size, 2);
    const files = Array.from({ length: 4 }, (_, i) => new Uint8Array(generatedMidi(i, 30)));
    const results = await Promise.all(files.map((bytes) => pool.encode(bytes)));
    deepEqual(results, files.map((bytes) => encodePiece(bytes, settings)));
    deepEqual(pool.size, 0);
  } finally {
    globalThis.Worker = Worker;
  }
});
