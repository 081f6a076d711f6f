import { deepStrictEqual as deepEqual, match, ok, rejects } from "node:assert/strict";
import {
  downloadDataset,
  type DownloadOptions,
  downloadSources,
  hrefsOf,
  localName,
} from "../../datatools/download.ts";
import { generatedMidi, testFolder } from "../support/midi_fixtures.ts";
import { download, filesIn, TestSite } from "../support/test_site.ts";

const song = generatedMidi(1, 40);
const other = generatedMidi(2, 50);
const songPath = "/midis/bach/song_format0.mid";

Deno.test("downloadDataset fetches the linked files one by one and lists their hashes", async () => {
  await using folder = await testFolder();
  await using site = await TestSite.open({
    "midis/bach/song_format0.mid": song,
    "midis/bach/other_format0.mid": other,
    "midis/bach/song.mid": song,
  });
  const progress: string[] = [];
  const onProgress: DownloadOptions["onProgress"] = ({ done, total, file }) =>
    progress.push(`${done}/${total} ${file}`);
  const report = await download(site, folder.path, { onProgress });
  deepEqual([report.files, report.fetched, report.failed], [2, 2, []]);
  match(report.licence, /CC BY-SA/);
  deepEqual(await Deno.readFile(`${folder.path}/bach/song_format0.mid`), new Uint8Array(song));
  const names = ["SHA256SUMS", "bach/other_format0.mid", "bach/song_format0.mid"];
  deepEqual(await filesIn(folder.path), names);
  deepEqual(progress, ["1/2 bach/song_format0.mid", "2/2 bach/other_format0.mid"]);
  deepEqual(site.mostBusy, 1);
  deepEqual(report.requests, 4);
  const list = await Deno.readTextFile(`${folder.path}/SHA256SUMS`);
  match(list, /^# credit: Bernd Krueger/m);
  match(list, /^[0-9a-f]{64} {2}bach\/song_format0\.mid$/m);
});

Deno.test("downloadDataset asks for nothing when all is there, and only for what is not", async () => {
  await using folder = await testFolder();
  await using site = await TestSite.open({
    "midis/bach/song_format0.mid": song,
    "midis/bach/other_format0.mid": other,
  });
  await download(site, folder.path);
  const before = site.asked.length;
  const again = await download(site, folder.path);
  deepEqual([again.files, again.fetched, again.requests], [2, 0, 0]);
  deepEqual(site.asked.length, before);

  await Deno.writeFile(`${folder.path}/bach/song_format0.mid`, new Uint8Array(other));
  const repaired = await download(site, folder.path);
  deepEqual([repaired.files, repaired.fetched], [2, 1]);
  deepEqual(site.asked.slice(before), ["/midi_files.htm", "/bach.htm", songPath]);
  deepEqual(await Deno.readFile(`${folder.path}/bach/song_format0.mid`), new Uint8Array(song));
});

Deno.test("downloadDataset names a file that is missing and fetches the rest", async () => {
  await using folder = await testFolder();
  await using site = await TestSite.open({
    "midis/bach/gone_format0.mid": () => new Response("no", { status: 404 }),
    "midis/bach/song_format0.mid": song,
  });
  const report = await download(site, folder.path);
  deepEqual(report.files, 1);
  deepEqual(report.failed.map(({ file }) => file), ["bach/gone_format0.mid"]);
  match(report.failed[0].reason, /gone_format0.mid": the server answered 404/);
  deepEqual(site.count("/midis/bach/gone_format0.mid"), 1, "a missing file is not asked for twice");
  await download(site, folder.path);
  deepEqual(site.count("/midis/bach/gone_format0.mid"), 2, "a run with failures is not complete");
  deepEqual(site.count(songPath), 1);
});

Deno.test("downloadDataset keeps a whole file of a run that was killed before its list", async () => {
  await using folder = await testFolder();
  await using site = await TestSite.open({
    "midis/bach/song_format0.mid": song,
    "midis/bach/other_format0.mid": other,
  });
  await download(site, folder.path);
  await Deno.remove(`${folder.path}/SHA256SUMS`);
  const path = `${folder.path}/bach/other_format0.mid`;
  await Deno.writeFile(path, other.slice(0, 60)); // no run leaves this, but a disk may
  const report = await download(site, folder.path);
  deepEqual([report.files, report.fetched], [2, 1]);
  deepEqual(site.count(songPath), 1);
});

Deno.test("downloadDataset keeps no file that is not MIDI, whatever its name", async () => {
  await using folder = await testFolder();
  const page = new TextEncoder().encode("<html>please log in</html>");
  await using site = await TestSite.open({
    "midis/bach/page_format0.mid": page,
    "midis/bach/half_format0.mid": () => new Response(song.slice(0, song.length >> 1)),
    "midis/bach/song_format0.mid": song,
  });
  const { failed, files } = await download(site, folder.path);
  deepEqual(files, 1);
  match(failed[0].reason, /it is no MIDI file; it was not kept/);
  match(failed[1].reason, /it has \d+ bytes, its chunks need \d+/);
  deepEqual(await filesIn(folder.path), ["SHA256SUMS", "bach/song_format0.mid"]);
});

Deno.test("downloadDataset writes below its folder only, whatever the links say", async () => {
  await using folder = await testFolder();
  const out = `${folder.path}/out`;
  await using site = await TestSite.open({
    "../../../etc/up_format0.mid": song,
    "midis/%2e%2e/dots_format0.mid": song,
    "midis/..%2f..%2fslash_format0.mid": song,
    "midis/..%5c..%5cback_format0.mid": song,
    "midis/a%00b/null_format0.mid": song,
    "midis/bach/run.sh?x=_format0.mid": song,
    "midis/bach/.hidden_format0.mid": song,
    "javascript:alert('_format0.mid')": song,
    "file:///etc/passwd_format0.mid": song,
    "https://elsewhere.example/away_format0.mid": song,
  });
  await download(site, out);
  deepEqual(await filesIn(folder.path), [
    "out/SHA256SUMS",
    "out/a_b/null_format0.mid",
    "out/bach/hidden_format0.mid",
    "out/dots_format0.mid",
    "out/etc/up_format0.mid",
    "out/midis/_.._back_format0.mid",
    "out/midis/_.._slash_format0.mid",
  ]);
});

Deno.test("downloadDataset believes no hash list that points out of its folder", async () => {
  await using folder = await testFolder();
  await using site = await TestSite.open({ "midis/bach/song_format0.mid": song });
  const out = `${folder.path}/out`;
  await Deno.mkdir(out);
  await Deno.writeFile(`${folder.path}/outside.mid`, other);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(other))).toHex();
  await Deno.writeTextFile(`${out}/SHA256SUMS`, `# complete\n${hash}  ../outside.mid\n`);
  deepEqual((await download(site, out)).fetched, 1);
  const text = await Deno.readTextFile(`${out}/SHA256SUMS`);
  ok(!text.includes("outside"), text);
});

