import { deepStrictEqual as deepEqual, match, ok, rejects } from "node:assert/strict";
import { downloadDataset } from "../../datatools/download.ts";
import { generatedMidi, testFolder } from "../support/midi_fixtures.ts";
import { cutting, download, filesIn, quick, serving, TestSite } from "../support/test_site.ts";

const song = generatedMidi(1, 40);
const other = generatedMidi(2, 50);
const songPath = "/midis/bach/song_format0.mid";

Deno.test("DownloadClient waits between requests", async () => {
  await using folder = await testFolder();
  await using site = await TestSite.open({ "midis/bach/song_format0.mid": song });
  const start = performance.now();
  await download(site, folder.path, { pauseMs: 60 });
  ok(performance.now() - start >= 115, "two pauses between three requests");
});

Deno.test("DownloadClient tries again after 500 and 503, and gives up after a few times", async () => {
  await using folder = await testFolder();
  await using site = await TestSite.open({
    "midis/bach/song_format0.mid": (request, nth) =>
      nth < 2 ? new Response("", { status: nth ? 503 : 500 }) : serving(song)(request, nth),
    "midis/bach/down_format0.mid": () => new Response("", { status: 500 }),
  });
  const report = await download(site, folder.path, { retries: 3 });
  deepEqual([report.files, site.count(songPath)], [1, 3]);
  deepEqual(site.count("/midis/bach/down_format0.mid"), 4);
  match(report.failed[0].reason, /answered 500 .*\(4 tries\); run it again later/);
});

Deno.test("DownloadClient waits longer after each failure, as Retry-After asks at least", async () => {
  await using folder = await testFolder();
  const times: number[] = [];
  await using site = await TestSite.open({
    "midis/bach/song_format0.mid": (request, nth) => {
      times.push(performance.now());
      if (nth === 3) return serving(song)(request, nth);
      const headers = nth === 2 ? { "retry-after": "0.4" } : undefined;
      return new Response("", { status: 429, headers });
    },
  });
  await download(site, folder.path, { retryMs: 50 });
  const waits = times.slice(1).map((time, i) => time - times[i]);
  ok(waits[0] >= 49 && waits[1] >= 99 && waits[2] >= 399, waits.join(" "));
});

Deno.test("DownloadClient continues a file where the line was cut", async () => {
  await using folder = await testFolder();
  await using site = await TestSite.open({
    "midis/bach/song_format0.mid": (request, nth) =>
      nth === 0 ? cutting(song) : serving(song)(request, nth),
  });
  const report = await download(site, folder.path);
  deepEqual([report.files, report.failed], [1, []]);
  deepEqual(site.asked.slice(2), [songPath, `${songPath} bytes=${song.length >> 1}-`]);
  deepEqual(await Deno.readFile(`${folder.path}/bach/song_format0.mid`), new Uint8Array(song));
  deepEqual(await filesIn(folder.path), ["SHA256SUMS", "bach/song_format0.mid"]);
});

Deno.test("DownloadClient continues what an earlier run left, or begins anew for a new version", async () => {
  const received: number[] = [];
  for (const etag of ['"v1"', '"v2"']) {
    await using folder = await testFolder();
    await using site = await TestSite.open({ "midis/bach/song_format0.mid": () => cutting(song) });
    const cut = await download(site, folder.path, { retries: 0 });
    match(cut.failed[0].reason, /\(1 try\)/);
    deepEqual(await filesIn(folder.path), [
      "bach/song_format0.mid.part",
      "bach/song_format0.mid.part.version",
    ]);
    const { length } = site.asked;
    site.on(songPath, serving(song, etag));
    const { files, bytes } = await download(site, folder.path);
    deepEqual(files, 1);
    received.push(bytes);
    deepEqual(site.asked.slice(length + 2), [`${songPath} bytes=${song.length >> 1}-`]);
    deepEqual(await Deno.readFile(`${folder.path}/bach/song_format0.mid`), new Uint8Array(song));
  }
  deepEqual(received[1] - received[0], song.length >> 1, "the first half again");
});

Deno.test("DownloadClient begins anew when the server gives no parts or refuses them", async () => {
  for (const status of [200, 416]) {
    await using folder = await testFolder();
    await using site = await TestSite.open({
      "midis/bach/song_format0.mid": (request, nth) => {
        if (nth === 0) return cutting(song);
        const refuse = status === 416 && request.headers.has("range");
        return refuse ? new Response(null, { status }) : new Response(new Uint8Array(song));
      },
    });
    deepEqual((await download(site, folder.path)).files, 1);
    deepEqual(await Deno.readFile(`${folder.path}/bach/song_format0.mid`), new Uint8Array(song));
  }
});

