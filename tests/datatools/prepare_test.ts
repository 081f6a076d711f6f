import { deepStrictEqual as deepEqual, match, ok, rejects } from "node:assert/strict";
import { type Manifest, readManifest } from "../../datatools/datasets/manifest.ts";
import { prepareMidi, type PrepareOptions, splitByHash } from "../../datatools/prepare.ts";
import {
  generatedMidi,
  type TestFolder,
  testFolder,
  writeFiles,
  writePieces,
} from "../support/midi_fixtures.ts";

/** A folder with `midi/` to read and room for `out/`. */
async function workplace(nPieces: number): Promise<TestFolder & { midi: string; out: string }> {
  const folder = await testFolder();
  const midi = `${folder.path}/midi`;
  await Deno.mkdir(midi);
  await writePieces(midi, nPieces);
  return { ...folder, midi, out: `${folder.path}/out` };
}

function prepare(options: Partial<PrepareOptions> & { source: string; out: string }) {
  return prepareMidi({ workers: 1, ...options });
}

async function namesIn(dir: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(dir))).map(({ name }) => name).sort();
}

async function bytesOf(dir: string): Promise<Uint8Array[]> {
  return await Promise.all(
    ["manifest.json", "events.u8", "controls.u8"].map((name) => Deno.readFile(`${dir}/${name}`)),
  );
}

Deno.test("prepareMidi writes every piece with its counts, in the order of the names", async () => {
  await using place = await workplace(5);
  await writeFiles(place.midi, {
    "b/Loud.MID": generatedMidi(70, 50),
    "a/deep/er.Midi": generatedMidi(71, 50),
    "notes.txt": new Uint8Array(3),
  });
  const seen: string[] = [];
  const { midi, out } = place;
  const manifest = await prepare({
    source: midi,
    out,
    onProgress: ({ done, total, file }) => seen.push(`${done}/${total} ${file}`),
  });
  const files = manifest.pieces.map((piece) => piece.file);
  deepEqual(files, [
    "a/deep/er.Midi",
    "b/Loud.MID",
    ...Array.from({ length: 5 }, (_, i) => {
      return `piece-0${i}.mid`;
    }),
  ]);
  deepEqual(seen, files.map((file, i) => `${i + 1}/7 ${file}`));
  deepEqual(await readManifest(out), manifest);
  deepEqual(await namesIn(out), ["controls.u8", "events.u8", "manifest.json"]);
  const { totals } = manifest;
  deepEqual((await Deno.stat(`${out}/events.u8`)).size, totals.events);
  deepEqual((await Deno.stat(`${out}/controls.u8`)).size, 13 * totals.events);
  ok(manifest.pieces[0].notes > 40 && manifest.pieces[0].seconds > 10);
  deepEqual(totals.train + totals.valid, 7);
});

Deno.test("prepareMidi gives the same bytes for any number of workers", async () => {
  await using place = await workplace(11);
  await writeFiles(place.midi, { "bad.mid": new Uint8Array(40) });
  const results = [];
  for (const workers of [1, 2, 3]) {
    const out = `${place.path}/out-${workers}`;
    await prepareMidi({ source: place.midi, out, workers });
    results.push(await bytesOf(out));
  }
  deepEqual(results[1], results[0]);
  deepEqual(results[2], results[0]);
});

Deno.test("prepareMidi names the reason for every file it leaves out and goes on", async () => {
  await using place = await workplace(3);
  const good = generatedMidi(0, 60);
  await writeFiles(place.midi, {
    "cut.mid": good.slice(0, good.length >> 1),
    "empty.mid": new Uint8Array(),
    "random.mid": Uint8Array.from({ length: 500 }, (_, i) => i * 37),
    "silent.mid": generatedMidi(0, 0),
    "short.mid": generatedMidi(0, 2),
    "twin.mid": good,
    "huge.mid": new Uint8Array((1 << 24) + 1),
  });
  const { pieces, skipped } = await prepare({ source: place.midi, out: place.out });
  deepEqual(pieces.length, 3);
  const reasons = Object.fromEntries(skipped.map(({ file, reason }) => [file, reason]));
  deepEqual(Object.keys(reasons), [
    "cut.mid",
    "empty.mid",
    "huge.mid",
    "random.mid",
    "short.mid",
    "silent.mid",
    "twin.mid",
  ]);
  for (const [file, reason] of Object.entries(reasons)) ok(!reason.includes(place.path), file);
  match(reasons["huge.mid"], /16777217 bytes, at most 16777216/);
  match(reasons["short.mid"], /too short: \d+ events, at least 20/);
  match(reasons["silent.mid"], /no notes/);
  match(reasons["twin.mid"], /the same content as "piece-00.mid"/);
});

