import { ok } from "node:assert/strict";
import { readMidi } from "../../../datatools/midi/smf.ts";
import { decodeEvents, encodeEvents } from "../../../datatools/midi/event_codec.ts";
import { demoMidiFiles } from "../../support/midi_bytes.ts";

/** Numbers below `limit` that are the same in every run (mulberry32). */
function randomFrom(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
}

type Mutation = (bytes: Uint8Array, random: (limit: number) => number) => Uint8Array;

const mutations: Record<string, Mutation> = {
  flip(bytes, random) {
    const out = bytes.slice();
    for (let n = 1 + random(8); n > 0; n--) out[random(out.length)] ^= 1 << random(8);
    return out;
  },
  overwrite(bytes, random) {
    const out = bytes.slice();
    const at = random(out.length);
    for (let i = at; i < Math.min(at + 1 + random(16), out.length); i++) out[i] = random(256);
    return out;
  },
  truncate: (bytes, random) => bytes.slice(0, random(bytes.length)),
  insert(bytes, random) {
    const at = random(bytes.length);
    const more = Array.from({ length: 1 + random(40) }, () => random(256));
    return Uint8Array.from([...bytes.subarray(0, at), ...more, ...bytes.subarray(at)]);
  },
  remove(bytes, random) {
    const at = random(bytes.length);
    return Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + 1 + random(40))]);
  },
  resizeChunk(bytes, random) {
    const out = bytes.slice();
    const starts = [...out.keys()].filter((i) => out[i] === 0x4d && out[i + 1] === 0x54);
    const at = starts[random(starts.length)] + 4;
    for (let i = 0; i < 4; i++) out[at + i] = random(3) > 0 ? random(256) : out[at + i];
    return out;
  },
  header(bytes, random) {
    const out = bytes.slice();
    for (let n = 1 + random(3); n > 0; n--) out[4 + random(10)] = random(256);
    return out;
  },
  longest(bytes, random) {
    const out = bytes.slice();
    out.set([0xff, 0xff, 0xff, 0x7f], random(out.length - 4));
    return out;
  },
};

/** Reads the bytes; whether they were read. Anything thrown but a SyntaxError is thrown on. */
function survives(bytes: Uint8Array, what: string): boolean {
  const from = performance.now();
  try {
    const { notes } = readMidi(bytes);
    const again = decodeEvents(encodeEvents(notes));
    ok(again.every(({ start, end }) => end > start), what);
    return true;
  } catch (error) {
    ok(error instanceof SyntaxError, `${what}: ${error}`);
    return false;
  } finally {
    ok(performance.now() - from < 2000, `${what} took too long`);
  }
}

Deno.test("readMidi() reads or refuses 2,000 mutations of real files", () => {
  const files = demoMidiFiles().map((url) => Deno.readFileSync(url));
  const kinds = Object.keys(mutations);
  const random = randomFrom(2024);
  const from = performance.now();
  let read = 0;
  for (let i = 0; i < 2000; i++) {
    const kind = kinds[i % kinds.length];
    const bytes = mutations[kind](files[random(files.length)], random);
    if (survives(bytes, `mutation ${i} (${kind})`)) read++;
  }
  ok(read > 100 && read < 1900, `${read} of 2000 read`);
  ok(performance.now() - from < 20_000);
});

Deno.test("readMidi() refuses random bytes, with and without a header", () => {
  const random = randomFrom(7);
  const header = [0x4d, 0x54, 0x68, 0x64, 0, 0, 0, 6, 0, 1, 0, 1, 1, 0xe0];
  for (let i = 0; i < 500; i++) {
    const body = Array.from({ length: random(400) }, () => random(256));
    survives(Uint8Array.from(body), `random bytes ${i}`);
    const length = [0, 0, body.length >> 8, body.length & 0xff];
    const track = [0x4d, 0x54, 0x72, 0x6b, ...length, ...body];
    survives(Uint8Array.from([...header, ...track]), `random track ${i}`);
  }
});
