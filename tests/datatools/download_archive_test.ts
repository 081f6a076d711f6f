import { deepStrictEqual as deepEqual, match, ok, rejects } from "node:assert/strict";
import { decodeWav } from "../../datatools/audio/wav.ts";
import { downloadArchive } from "../../datatools/download_archive.ts";
import { type DownloadOptions, downloadSources } from "../../datatools/download_source.ts";
import { testFolder } from "../support/midi_fixtures.ts";
import { cutting, filesIn, quick, serving, TestSite } from "../support/test_site.ts";

const path = "/data/speech/LJSpeech-1.1.tar.bz2";
const unpacked = [
  "README",
  "SHA256SUMS",
  "metadata.csv",
  "wavs/LJ001-0001.wav",
  "wavs/LJ001-0002.wav",
];
const read = (name: string) => Deno.readFile(new URL(`archive/files/${name}`, import.meta.url));
const speech = await read("speech.tar.bz2");

/** Downloads from a site that serves something small under the name of LJ Speech, whose hash is that of `bytes`. */
async function download(
  site: TestSite,
  out: string,
  { bytes = speech, ...options }: Partial<DownloadOptions> & { bytes?: Uint8Array<ArrayBuffer> } =
    {},
) {
  const sha256 = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
  const source = { ...downloadSources.ljspeech, bytes: bytes.length, sha256 };
  return await downloadArchive("ljspeech", source, {
    ...quick,
    baseUrl: site.url,
    out,
    ...options,
  });
}

async function openSite(bytes: Uint8Array): Promise<TestSite> {
  const site = await TestSite.open({});
  site.on(path, serving(bytes));
  return site;
}

Deno.test("downloadArchive fetches, checks and unpacks, and keeps the list of hashes", async () => {
  await using folder = await testFolder();
  await using site = await openSite(speech);
  const progress: number[] = [];
  const onProgress: DownloadOptions["onProgress"] = ({ done, total }) =>
    progress.push(done / total);
  const report = await download(site, folder.path, { onProgress });
  deepEqual([report.files, report.fetched, report.requests, report.failed], [4, 4, 1, []]);
  deepEqual(report.bytes, speech.length);
  match(report.licence, /public domain/);
  deepEqual(await filesIn(folder.path), unpacked);
  match(await Deno.readTextFile(`${folder.path}/metadata.csv`), /^LJ001-0001\|a\|a$/m);
  const { channels, sampleRate } = decodeWav(
    await Deno.readFile(`${folder.path}/wavs/LJ001-0002.wav`),
  );
  deepEqual([channels[0].length, sampleRate], [500, 22050]);
  match(
    await Deno.readTextFile(`${folder.path}/SHA256SUMS`),
    /^# complete$[^]*^[0-9a-f]{64} {2}README$/m,
  );
  ok(progress.every((part, i) => i === 0 || part >= progress[i - 1]));
  deepEqual(progress.at(-1), 1);
});

Deno.test("downloadArchive asks for nothing when all is there, and for all when a file has changed", async () => {
  await using folder = await testFolder();
  await using site = await openSite(speech);
  await download(site, folder.path);
  const again = await download(site, folder.path);
  deepEqual([again.files, again.fetched, again.requests], [4, 0, 0]);
  await Deno.truncate(`${folder.path}/wavs/LJ001-0002.wav`, 20);
  const repaired = await download(site, folder.path);
  deepEqual([repaired.files, repaired.fetched, site.count(path)], [4, 4, 2]);
  deepEqual(await filesIn(folder.path), unpacked);
});

Deno.test("downloadArchive goes on where the line was cut", async () => {
  await using folder = await testFolder();
  await using site = await openSite(speech);
  site.on(path, (request, nth) => nth === 0 ? cutting(speech) : serving(speech)(request, nth));
  await download(site, folder.path);
  deepEqual(site.asked, [path, `${path} bytes=${speech.length >> 1}-`]);
  deepEqual(await filesIn(folder.path), unpacked);
});

