import { deepStrictEqual as deepEqual, ok, strictEqual as equal, throws } from "node:assert/strict";
import { bytesSource } from "../../../datatools/audio/byte_source.ts";
import { decodeWav, encodeWav } from "../../../datatools/audio/wav.ts";
import { WavReader } from "../../../datatools/audio/wav_reader.ts";
import { openForRandomRead } from "../../../datatools/io.ts";
import { fc } from "../../../deps/fast_check.ts";
import { WaveFile } from "../../../deps/wavefile.ts";
import { dataChunk, extension, formatChunk, riffFile } from "../../support/wav_bytes.ts";

/** wavefile's names of the formats, and what full scale is in its samples. */
const formats = {
  "8": 128,
  "16": 2 ** 15,
  "24": 2 ** 23,
  "32": 2 ** 31,
  "32f": 1,
  "64": 1,
  "8a": 2 ** 15,
  "8m": 2 ** 15,
} as const;
type FormatName = keyof typeof formats;

const open = (bytes: Uint8Array, onDamage?: (what: string) => void) =>
  new WavReader(bytesSource(bytes), { onDamage });

/** What wavefile reads, one array a channel at full scale 1. */
function readByWavefile(bytes: Uint8Array, name: FormatName): Float32Array[] {
  const wav = new WaveFile(bytes);
  if (name === "8a") wav.fromALaw();
  if (name === "8m") wav.fromMuLaw();
  const { nChannels } = new WavReader(bytesSource(bytes));
  const all = wav.getSamples(true, Float64Array) as unknown as Float64Array; // interleaved
  const zero = name === "8" ? 128 : 0; // unsigned
  return Array.from({ length: nChannels }, (_, c) =>
    Float32Array.from(
      all.filter((_, i) => i % nChannels === c),
      (value) => (value - zero) / formats[name],
    ));
}

function writeByWavefile(name: FormatName, nChannels: number, samples: number[]): Uint8Array {
  const wav = new WaveFile();
  const channels = Array.from({ length: nChannels }, (_, c) =>
    samples.map((x) => {
      const value = x / (c + 1);
      if (name === "8") return Math.round(127.5 + 127.5 * value);
      return formats[name] === 1 ? value : Math.round(value * (formats[name] - 1));
    }));
  const bits = name === "8a" || name === "8m" ? "16" : name;
  wav.fromScratch(nChannels, 22050, bits, nChannels === 1 ? channels[0] : channels);
  if (name === "8a") wav.toALaw();
  if (name === "8m") wav.toMuLaw();
  return wav.toBuffer();
}

const sample = fc.double({ min: -1, max: 1, noNaN: true });
/** Pairs: wavefile counts the padding byte of an odd number of A-law bytes as one more. */
const pairs = fc.array(fc.tuple(sample, sample), { minLength: 1, maxLength: 30 });

for (const name of Object.keys(formats) as FormatName[]) {
  Deno.test(`WavReader reads format ${name} as wavefile does`, () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        pairs.map((pairs) => pairs.flat()),
        (nChannels, samples) => {
          const bytes = writeByWavefile(name, nChannels, samples);
          const wav = open(bytes);
          equal(wav.sampleRate, 22050);
          equal(wav.nFrames, samples.length);
          deepEqual(wav.read(0, wav.nFrames), readByWavefile(bytes, name));
        },
      ),
      { numRuns: 50 },
    );
  });
}

Deno.test("WavReader reads IMA ADPCM as sox does, from any frame on", () => {
  const file = (name: string) => Deno.readFileSync(new URL(`files/${name}.wav`, import.meta.url));
  const expected = decodeWav(file("adpcm_as_int16")).channels; // by sox, of the other file
  const wav = open(file("adpcm"));
  equal(wav.nChannels, 2);
  ok(wav.nFrames >= 2000);
  const nFrames = Math.min(wav.nFrames, expected[0].length);
  deepEqual(wav.read(0, nFrames), expected.map((samples) => samples.slice(0, nFrames)));
  deepEqual(wav.read(700, 1300), expected.map((samples) => samples.slice(700, 2000)));
});