/** Answers one request with raw bytes, so that the announced length may be wrong. */
async function rawAnswer(
  head: string,
  body: Uint8Array,
): Promise<{ url: string; done: Promise<void> }> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serve = async () => {
    using connection = await listener.accept();
    listener.close();
    await connection.read(new Uint8Array(4096));
    await connection.write(new TextEncoder().encode(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n`));
    await connection.write(body);
  };
  return await Promise.resolve({ url: `http://127.0.0.1:${listener.addr.port}/`, done: serve() });
}

Deno.test("DownloadClient takes no page that is shorter than announced", async () => {
  await using folder = await testFolder();
  const { url, done } = await rawAnswer("content-length: 500", new Uint8Array(200));
  const options = { ...quick, out: folder.path, baseUrl: url, retries: 0 };
  await rejects(downloadDataset("classic-piano", options), /midi_files.htm": .*\(1 try\)/);
  await done;
});

Deno.test("DownloadClient compares the length with what was announced, whatever fetch does", async () => {
  await using folder = await testFolder();
  await using site = await TestSite.open({ "midis/bach/song_format0.mid": song });
  let short = 2;
  const lossy: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    if (!String(input).endsWith(".mid") || short-- === 0) return response;
    return new Response(response.body?.pipeThrough(dropAfter(100)), response);
  };
  const report = await download(site, folder.path, { fetch: lossy });
  deepEqual([report.files, site.count(songPath)], [1, 3]);
  deepEqual(await Deno.readFile(`${folder.path}/bach/song_format0.mid`), new Uint8Array(song));
});

/** Lets `n` bytes through and drops the rest. */
function dropAfter(n: number): TransformStream<Uint8Array, Uint8Array<ArrayBuffer>> {
  let left = n;
  return new TransformStream({
    transform: (bytes, controller) => {
      controller.enqueue(bytes.slice(0, left));
      left = Math.max(0, left - bytes.length);
    },
  });
}

Deno.test("DownloadClient refuses files that are too large, by what they say and by what comes", async () => {
  await using folder = await testFolder();
  const big = new Uint8Array(5000);
  await using site = await TestSite.open({
    "midis/bach/big_format0.mid": serving(big),
    "midis/bach/stream_format0.mid": () => new Response(ReadableStream.from([big, big])),
    "midis/bach/song_format0.mid": song,
  });
  const report = await download(site, folder.path, { maxFileBytes: 4000 });
  deepEqual(report.files, 1);
  for (const { reason } of report.failed) match(reason, /it has \d+ bytes or more, at most 4000/);
  deepEqual(report.failed.length, 2);
  deepEqual(await filesIn(folder.path), ["SHA256SUMS", "bach/song_format0.mid"]);
  deepEqual(site.count("/midis/bach/big_format0.mid"), 1);
});

Deno.test("DownloadClient stops at the limit for all bytes together", async () => {
  await using folder = await testFolder();
  await using site = await TestSite.open({
    "midis/bach/song_format0.mid": song,
    "midis/bach/other_format0.mid": other,
  });
  const limit = song.length + other.length; // but for the pages
  await rejects(
    download(site, folder.path, { maxTotalBytes: limit }),
    /more than \d+ bytes in all/,
  );
  deepEqual((await download(site, folder.path)).fetched, 1, "what came before is kept");
});

Deno.test("DownloadClient follows redirects within the site and none to another", async () => {
  await using folder = await testFolder();
  await using elsewhere = await TestSite.open({ "midis/bach/song_format0.mid": song });
  const to = (location: string) => () => new Response(null, { status: 302, headers: { location } });
  await using site = await TestSite.open({
    "midis/bach/moved_format0.mid": to("/new/place"),
    "midis/bach/away_format0.mid": to(`${elsewhere.url}midis/bach/song_format0.mid`),
    "midis/bach/loop_format0.mid": to("/midis/bach/loop_format0.mid"),
  });
  site.on("/new/place", serving(song));
  const { failed, files } = await download(site, folder.path);
  deepEqual(files, 1);
  match(failed[0].reason, /away_format0.mid": it leads to another site, "http:/);
  match(failed[1].reason, /loop_format0.mid": more than 5 redirects/);
  deepEqual(elsewhere.asked, []);
});

Deno.test("DownloadClient gives up a server that sends nothing more", async () => {
  await using folder = await testFolder();
  const silent = () => {
    const start = (controller: ReadableStreamDefaultController) =>
      controller.enqueue(new Uint8Array(3));
    return new Response(new ReadableStream({ start }));
  };
  await using site = await TestSite.open({
    "midis/bach/song_format0.mid": song,
    "midis/bach/stuck_format0.mid": silent,
  });
  const { failed, files } = await download(site, folder.path, { timeoutMs: 100, retries: 1 });
  deepEqual(files, 1);
  match(failed[0].reason, /no news for 0.1 s \(2 tries\)/);
});