Deno.test("downloadArchive goes on with what an earlier run has left", async () => {
  await using folder = await testFolder();
  await using site = await openSite(speech);
  site.on(path, () => cutting(speech));
  const out = folder.path;
  await rejects(download(site, out, { retries: 0 }), /run it again later to continue/);
  deepEqual(await filesIn(out), ["LJSpeech-1.1.tar.bz2.part", "LJSpeech-1.1.tar.bz2.part.version"]);
  site.on(path, serving(speech));
  await download(site, out);
  deepEqual(site.asked.at(-1), `${path} bytes=${speech.length >> 1}-`);
  deepEqual(await filesIn(out), unpacked);
});

Deno.test("downloadArchive unpacks what was fetched before without asking again", async () => {
  await using folder = await testFolder();
  await using site = await openSite(speech);
  const out = folder.path;
  const stop = new AbortController();
  const onProgress: DownloadOptions["onProgress"] = ({ file }) => {
    if (file === "README") stop.abort(new Error("stopped"));
  };
  await rejects(download(site, out, { signal: stop.signal, onProgress }), /^Error: stopped$/);
  deepEqual(await filesIn(out), ["LJSpeech-1.1.tar.bz2", "README"]);
  const { fetched, requests } = await download(site, out);
  deepEqual([fetched, requests], [4, 0]);
  deepEqual(await filesIn(out), unpacked);
});

Deno.test("downloadArchive keeps no archive with another hash or of another length", async () => {
  await using folder = await testFolder();
  const changed = speech.slice();
  changed[100] ^= 1;
  await using site = await openSite(changed);
  await rejects(
    download(site, folder.path),
    /has 1\d{3} bytes with SHA-256 [0-9a-f]{64}, expected 1\d{3} with [0-9a-f]{64}; it was not kept/,
  );
  deepEqual(await filesIn(folder.path), []);
  site.on(path, serving(new Uint8Array(speech.length + 1)));
  await rejects(download(site, folder.path), /at most \d+ are accepted/);
  deepEqual(await filesIn(folder.path), []);
});

Deno.test("downloadArchive writes the files of the set below its folder only, and no links", async () => {
  await using folder = await testFolder();
  const stray = await read("stray.tar.bz2"), link = await read("link.tar.bz2");
  await using site = await openSite(stray);
  await download(site, `${folder.path}/a/b/c`, { bytes: stray });
  deepEqual(await filesIn(folder.path), unpacked.map((file) => `a/b/c/${file}`));
  const sentence = await Deno.readFile(`${folder.path}/a/b/c/wavs/LJ001-0001.wav`);
  deepEqual(decodeWav(sentence).channels[0].length, 300, "not that of another folder");
  site.on(path, serving(link));
  const out = `${folder.path}/link`;
  await rejects(download(site, out, { bytes: link }), /LJ001-0001.wav" is a symbolic link/);
  deepEqual(await filesIn(out), ["LJSpeech-1.1.tar.bz2", "README", "metadata.csv"]);
});

Deno.test("downloadArchive says that an archive holds nothing of the set", async () => {
  await using folder = await testFolder();
  const empty = await read("empty.tar.bz2");
  await using site = await openSite(empty);
  await rejects(
    download(site, folder.path, { bytes: empty }),
    /none of its files is one of the data set/,
  );
});

Deno.test("downloadSources: the archive of LJ Speech is bounded by its length and hash", () => {
  const { baseUrl, sha256, bytes, files } = downloadSources.ljspeech;
  match(baseUrl, /^https:/);
  match(sha256, /^[0-9a-f]{64}$/);
  ok(bytes > 2e9);
  for (
    const name of [
      "../README",
      "wavs/../x.wav",
      "wavs/LJ001-0001.wav.sh",
      "wavs/LJ001-0001.wav\n",
      "/README",
      "",
    ]
  ) {
    ok(!files.test(name), name);
  }
});
