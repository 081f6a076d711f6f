import { deepStrictEqual as deepEqual, ok, strictEqual as equal, throws } from "node:assert/strict";
import { decodeWav, encodeWav, wavHeader } from "../../../datatools/audio/wav.ts";
import { fc } from "../../../deps/fast_check.ts";

const sample = fc.float({ min: -1, max: 1, noNaN: true });
const sound = fc.record({
  nChannels: fc.integer({ min: 1, max: 4 }),
  samples: fc.array(sample, { maxLength: 200 }),
  sampleRate: fc.integer({ min: 1, max: 192000 }),
}).map(({ nChannels, samples, sampleRate }) => ({
  channels: Array.from(
    { length: nChannels },
    (_, c) => Float32Array.from(samples, (x) => x / (c + 1)),
  ),
  sampleRate,
}));

Deno.test("encodeWav() in 32 bits and decodeWav() are inverse", () => {
  fc.assert(fc.property(sound, ({ channels, sampleRate }) => {
    deepEqual(decodeWav(encodeWav(channels, sampleRate, { bits: 32 })), { channels, sampleRate });
  }));
});

for (const bits of [16, 24] as const) {
  const full = 2 ** (bits - 1);
  const top = Math.fround((full - 1) / full);

  Deno.test(`encodeWav() in ${bits} bits keeps every sample within half a step, full scale within one`, () => {
    fc.assert(fc.property(sound, ({ channels, sampleRate }) => {
      const bytes = encodeWav(channels, sampleRate, { bits });
      equal(bytes.length % 2, 0);
      const back = decodeWav(bytes);
      equal(back.sampleRate, sampleRate);
      for (const [c, samples] of channels.entries()) {
        equal(back.channels[c].length, samples.length);
        samples.forEach((value, i) => {
          const error = Math.abs(back.channels[c][i] - value);
          ok(error <= (value > top ? 1 : 0.5) / full + 1e-7 / full, `${value} off by ${error}`);
        });
      }
    }));
  });

  Deno.test(`encodeWav() in ${bits} bits clips at full scale and beyond, and never wraps`, () => {
    const loud = Float32Array.of(1, -1, 1.0001, -1.0001, 2, -2, 1e30, -1e30);
    const { channels: [clipped] } = decodeWav(encodeWav([loud], 8000, { bits }));
    deepEqual([...clipped], [top, -1, top, -1, top, -1, top, -1]);
  });
}

Deno.test("encodeWav() writes the header of the RIFF specification", () => {
  const bytes = encodeWav([Float32Array.of(0, 0.5), Float32Array.of(0, -0.5)], 44100);
  equal(
    bytes.toHex(),
    "52494646" + "2c000000" + "57415645" + "666d7420" + "10000000" + "0100" + "0200" +
      "44ac0000" + "10b10200" + "0400" + "1000" + "64617461" + "08000000" + "0000000000" + "4000c0",
  );
});

Deno.test("encodeWav() names the first sample that is not finite", () => {
  const broken = Float32Array.of(0, 0, NaN, Infinity);
  throws(() => encodeWav([new Float32Array(4), broken], 8000), {
    name: "RangeError",
    message: /sample 2 of channel 1 is NaN, expected a finite number/,
  });
  throws(() => encodeWav([Float32Array.of(-Infinity)], 8000, { bits: 32 }), /is -Infinity/);
});

Deno.test("encodeWav() refuses no channels, unequal channels and unusable rates", () => {
  throws(() => encodeWav([], 8000), { name: "TypeError", message: /found 0 channels/ });
  const unequal = [new Float32Array(3), new Float32Array(2)];
  throws(() => encodeWav(unequal, 8000), {
    name: "TypeError",
    message: /channel 1 has 2 samples, expected 3/,
  });
  for (const rate of [0, -1, 44100.5, NaN, 1e9]) {
    throws(() => encodeWav([new Float32Array(1)], rate), { name: "RangeError", message: /Hz/ });
  }
});

Deno.test("wavHeader() refuses a file that would pass 4 GiB", () => {
  const format = { nChannels: 2, sampleRate: 8000, bits: 16 };
  deepEqual(wavHeader({ ...format, dataBytes: 2 ** 32 - 48 }).length, 44);
  throws(() => wavHeader({ ...format, dataBytes: 2 ** 32 - 44 }), {
    name: "RangeError",
    message: /1073741813 samples in 2 channels are 4294967252 bytes, expected less than 4 GiB/,
  });
});

Deno.test("decodeWav() skips chunks that it does not know, odd ones too", () => {
  const plain = encodeWav([Float32Array.of(0.25, -0.25)], 8000);
  const extra = Uint8Array.of(0x4c, 0x49, 0x53, 0x54, 3, 0, 0, 0, 1, 2, 3, 0); // "LIST", 3 bytes and a pad byte
  const bytes = new Uint8Array([...plain.subarray(0, 36), ...extra, ...plain.subarray(36)]);
  deepEqual(decodeWav(bytes), decodeWav(plain));
});

Deno.test("decodeWav() reads any bytes, or gives a SyntaxError", () => {
  const plain = encodeWav([Float32Array.from({ length: 40 }, (_, i) => i / 40)], 8000);
  const change = fc.tuple(fc.nat(plain.length - 1), fc.nat(255));
  fc.assert(
    fc.property(fc.array(change, { maxLength: 6 }), fc.nat(plain.length), (changes, length) => {
      const bytes = plain.slice(0, length);
      for (const [at, value] of changes) if (at < length) bytes[at] = value;
      try {
        const { channels } = decodeWav(bytes);
        ok(channels.length * channels[0].length <= bytes.length);
      } catch (error) {
        ok(
          error instanceof SyntaxError && /^Cannot read (all of this )?WAV: /.test(error.message),
          String(error),
        );
      }
    }),
    { numRuns: 500 },
  );
  throws(() => decodeWav(plain.subarray(0, 80)), /chunk "data" at byte 36 says 80 bytes, found 36/);
  throws(() => decodeWav(new TextEncoder().encode("ID3 no wave here")), /RIFF WAVE header/);
});
