import { deepStrictEqual as deepEqual, ok, rejects, throws } from "node:assert/strict";
import {
  exists,
  fileSize,
  hashFile,
  IoError,
  isSameFile,
  isTemporaryName,
  listFiles,
  makeDir,
  openAtomic,
  openForAppend,
  openForRandomRead,
  pathKind,
  readBytes,
  readText,
  remove,
  rename,
  toPath,
  walkFiles,
  writeAtomic,
  writeText,
} from "../../datatools/io.ts";
import { toIoError } from "../../datatools/io_error.ts";
import { testFolder } from "../support/midi_fixtures.ts";
import { noTinyDisk, runOnTinyDisk } from "../support/tiny_disk.ts";

const some = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);

const io = new URL("../../datatools/io.ts", import.meta.url);

/** Checks the kind of an error and that its text names the place and the remedy. */
function says(kind: string, ...words: RegExp[]): (error: unknown) => boolean {
  return (error) => {
    ok(error instanceof IoError, String(error));
    deepEqual(error.kind, kind);
    for (const word of words) ok(word.test(error.message), `${word} is not in ${error.message}`);
    ok(!error.message.endsWith("."));
    return true;
  };
}

/** Runs `code` in a process with `flags` and returns what it printed. */
async function runWith(flags: string[], code: string, cwd?: string): Promise<string> {
  const script = `import * as io from "${io}"; ${code}`;
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "--no-check", "--ext=ts", ...flags, dataUrl(script)],
    cwd,
    stdin: "null",
  }).output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

function dataUrl(script: string): string {
  return `data:application/typescript,${encodeURIComponent(script)}`;
}

Deno.test("readBytes() reads paths, file: URLs and their text", async () => {
  await using folder = await testFolder();
  const path = `${folder.path}/ä b.bin`;
  await writeAtomic(path, some);
  const url = new URL(`file://${encodeURI(path)}`);
  for (const source of [path, url, url.href]) deepEqual(await readBytes(source), some);
  deepEqual(toPath(url), path);
});

Deno.test("readBytes() says that a file is missing, a folder, or too large", async () => {
  await using folder = await testFolder();
  const path = `${folder.path}/x`;
  await rejects(readBytes(path), says("missing", /Cannot read ".*x"/, /check the path/));
  await rejects(readBytes(folder.path), says("wrong-kind", /folder/));
  await writeAtomic(path, some);
  await rejects(readBytes(`${path}/y`), says("wrong-kind", /folder is needed/));
  await rejects(readBytes(path, { maxBytes: 999 }), says("too-large", /1000 bytes, at most 999/));
  deepEqual((await readBytes(path, { maxBytes: 1000 })).length, 1000);
});

Deno.test("readBytes() names the flag that is missing", async () => {
  await using folder = await testFolder();
  const path = `${folder.path}/x`;
  const read = `try { await io.readBytes(Deno.args[0] ?? ${JSON.stringify(path)}); }
    catch (error) { console.log(error.name, error.kind, error.message); }`;
  const file = await runWith([], read);
  ok(file.includes(`no read permission; add --allow-read=${path}`), file);
  const net = await runWith([], read.replace(JSON.stringify(path), '"http://127.0.0.1:8081/a"'));
  ok(net.includes("no net permission; add --allow-net=127.0.0.1:8081"), net);
  const write = await runWith(
    [`--allow-read=${folder.path}`],
    read.replace("readBytes(", "writeText("),
  );
  ok(write.includes(`no write permission; add --allow-write=${folder.path}`), write);
  deepEqual(await listFiles(folder.path), []);
});

Deno.test("readBytes() fetches over http with checks of status and size", async () => {
  const sent: number[] = [];
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (req) => {
    const { pathname } = new URL(req.url);
    if (pathname === "/ok") return new Response(some);
    if (pathname === "/gone") return new Response("no", { status: 404 });
    if (pathname === "/broken") return new Response("no", { status: 503 });
    return new Response(
      new ReadableStream({
        pull(controller) { // no end, no announced length
          sent.push(some.length);
          controller.enqueue(some);
        },
      }, { highWaterMark: 0 }),
    );
  });
  const base = `http://127.0.0.1:${server.addr.port}`;
  deepEqual(await readBytes(`${base}/ok`), some);
  deepEqual(await readBytes(new URL(`${base}/ok`)), some);
  await rejects(readBytes(`${base}/gone`), says("missing", /404/, /check the address/));
  await rejects(readBytes(`${base}/broken`), says("network", /503/));
  await rejects(readBytes(`${base}/ok`, { maxBytes: 10 }), says("too-large", /at most 10/));
  await rejects(readBytes(`${base}/endless`, { maxBytes: 100_000 }), says("too-large"));
  ok(sent.length < 5000);
  const stop = AbortSignal.abort(new Error("stopped"));
  await rejects(readBytes(`${base}/ok`, { signal: stop }), /stopped/);
});