Deno.test("WavReader.blocks() give the whole file, from bytes and from a file", async () => {
  const channels = [1, 2].map((c) =>
    Float32Array.from({ length: 1000 }, (_, i) => Math.sin(i * c) / 2)
  );
  const path = `${await Deno.makeTempDir()}/two.wav`;
  await Deno.writeFile(path, encodeWav(channels, 8000, { bits: 32 }));
  using file = openForRandomRead(path);
  const blocks = [...new WavReader(file).blocks(300)];
  deepEqual(blocks.map(({ channels }) => channels[0].length), [300, 300, 300, 100]);
  for (const c of [0, 1]) {
    deepEqual(blocks.flatMap(({ channels }) => [...channels[c]]), [...channels[c]]);
  }
  const reader = new WavReader(file);
  deepEqual(reader.read(990, 10)[1], channels[1].slice(990));
  for (const [first, length] of [[991, 10], [-1, 2], [0.5, 1], [0, -1], [NaN, 1]]) {
    throws(() => reader.read(first, length), { name: "RangeError", message: /there are 1000/ });
  }
});

Deno.test("WavReader takes extensible formats, valid bits and odd chunks on all sides", () => {
  const odd = { name: "LIST", bytes: Uint8Array.of(1, 2, 3) };
  const plain = formatChunk({ blockAlign: 3, bits: 24, code: 0xfffe }, extension(1, 20));
  const samples = [0x00, 0x00, 0x40, 0xf0, 0xff, 0xff, 0x00, 0x00, 0x80]; // 3 of them: odd
  const bytes = riffFile([odd, plain, odd, dataChunk(samples), odd]);
  deepEqual([...open(bytes).read(0, 3)[0]], [0.5, -16 / 2 ** 23, -1]);
  const dataFirst = riffFile([dataChunk([0, 64]), odd, formatChunk()]);
  deepEqual([...(open(dataFirst)).read(0, 1)[0]], [0.5]);
  const twelve = riffFile([formatChunk({ bits: 12 }), dataChunk([0, 64])]);
  deepEqual([...(open(twelve)).read(0, 1)[0]], [0.5]);
});

Deno.test("WavReader takes odd chunks whose padding byte was forgotten", () => {
  const odd = { name: "LIST", bytes: Uint8Array.of(1, 2, 3) };
  for (
    const chunks of [[odd, formatChunk(), dataChunk([0, 64])], [
      formatChunk(),
      odd,
      dataChunk([0, 64]),
    ]]
  ) {
    const bytes = riffFile(chunks), padding = 12 + (chunks[0] === odd ? 0 : 24) + 8 + 3;
    const unpadded = Uint8Array.from([...bytes.slice(0, padding), ...bytes.slice(padding + 1)]);
    for (const file of [bytes, unpadded]) deepEqual([...open(file).read(0, 1)[0]], [0.5]);
  }
});

Deno.test("WavReader takes RF64 and files of a pipe, whose sizes are all ones", () => {
  const size = Uint8Array.from({ length: 28 }, (_, i) => i === 8 ? 4 : 0);
  const chunks = [formatChunk(), dataChunk([0, 64, 0, 32], 0xffffffff)];
  const long = riffFile([{ name: "ds64", bytes: size }, ...chunks, dataChunk([9, 9])], "RF64");
  equal((open(long)).nFrames, 2);
  equal(open(riffFile(chunks)).nFrames, 2);
});

Deno.test("WavReader does not mind a wrong size of the whole", () => {
  const bytes = riffFile([formatChunk(), dataChunk([0, 64])]);
  for (const size of [0, 7, 0xffffffff]) {
    new DataView(bytes.buffer).setUint32(4, size, true);
    equal(open(bytes).nFrames, 1);
  }
});

Deno.test("WavReader refuses cut files, and with onDamage reads what is there and says so", () => {
  const cut = riffFile([formatChunk(), dataChunk([0, 64, 0, 32], 400)]);
  const message =
    'Cannot read all of this WAV: chunk "data" at byte 36 says 400 bytes, found 4; the file is cut off';
  throws(() => open(cut), {
    name: "SyntaxError",
    message: `${message}; onDamage keeps what can be read`,
  });
  const told: string[] = [];
  deepEqual([...open(cut, (what) => told.push(what)).read(0, 2)[0]], [0.5, 0.25]);
  deepEqual(told, [message]);
  deepEqual(decodeWav(cut, { onDamage: () => {} }).channels[0], Float32Array.of(0.5, 0.25));
  const unfinished = riffFile([formatChunk(), dataChunk([0, 64, 0, 32, 1, 1, 1, 1], 0)]);
  throws(() => open(unfinished), /says 0 bytes, but 8 follow; the recording was not finished/);
  equal(open(unfinished, () => {}).nFrames, 4);
});