Deno.test("prepareMidi keeps only the programs asked for", async () => {
  await using place = await workplace(2);
  const { midi: source, out } = place;
  await rejects(prepare({ source, out, programs: [40] }), /none of its 2 MIDI files.*no notes/s);
  deepEqual((await prepare({ source, out, programs: [0, 1] })).programs, [0, 1]);
});

Deno.test("splitByHash depends on the content alone, and leaves neither part empty", () => {
  const hashes = ["0fffffff", "20000000", "f0000000"].map((head) => head.padEnd(64, "0"));
  deepEqual(splitByHash(hashes, 0.1), ["valid", "train", "train"]);
  deepEqual(splitByHash(hashes.toReversed(), 0.1), ["train", "train", "valid"]);
  deepEqual(splitByHash(hashes.slice(1), 0.1), ["valid", "train"], "the lowest is moved");
  deepEqual(splitByHash(hashes.slice(0, 2), 0.5), ["valid", "train"], "the highest is moved");
  deepEqual(splitByHash(hashes.slice(0, 1), 0.1), ["train"], "one piece is for training");
  deepEqual(splitByHash(hashes, 0), ["train", "train", "train"]);
  deepEqual(splitByHash(hashes, 1), ["valid", "valid", "valid"]);
  deepEqual(splitByHash([], 0.1), []);
});

Deno.test("prepareMidi keeps each piece in its part when files are added or renamed", async () => {
  await using place = await workplace(12);
  const { midi: source, out } = place;
  const splitOf = ({ pieces }: Manifest) =>
    new Map(pieces.map(({ sha256, split }) => [sha256, split]));
  const before = splitOf(await prepare({ source, out, validFraction: 0.3 }));
  await Deno.rename(`${source}/piece-03.mid`, `${source}/a-new-name.mid`);
  await writeFiles(source, { "zz.mid": generatedMidi(99, 80) });
  const after = splitOf(await prepare({ source, out, validFraction: 0.3 }));
  deepEqual(after.size, 13);
  for (const [hash, split] of before) deepEqual(after.get(hash), split);
});

Deno.test("prepareMidi keeps an equal set, renews a changed one, and refuses another's place", async () => {
  await using place = await workplace(3);
  const { midi: source, out } = place;
  const first = await prepare({ source, out });
  let encoded = 0;
  const onProgress = () => void encoded++;
  deepEqual(await prepare({ source, out, onProgress }), first);
  deepEqual(encoded, 0, "an equal set is not made again");

  await Deno.truncate(`${out}/events.u8`, 10);
  deepEqual(await prepare({ source, out, onProgress }), first);
  deepEqual(encoded, 3, "a damaged one is");

  await writeFiles(source, { "more.mid": generatedMidi(50, 60) });
  deepEqual((await prepare({ source: `${source}//`, out })).pieces.length, 4);

  const upstream = { source, out, codec: "upstream" } as const;
  await rejects(
    prepare(upstream),
    /holds a set with codec "corrected", not "upstream".*--overwrite/,
  );
  const other = { source: `${place.path}/other`, out };
  await writePieces(other.source, 2);
  await rejects(prepare(other), /holds a set with source ".*midi", not ".*other"/);
  deepEqual((await readManifest(out)).pieces.length, 4);
  deepEqual((await prepare({ ...upstream, overwrite: true })).codec, "upstream");
});

Deno.test("prepareMidi leaves no events of another codec beside those it wrote", async () => {
  await using place = await workplace(2);
  const { midi: source, out } = place;
  await prepare({ source, out });
  for (const [codec, name] of [["magenta", "events.u16"], ["corrected", "events.u8"]] as const) {
    await writeFiles(out, {
      "events.u8.part": new Uint8Array(3),
      "events.u16.part": new Uint8Array(3),
    });
    const { totals } = await prepare({ source, out, codec, overwrite: true });
    deepEqual(await namesIn(out), ["controls.u8", name, "manifest.json"]);
    const { size } = await Deno.stat(`${out}/${name}`);
    deepEqual(size, totals.events * (codec === "magenta" ? 2 : 1));
  }
});