Deno.test("downloadDataset stops when the site fails again and again, and keeps what came", async () => {
  await using folder = await testFolder();
  const down = () => new Response("", { status: 500 });
  const bad = Array.from({ length: 8 }, (_, i) => [`midis/bach/down${i}_format0.mid`, down]);
  await using site = await TestSite.open({
    "midis/bach/a_format0.mid": song,
    ...Object.fromEntries(bad),
  });
  await rejects(download(site, folder.path, { retries: 0 }), /answered 500/);
  deepEqual(site.asked.filter((path) => path.includes("down")).length, 5);
  deepEqual(await filesIn(folder.path), ["SHA256SUMS", "bach/a_format0.mid"]);
});

Deno.test("downloadDataset stops at once when it is told to, and can be continued", async () => {
  await using folder = await testFolder();
  await using site = await TestSite.open({
    "midis/bach/song_format0.mid": song,
    "midis/bach/other_format0.mid": other,
  });
  const stop = new AbortController();
  const onProgress = () => stop.abort(new Error("enough"));
  const stopped = download(site, folder.path, { onProgress, signal: stop.signal, pauseMs: 50 });
  await rejects(stopped, /^Error: enough$/);
  deepEqual(await filesIn(folder.path), ["SHA256SUMS", "bach/song_format0.mid"]);
  const report = await download(site, folder.path);
  deepEqual([report.files, report.fetched], [2, 1]);
});

Deno.test("downloadDataset says what is wrong with a name, an address and a changed site", async () => {
  await using folder = await testFolder();
  const { path: out } = folder;
  const name = "jazz" as "classic-piano";
  await rejects(downloadDataset(name, { out }), /no data set "jazz".*known are: classic-piano/);
  const plain = downloadDataset("classic-piano", { out, baseUrl: "http://example.org" });
  await rejects(plain, /expected an https address/);
  await using site = await TestSite.open({});
  await rejects(download(site, out), /found 1 pages with 0 MIDI files.*data prepare/);
  site.on("/midi_files.htm", () => new Response("", { status: 404 }));
  await rejects(download(site, out), /midi_files.htm": the server answered 404/);
  for (const { baseUrl } of Object.values(downloadSources)) match(baseUrl, /^https:/);
});

Deno.test("hrefsOf finds links in any quotes and is quick on hostile pages", () => {
  const page = new URL("https://site.example/dir/page.htm");
  const html = `<a href="a.mid"><A HREF='/b.mid'><a class=x href = c.mid><a href="d&amp;e.mid">
    <a href=""><a href="https://[bad"><a data-x="1">`;
  deepEqual(hrefsOf(html, page).map((url) => url.href), [
    "https://site.example/dir/a.mid",
    "https://site.example/b.mid",
    "https://site.example/dir/c.mid",
    "https://site.example/dir/d&e.mid",
  ]);
  const start = performance.now();
  for (const piece of ["href=", 'href="', "href =   ", "href='<", "<a "]) {
    hrefsOf(piece.repeat((1 << 20) / piece.length), page);
  }
  ok(performance.now() - start < 3000);
});

Deno.test("localName keeps plain names of MIDI files only", () => {
  const named = (path: string) => localName(new URL(path, "https://site.example/"));
  deepEqual(named("/midis/bach/x.mid"), "bach/x.mid");
  deepEqual(named("/x.MIDI"), "x.MIDI");
  deepEqual(named("/a/%zz.mid"), "a/_zz.mid");
  deepEqual(named("/a/fug%C3%A9.mid"), "a/fug_.mid");
  for (const path of ["/a/.mid", "/a/x.exe", "/a/", "/a/x.mid.sh", "/"]) {
    deepEqual(named(path), undefined, path);
  }
});
