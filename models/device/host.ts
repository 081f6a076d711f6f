/** What the device code needs of the host: environment, threads, a library, and a Node-shaped world for one moment. @module */
import os from "node:os";
import process from "node:process";
import { Worker as HostWorker } from "node:worker_threads";

/** An environment variable, or undefined where it is not set or may not be read; never asks. */
export function readEnv(name: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable: name });
  return state === "granted" ? Deno.env.get(name) : undefined;
}

/** The number of hardware threads, at least 1. */
export function hardwareThreads(): number {
  return Math.max(1, navigator.hardwareConcurrency);
}

/**
 * Starts a thread that runs `source`, an ES module without imports of its own files, with `data` as its `workerData`.
 * As a `data:` URL it needs no permission, wherever this code came from; it never keeps the process alive.
 *
 * @param onError told when the thread cannot start or breaks off
 * @returns the thread, to be held as long as it is needed
 */
export function startThread(
  source: string,
  data: Record<string, unknown>,
  onError: (error: Error) => void,
): object {
  const url = new URL("data:text/javascript," + encodeURIComponent(source));
  const thread = new HostWorker(url, { workerData: data });
  thread.on("error", onError);
  thread.unref();
  return thread;
}

/** Whether a library of the machine may be loaded; never asks. */
export function mayLoad(path: string): boolean {
  return Deno.permissions.querySync({ name: "ffi", path }).state === "granted";
}

const blasSymbols = {
  cblas_sgemm: {
    parameters: [
      ...["i32", "i32", "i32", "i32", "i32", "i32"] as const,
      ...["f32", "buffer", "i32", "buffer", "i32"] as const,
      ...["f32", "buffer", "i32"] as const,
    ],
    result: "void",
  },
  openblas_set_num_threads: { parameters: ["i32"], result: "void", optional: true },
} as const;

/** The functions of a BLAS library that we call. */
export interface BlasLibrary {
  /** cblas_sgemm; the arrays are read and written where they lie, on a shared memory too. */
  readonly sgemm: (
    ...args: [
      ...[order: number, transA: number, transB: number, m: number, n: number, k: number],
      ...[alpha: number, a: Float32Array, lda: number, b: Float32Array, ldb: number],
      ...[beta: number, c: Float32Array, ldc: number],
    ]
  ) => void;
  /** Sets how many threads share a call, where the library is OpenBLAS. */
  readonly setThreads?: (count: number) => void;
}

/** Loads a BLAS library, for as long as the process lives. @throws {Error} If it cannot be, or lacks a function */
export function openBlasLibrary(path: string): BlasLibrary {
  const { cblas_sgemm, openblas_set_num_threads } = Deno.dlopen(path, blasSymbols).symbols;
  return {
    sgemm: cblas_sgemm as BlasLibrary["sgemm"],
    setThreads: openblas_set_num_threads ?? undefined,
  };
}

/** Pretends to be a loaded thread: the wasm backend asks for a pool that it never uses with one thread. */
class IdleWorker {
  onmessage?: (event: { data: { cmd: string } }) => void;
  on(): void {}
  ref(): void {}
  unref(): void {}
  terminate(): void {}
  postMessage(message: { cmd: string }): void {
    if (message.cmd === "load") {
      queueMicrotask(() => this.onmessage?.({ data: { cmd: "loaded" } }));
    }
  }
}

/**
 * Runs `create` in a world where `Worker` starts nothing and the processors are not counted (that would need a
 * permission), and removes the handlers of uncaught errors that it leaves behind.
 */
export async function withoutThreads<T>(create: () => Promise<T>): Promise<T> {
  const worker = Object.getOwnPropertyDescriptor(globalThis, "Worker")!;
  const cpus = os.cpus;
  const events = ["uncaughtException", "unhandledRejection"] as const;
  const before = events.map((event) => new Set<unknown>(process.listeners(event as "exit")));
  Object.defineProperty(globalThis, "Worker", {
    configurable: true,
    get: () => IdleWorker,
    set() {},
  });
  os.cpus = () => new Array(2).fill({}); // half of them is the most that the backend would use
  try {
    return await create();
  } finally {
    os.cpus = cpus;
    Object.defineProperty(globalThis, "Worker", worker);
    events.forEach((event, i) => {
      for (const listener of process.listeners(event as "exit")) {
        if (!before[i].has(listener)) process.removeListener(event, listener);
      }
    });
  }
}