Deno.test("prepareMidi leaves the old set alone when it fails", async () => {
  await using place = await workplace(3);
  const { midi: source, out } = place;
  await prepare({ source, out });
  const before = await bytesOf(out);
  const onProgress = () => {
    throw new Error("stop");
  };
  await rejects(
    prepare({ source, out, codec: "upstream", overwrite: true, onProgress }),
    /^Error: stop$/,
  );
  deepEqual(await bytesOf(out), before);
  deepEqual(await namesIn(out), ["controls.u8", "events.u8", "manifest.json"]);
});

Deno.test("prepareMidi leaves no manifest beside data of which a part could not be replaced", async () => {
  await using place = await workplace(3);
  const { midi: source, out } = place;
  await prepare({ source, out });
  await Deno.remove(`${out}/controls.u8`);
  await writeFiles(out, { "controls.u8/in-the-way": new Uint8Array(1) });
  await rejects(prepare({ source, out, codec: "upstream", overwrite: true }), /Cannot rename/);
  await rejects(readManifest(out), /no manifest\.json/);
});

Deno.test("prepareMidi says what to do about folders it cannot use", async () => {
  await using place = await workplace(1);
  const { midi: source, out, path } = place;
  await Deno.mkdir(`${path}/empty`);
  await rejects(
    prepare({ source: `${path}/absent`, out }),
    /absent".*check the path/,
  );
  await rejects(
    prepare({ source: `${path}/empty`, out }),
    /no \.mid or \.midi file.*data download/,
  );
  await rejects(
    prepare({ source: `${source}/piece-00.mid`, out }),
    /it is a file; give the folder/,
  );
  await rejects(prepare({ source, out: `${source}/piece-00.mid` }), /it is a file; name a folder/);
  await rejects(prepare({ source, out: `${source}/piece-00.mid/x` }), /Cannot make the folder/);
  await rejects(
    prepare({ source, out, validFraction: 1.5 }),
    /validFraction is 1.5, expected 0 to 1/,
  );
  await rejects(prepare({ source, out, workers: 0 }), /workers is 0/);
  await rejects(prepare({ source, out, programs: [128] }), /programs holds 128/);
  await writeFiles(`${path}/bad`, { "x.mid": new Uint8Array(9), "y.mid": new Uint8Array(8) });
  await rejects(
    prepare({ source: `${path}/bad`, out }),
    /none of its 2 MIDI files.*"x.mid": .*"y.mid"/,
  );
  deepEqual(await namesIn(out), []);
});

/** Starts a script that prepares `midi` into `out`, with read and write of these folders alone. */
async function childScript(place: TestFolder & { midi: string; out: string }, body: string) {
  const module = new URL("../../datatools/prepare.ts", import.meta.url).href;
  const path = `${place.path}/script.ts`;
  await Deno.writeTextFile(
    path,
    `import { prepareMidi } from "${module}";
const { totals } = await prepareMidi({ source: "${place.midi}", out: "${place.out}", workers: 2, ${body} });
console.log(totals.pieces);`,
  );
  const flags = [`--allow-read=${place.midi},${place.out}`, `--allow-write=${place.out}`];
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--no-config", "--quiet", ...flags, path],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

Deno.test("prepareMidi works with read and write of its two folders alone, as with all", async () => {
  await using place = await workplace(4);
  const { stdout, stderr } = await (await childScript(place, "")).output();
  deepEqual(new TextDecoder().decode(stderr), "");
  deepEqual(new TextDecoder().decode(stdout), "4\n");
  const out = `${place.path}/out-2`;
  await prepareMidi({ source: place.midi, out, workers: 2 });
  deepEqual(await bytesOf(place.out), await bytesOf(out));
});

Deno.test("prepareMidi leaves no set when it is killed, and makes one the next time", async () => {
  await using place = await workplace(4);
  const body = `onProgress: ({ done }) => {
    if (done < 3) return;
    console.log("at 3");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  }`;
  const run = await childScript(place, body);
  await run.stdout.getReader().read();
  run.kill("SIGKILL");
  await run.status;
  await run.stderr.cancel();
  deepEqual(await namesIn(place.out), ["controls.u8.part", "events.u8.part"]);
  await rejects(readManifest(place.out), /no manifest\.json.*did not finish.*data prepare/);
  deepEqual((await prepare({ source: place.midi, out: place.out })).pieces.length, 4);
  deepEqual(await namesIn(place.out), ["controls.u8", "events.u8", "manifest.json"]);
});