Deno.test("hashFile() gives the SHA-256 of a file in pieces, and refuses a large or missing one", async () => {
  await using folder = await testFolder();
  const path = `${folder.path}/x`;
  const bytes = Uint8Array.from({ length: 3_000_001 }, (_, i) => i * i);
  for (const content of [bytes, new Uint8Array()]) {
    await Deno.writeFile(path, content);
    const expected = new Uint8Array(await crypto.subtle.digest("SHA-256", content)).toHex();
    deepEqual(await hashFile(path), { bytes: content.length, sha256: expected });
  }
  await Deno.writeFile(path, some);
  await rejects(hashFile(path, { maxBytes: 999 }), says("too-large", /1000 bytes, at most 999/));
  await rejects(hashFile(`${path}/y`), says("wrong-kind"));
});

Deno.test("readText() refuses what is not UTF-8", async () => {
  await using folder = await testFolder();
  await writeText(`${folder.path}/t`, "grüß\n");
  deepEqual(await readText(`${folder.path}/t`), "grüß\n");
  await writeAtomic(`${folder.path}/b`, Uint8Array.of(0xff, 0xfe, 0x00));
  await rejects(readText(`${folder.path}/b`), SyntaxError);
});

Deno.test("writeAtomic() replaces a file by all pieces or leaves it as it was", async () => {
  await using folder = await testFolder();
  const path = `${folder.path}/x`;
  await writeAtomic(path, some);
  const pieces = (fail: boolean) =>
    async function* () {
      yield some.subarray(0, 10);
      await Promise.resolve();
      if (fail) throw Object.assign(new Error("os"), { code: "ENOSPC" });
      yield some.subarray(10, 30);
    }();
  await rejects(writeAtomic(path, pieces(true)), says("full", /the disk is full; free some space/));
  deepEqual(await readBytes(path), some);
  deepEqual(await listFiles(folder.path), ["x"]);
  await writeAtomic(path, pieces(false));
  deepEqual(await readBytes(path), some.slice(0, 30));
  await writeAtomic(path, [some, some]);
  deepEqual(await fileSize(path), 2000);
  deepEqual(await listFiles(folder.path), ["x"]);
});

Deno.test("openAtomic() gives a file its name when it is committed, with its head rewritten", async () => {
  await using folder = await testFolder();
  const path = `${folder.path}/x`;
  for (const isCommitted of [false, true]) {
    await using file = await openAtomic(path);
    file.write(some.subarray(0, 20));
    file.rewriteHead(some.subarray(500, 505));
    file.write(some.subarray(20, 30));
    deepEqual(await exists(path), false);
    if (isCommitted) await file.commit();
  }
  const expected = some.slice(0, 30);
  expected.set(some.subarray(500, 505));
  deepEqual(await readBytes(path), expected);
  deepEqual(await listFiles(folder.path), ["x"]);
});

Deno.test("isSameFile() sees through the ways that lead to one file", async () => {
  await using folder = await testFolder();
  const { path } = folder;
  for (const name of ["a", "b"]) await writeText(`${path}/${name}`, "1");
  deepEqual(await isSameFile(`${path}/a`, `${path}/../${path.split("/").at(-1)}/a`), true);
  deepEqual(await isSameFile(`${path}/a`, `${path}/b`), false);
  await rejects(isSameFile(`${path}/a`, `${path}/c`), says("missing", /look at ".*c"/));
});

Deno.test("writeAtomic() says that the folder is missing or a file", async () => {
  await using folder = await testFolder();
  await rejects(writeText(`${folder.path}/no/x`, ""), says("missing", /Cannot write ".*no\/x"/));
  await writeText(`${folder.path}/f`, "");
  await rejects(writeText(`${folder.path}/f/x`, ""), says("wrong-kind"));
  await rejects(makeDir(`${folder.path}/f/x`), says("wrong-kind", /make the folder/));
  await rejects(writeText("https://example.org/x", ""), TypeError);
});

Deno.test("writeAtomic() cut off by a kill leaves the old file and a name that is told apart", async () => {
  await using folder = await testFolder();
  const path = `${folder.path}/x`;
  await writeAtomic(path, some);
  await runWith(
    [`--allow-read=${folder.path}`, `--allow-write=${folder.path}`],
    `await io.writeAtomic(${
      JSON.stringify(path)
    }, (function* () { yield new Uint8Array(9); Deno.exit(); })())`,
  );
  deepEqual(await readBytes(path), some);
  const [left, ...rest] = await listFiles(folder.path);
  deepEqual(rest, ["x"]);
  ok(isTemporaryName(left!) && !isTemporaryName("x") && !isTemporaryName(".x.tmp"));
});

Deno.test("pathKind(), exists(), remove() and rename() take what is missing as it is", async () => {
  await using folder = await testFolder();
  const path = `${folder.path}/a/b`;
  deepEqual([await pathKind(path), await exists(path)], ["missing", false]);
  await makeDir(path);
  await makeDir(path);
  deepEqual([await pathKind(path), await exists(path)], ["directory", true]);
  await writeText(`${path}/f`, "1");
  deepEqual([await pathKind(`${path}/f`), await pathKind(`${path}/f/g`)], ["file", "missing"]);
  await rename(`${path}/f`, `${path}/g`);
  deepEqual(await listFiles(path), ["g"]);
  await rejects(rename(`${path}/f`, `${path}/h`), says("missing", /rename ".*\/f"/));
  await remove(`${folder.path}/a`);
  await remove(`${folder.path}/a`);
  deepEqual(await exists(`${folder.path}/a`), false);
});