const refused: Record<string, [Uint8Array, RegExp]> = {
  "0 Hz": [riffFile([formatChunk({ sampleRate: 0 }), dataChunk([0, 0])]), /1 channels at 0 Hz/],
  "65,535 channels": [
    riffFile([formatChunk({ nChannels: 65535 }), dataChunk([0, 0])]),
    /found 65535 channels.* expected 1 to 64/,
  ],
  "no channel": [riffFile([formatChunk({ nChannels: 0 }), dataChunk([])]), /found 0 channels/],
  "an unknown codec": [
    riffFile([formatChunk({ code: 0x55, bits: 8, blockAlign: 1 }), dataChunk([0])]),
    /format 85 \(MP3\) with 8 bits, expected integers/,
  ],
  "an unknown sub-format": [
    riffFile([formatChunk({ code: 0xfffe }, extension(1, 16).with(-1, 0)), dataChunk([0, 0])]),
    /unknown sub-format/,
  ],
  "ADPCM of odd blocks": [
    riffFile([formatChunk({ code: 17, nChannels: 2, bits: 4, blockAlign: 12 }), dataChunk([0])]),
    /IMA ADPCM of 4 bits with blocks of 12 bytes, expected 4 bits and a multiple of 8/,
  ],
  "ADPCM that ends inside a block": [
    riffFile([formatChunk({ code: 17, bits: 4, blockAlign: 8 }), dataChunk(new Uint8Array(12))]),
    /data of 12 bytes end inside a block of 8/,
  ],
  "blocks that do not fit": [
    riffFile([formatChunk({ blockAlign: 5 }), dataChunk([0, 0])]),
    /16 bits in 1 channels with blocks of 5 bytes, expected 2/,
  ],
  "no blocks": [riffFile([formatChunk({ blockAlign: 0 }), dataChunk([0, 0])]), /blocks of 0 bytes/],
  "no data": [riffFile([formatChunk()]), /no "data" chunk/],
  "no format": [riffFile([dataChunk([0, 0])]), /"fmt " chunk is missing/],
  "big-endian": [riffFile([formatChunk(), dataChunk([0, 0])], "RIFX"), /big-endian \(RIFX\)/],
  "another file": [new TextEncoder().encode("ID3 no wave here"), /RIFF WAVE header/],
  "nothing": [new Uint8Array(), /RIFF WAVE header/],
  "a chunk before the data that is cut": [
    riffFile([{ name: "LIST", bytes: new Uint8Array(2), size: 99 }]),
    /chunk "LIST" at byte 12 says 99 bytes, found 2/,
  ],
  "chunks without end": [
    riffFile(Array.from({ length: 10_001 }, () => ({ name: "junk", bytes: new Uint8Array() }))),
    /more than 10000 chunks/,
  ],
};

for (const [what, [bytes, message]] of Object.entries(refused)) {
  Deno.test(`WavReader refuses ${what}`, () => {
    throws(() => open(bytes), { name: "SyntaxError", message });
  });
}

Deno.test("WavReader names the first sample that is not a finite float", () => {
  const cases: [string, number[], RegExp][] = [
    ["32f", [0, 0, NaN, 0], /sample 1 of channel 0 is NaN/],
    ["64", [0, 0, 0, 1e300], /sample 1 of channel 1 is Infinity/],
  ];
  for (const [bits, values, message] of cases) {
    const wav = new WaveFile();
    wav.fromScratch(2, 8000, bits, [[values[0], values[2]], [values[1], values[3]]]);
    const reader = open(wav.toBuffer());
    throws(() => reader.read(0, 2), { name: "SyntaxError", message });
  }
});

Deno.test("WavReader reads or refuses 4,000 mutations of all formats, at once", () => {
  const names = Object.keys(formats) as FormatName[];
  const files = names.map((name) =>
    writeByWavefile(name, 2, Array.from({ length: 50 }, (_, i) => Math.sin(i)))
  );
  const change = fc.tuple(fc.nat(80), fc.nat(255));
  const from = performance.now();
  let nRead = 0;
  fc.assert(
    fc.property(
      fc.constantFrom(...files),
      fc.array(change, { maxLength: 4 }),
      fc.option(fc.nat(400)),
      fc.boolean(),
      (file, changes, length, keep) => {
        const bytes = file.slice(0, length ?? file.length);
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        try {
          const wav = open(bytes, keep ? () => {} : undefined);
          ok(wav.nFrames * wav.nChannels <= 2 * bytes.length);
          for (const block of wav.blocks(7)) equal(block.channels.length, wav.nChannels);
          nRead++;
        } catch (error) {
          ok(error instanceof SyntaxError, String(error));
        }
      },
    ),
    { numRuns: 4000 },
  );
  ok(nRead > 400 && nRead < 3600, `${nRead} read`);
  ok(performance.now() - from < 20_000);
});
