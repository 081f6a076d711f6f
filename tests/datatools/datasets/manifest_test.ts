import { deepStrictEqual as deepEqual, rejects, throws } from "node:assert/strict";
import {
  type Manifest,
  parseManifest,
  readManifest,
  sumPieces,
} from "../../../datatools/datasets/manifest.ts";
import { prepareMidi } from "../../../datatools/prepare.ts";
import { testFolder, writeFiles, writePieces } from "../../support/midi_fixtures.ts";

const piece = {
  file: "a.mid",
  sha256: "0".repeat(64),
  split: "train" as const,
  offset: 0,
  events: 30,
  notes: 9,
  seconds: 4.5,
};
const pieces = [piece, {
  ...piece,
  file: "b.mid",
  split: "valid" as const,
  offset: 30,
  events: 40,
}];
const manifest: Manifest = {
  format: "coopertunes-performance",
  version: 1,
  codec: "corrected",
  codecVersion: 1,
  sustain: true,
  programs: null,
  validFraction: 0.1,
  source: "midi",
  fingerprint: "1".repeat(64),
  pieces,
  skipped: [{ file: "c.mid", reason: "no notes" }],
  totals: sumPieces(pieces),
};

Deno.test("sumPieces adds up counts and parts", () => {
  const expected = { pieces: 2, train: 1, valid: 1, events: 70, notes: 18, seconds: 9 };
  deepEqual(manifest.totals, expected);
});

Deno.test("parseManifest gives back what was written", () => {
  deepEqual(parseManifest(JSON.stringify(manifest), "m.json"), manifest);
});

Deno.test("parseManifest refuses what is not a manifest, naming the field", () => {
  const bad: [object | string | null, RegExp][] = [
    ["{", /it is not JSON/],
    [null, /found format undefined version undefined/],
    [[], /found format undefined/],
    [{ ...manifest, format: "nsynth" }, /found format "nsynth" version 1, expected/],
    [{ ...manifest, version: 2 }, /version 2, expected .* version 1/],
    [{ ...manifest, codec: "other" }, /codec: /],
    [{ ...manifest, codecVersion: 0 }, /codecVersion: /],
    [{ ...manifest, more: 1 }, /more/],
    [{ ...manifest, pieces: [] }, /pieces: /],
    [{ ...manifest, pieces: [piece, { ...pieces[1], events: -1 }] }, /pieces\.1\.events: /],
    [
      { ...manifest, pieces: [piece, { ...pieces[1], offset: 31 }] },
      /"b.mid" begins at event 31, expected 30/,
    ],
    [{ ...manifest, totals: { ...manifest.totals, events: 71 } }, /totals.events is 71, .* 70/],
  ];
  for (const [content, message] of bad) {
    const text = typeof content === "string" ? content : JSON.stringify(content);
    throws(() => parseManifest(text, "m.json"), (error) => {
      return error instanceof SyntaxError && message.test(error.message) &&
        /"m.json".*prepare the set again with --overwrite$/.test(error.message);
    }, text);
  }
});

Deno.test("readManifest tells a folder without a set from a damaged set", async () => {
  await using folder = await testFolder();
  const { path } = folder;
  await rejects(readManifest(`${path}/absent`), /has no manifest.json.*data prepare/);
  await rejects(readManifest(path), /has no manifest.json.*data prepare/);
  await writePieces(`${path}/midi`, 2);
  await prepareMidi({ source: `${path}/midi`, out: `${path}/set` });
  await writeFiles(path, { "set/events.u8": new Uint8Array(7) });
  await rejects(readManifest(`${path}/set`), /events.u8": it has 7 bytes, the manifest says \d+/);
});