Deno.test("walkFiles() sorts, filters by extension and ends on a loop of links", async () => {
  await using folder = await testFolder();
  const root = folder.path;
  await makeDir(`${root}/b/deep`);
  await makeDir(`${root}/B`);
  for (const name of ["b/deep/1.MID", "b/2.midi", "B/3.mid", "z.txt", "a.mid"]) {
    await writeText(`${root}/${name}`, name);
  }
  // Links need the permission to write anywhere, which this process has not
  const links = [[root, `${root}/b/loop`], [`${root}/nowhere.mid`, `${root}/broken.mid`]];
  await runWith(
    ["--allow-read", "--allow-write"],
    `for (const [to, at] of ${JSON.stringify(links)}) await Deno.symlink(to, at);`,
  );
  const expected = ["B/3.mid", "a.mid", "b/2.midi", "b/deep/1.MID", "broken.mid"];
  const options = { extensions: [".mid", ".midi"] };
  deepEqual(await walkFiles(`${root}/`, options), expected.map((name) => `${root}/${name}`));
  deepEqual((await walkFiles(root)).length, 6);
  await rejects(walkFiles(`${root}/none`), says("missing", /Cannot list ".*none"/));
});

Deno.test("openForRandomRead() reads any range and refuses one outside", async () => {
  await using folder = await testFolder();
  const path = `${folder.path}/x`;
  await writeAtomic(path, some);
  using file = openForRandomRead(path);
  deepEqual(file.size, 1000);
  const out = new Uint8Array(7);
  for (const at of [993, 0, 500]) {
    file.readAt(at, out);
    deepEqual(out, some.slice(at, at + 7));
  }
  for (const at of [994, -1, 0.5, NaN]) throws(() => file.readAt(at, out), RangeError);
  await Deno.truncate(path, 10);
  throws(() => file.readAt(8, out), says("other", /ends at byte 10, 1000 expected/));
  file.close();
  throws(() => openForRandomRead(`${path}y`), says("missing"));
});

Deno.test("openForAppend() adds to what is there", async () => {
  await using folder = await testFolder();
  const path = `${folder.path}/x`;
  for (let i = 0; i < 2; i++) {
    using file = openForAppend(path);
    file.write(some);
    file.sync();
    file.close();
  }
  deepEqual(await fileSize(path), 2000);
  throws(() => openForAppend(`${path}/y`), says("wrong-kind"));
});

Deno.test("toIoError() keeps the cause and never advises all permissions", () => {
  const full = Object.assign(new Error("os error 28"), { code: "ENOSPC" });
  const error = toIoError("write", "x", full);
  deepEqual([error.kind, error.cause], ["full", full]);
  deepEqual(toIoError("read", "y", error), error);
  const all = new Deno.errors.NotCapable(
    'Requires all access to "/dev/x", run again with the --allow-all flag',
  );
  ok(!toIoError("read", "/dev/x", all).message.includes("--allow-all"));
  deepEqual(toIoError("read", "x", "odd").message, 'Cannot read "x": odd');
});

Deno.test("io.ts can be imported where there is no Deno", async () => {
  const printed = await runWith(
    [],
    `delete globalThis.Deno;
    try { await io.readBytes("x"); } catch (error) { console.log(error.message); }
    console.log((await io.readBytes(new URL("data:,abc"))).length);`,
  );
  ok(printed.includes("files need Deno; pass a URL instead\n3\n"), printed);
});

Deno.test({
  name: `writeAtomic() and openForAppend() say that the disk is full${
    noTinyDisk ? ` (${noTinyDisk})` : ""
  }`,
  ignore: noTinyDisk !== undefined,
  async fn() {
    await using folder = await testFolder();
    const printed = await runOnTinyDisk(
      folder.path,
      64,
      `import * as io from "${io}";
      const dir = ${JSON.stringify(folder.path)}, large = new Uint8Array(100_000).fill(1);
      const kinds = [];
      const note = (error) => kinds.push(error.kind, error.message);
      await io.writeAtomic(dir + "/x", new Uint8Array(1000));
      await io.writeAtomic(dir + "/x", large).catch(note);
      const names = await io.listFiles(dir), size = await io.fileSize(dir + "/x");
      using log = io.openForAppend(dir + "/log");
      try { log.write(large) } catch (error) { note(error) }
      console.log(JSON.stringify({ kinds, names, size }));`,
    );
    const message = (name: string) =>
      `Cannot write "${folder.path}/${name}": the disk is full; free some space and try again ` +
      "(what was there before is untouched)";
    deepEqual(JSON.parse(printed), {
      kinds: ["full", message("x"), "full", message("log")],
      names: ["x"],
      size: 1000,
    });
  },
});
