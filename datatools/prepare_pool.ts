/** Encodes files on several cores, through Web Workers. @module */
import {
  encodeFile,
  type EncodeKind,
  type EncodeRequest,
  type ResultOf,
  type SettingsOf,
} from "./prepare_encoders.ts";

const WORKER_URL = new URL("./prepare_worker.ts", import.meta.url);

/**
 * A fixed number of workers that encode files. Where workers cannot start (a local folder of this library
 * that may not be read, or a runtime without them) the calling thread does the work: slower, same bytes.
 */
export class EncodePool<Kind extends EncodeKind> implements Disposable {
  readonly #kind: Kind;
  readonly #settings: SettingsOf<Kind>;
  readonly #workers: Worker[];
  readonly #idle: Worker[];
  readonly #waiting: ((worker: Worker | undefined) => void)[] = [];

  private constructor(kind: Kind, settings: SettingsOf<Kind>, workers: Worker[]) {
    this.#kind = kind;
    this.#settings = settings;
    this.#workers = workers;
    this.#idle = [...workers];
  }

  /**
   * Starts the workers.
   *
   * @param kind What the files are
   * @param settings How to encode
   * @param nWorkers How many; 1 starts none and encodes in the calling thread
   */
  static async start<Kind extends EncodeKind>(
    kind: Kind,
    settings: SettingsOf<Kind>,
    nWorkers: number,
  ): Promise<EncodePool<Kind>> {
    const started = nWorkers < 2
      ? []
      : await Promise.all(Array.from({ length: nWorkers }, () => startWorker()));
    return new EncodePool(kind, settings, started.filter((worker) => worker !== undefined));
  }

  /** How many workers run; 0 when the calling thread does the work. */
  get size(): number {
    return this.#workers.length;
  }

  /** Encodes one file; the results of several calls may come in any order. */
  async encode(bytes: Uint8Array<ArrayBuffer>): Promise<ResultOf<Kind>> {
    const request = { kind: this.#kind, bytes, settings: this.#settings };
    const worker = await this.#take();
    if (!worker) return await encodeFile(request);
    try {
      const result = await ask(worker, request);
      this.#give(worker);
      return result;
    } catch {
      this.#drop(worker);
      return await encodeFile(request);
    }
  }

  /** Ends the workers. */
  [Symbol.dispose](): void {
    for (const worker of this.#workers.splice(0)) worker.terminate();
  }

  #take(): Promise<Worker | undefined> {
    const worker = this.#idle.pop();
    if (worker || this.#workers.length === 0) return Promise.resolve(worker);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #give(worker: Worker): void {
    const next = this.#waiting.shift();
    if (next) next(worker);
    else this.#idle.push(worker);
  }

  #drop(worker: Worker): void {
    worker.terminate();
    this.#workers.splice(this.#workers.indexOf(worker), 1);
    if (this.#workers.length > 0) return;
    for (const resolve of this.#waiting.splice(0)) resolve(undefined);
  }
}

/**
 * A running worker, or undefined where none can start. A `data:` module imports the real one, since that
 * starts without a permission and can catch a refusal, which Deno would else print.
 */
async function startWorker(): Promise<Worker | undefined> {
  const source = `import(${JSON.stringify(WORKER_URL.href)}).catch(() => postMessage("refused"));`;
  try {
    const url = `data:text/javascript,${encodeURIComponent(source)}`;
    const worker = new Worker(url, { type: "module", name: "prepare" });
    const answer = await nextMessage(worker);
    if (answer === "ready") return worker;
    worker.terminate();
  } catch { /* no workers here: the calling thread does the work */ }
  return undefined;
}

function ask<Kind extends EncodeKind>(
  worker: Worker,
  request: EncodeRequest<Kind>,
): Promise<ResultOf<Kind>> {
  const answer = nextMessage(worker);
  worker.postMessage(request);
  return answer as Promise<ResultOf<Kind>>;
}

function nextMessage(worker: Worker): Promise<unknown> {
  return new Promise((resolve, reject) => {
    worker.onmessage = (event) => resolve(event.data);
    worker.onmessageerror = () => reject(new TypeError("The worker's answer cannot be read"));
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(event.message));
    };
  });
}
