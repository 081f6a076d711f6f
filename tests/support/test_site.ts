/** A web site on the loopback for tests of downloading. @module */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import {
  downloadDataset,
  type DownloadOptions,
  type DownloadReport,
} from "../../datatools/download.ts";

/** Answers one request; `nth` counts those for the same path from 0. */
export type Handler = (request: Request, nth: number) => Response | Promise<Response>;

/** A server on the loopback with the pages of a small site; counts what is asked of it. */
export class TestSite implements AsyncDisposable {
  /** What was asked for, in order. */
  readonly asked: string[] = [];
  readonly #handlers = new Map<string, Handler>();
  readonly #counts = new Map<string, number>();
  readonly #server = createServer((request, response) => this.#answer(request, response));
  #url = "";
  #busy = 0;
  /** The most requests that were in work at once. */
  mostBusy = 0;

  /** Starts a site; `files` are the links on its one composer page, and what they give. */
  static async open(files: Record<string, Uint8Array | Handler>): Promise<TestSite> {
    const site = new TestSite();
    await new Promise<void>((resolve) => site.#server.listen(0, "127.0.0.1", resolve));
    site.#url = `http://127.0.0.1:${(site.#server.address() as { port: number }).port}/`;
    site.#addPages(files);
    return site;
  }

  #addPages(files: Record<string, Uint8Array | Handler>): void {
    const links = Object.keys(files).map((href) => `<a href="${href}">x</a>`).join("\n");
    this.on("/midi_files.htm", () =>
      new Response(
        `<tr class="midi"><td class="midi"><a href="bach.htm">Bach</a></td></tr>
         <a href="/">home</a> <a href="https://elsewhere.example/x.htm">away</a>`,
      ));
    this.on("/bach.htm", () => new Response(`<html>${links}</html>`));
    for (const [href, file] of Object.entries(files)) {
      const { pathname } = new URL(href, this.url);
      this.on(pathname, file instanceof Uint8Array ? serving(file) : file);
    }
  }

  get url(): string {
    return this.#url;
  }

  on(path: string, handler: Handler): void {
    this.#handlers.set(path, handler);
  }

  /** How often a path was asked for. */
  count(path: string): number {
    return this.#counts.get(path) ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const headers = new Headers(incoming.headers as Record<string, string>);
    const request = new Request(new URL(incoming.url!, this.#url), { headers });
    this.mostBusy = Math.max(this.mostBusy, ++this.#busy);
    await new Promise((resolve) => setTimeout(resolve, 1));
    this.#busy--;
    const response = await this.#respond(request);
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    try {
      for await (const piece of response.body ?? []) outgoing.write(piece);
      outgoing.end();
    } catch {
      outgoing.destroy(); // the line is cut
    }
  }

  async #respond(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const range = request.headers.get("range");
    this.asked.push(range ? `${pathname} ${range}` : pathname);
    const nth = this.count(pathname);
    this.#counts.set(pathname, nth + 1);
    return await this.#handlers.get(pathname)?.(request, nth) ??
      new Response("nothing here", { status: 404 });
  }
}

/** Serves bytes with a version and in parts, as a web server does. */
export function serving(bytes: Uint8Array, etag = '"v1"'): Handler {
  return (request) => {
    const [, from] = /^bytes=(\d+)-$/.exec(request.headers.get("range") ?? "") ?? [];
    const body = new Uint8Array(bytes);
    const headers = { etag, "content-type": "audio/midi", "content-length": String(body.length) };
    if (from === undefined || request.headers.get("if-range") !== etag) {
      return new Response(body, { headers });
    }
    if (Number(from) >= body.length) return new Response(null, { status: 416 });
    const range = `bytes ${from}-${body.length - 1}/${body.length}`;
    const rest = { "content-range": range, "content-length": String(body.length - Number(from)) };
    return new Response(body.slice(Number(from)), {
      status: 206,
      headers: { ...headers, ...rest },
    });
  };
}

/** Sends the head and the first half of `bytes`, then cuts the line. */
export function cutting(bytes: Uint8Array, etag = '"v1"'): Response {
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(bytes.slice(0, bytes.length >> 1)),
    pull: async (controller) => {
      await new Promise((resolve) => setTimeout(resolve, 20)); // the half is on its way
      controller.error(new Error("cut on purpose"));
    },
  }, { highWaterMark: 0 });
  const headers = { etag, "content-length": String(bytes.length) };
  return new Response(body, { headers });
}

/** What downloads of tests use: no pause, quick repetitions. */
export const quick = { pauseMs: 0, retryMs: 1, timeoutMs: 2000 };

/** Downloads all files of a test site. */
export function download(
  site: TestSite,
  out: string,
  options: Partial<DownloadOptions> = {},
): Promise<DownloadReport> {
  return downloadDataset("classic-piano", { ...quick, baseUrl: site.url, out, ...options });
}

/** The files below a folder, sorted. */
export async function filesIn(dir: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(dir)) {
    if (!isDirectory) found.push(name);
    else found.push(...(await filesIn(`${dir}/${name}`)).map((below) => `${name}/${below}`));
  }
  return found.sort();
}
