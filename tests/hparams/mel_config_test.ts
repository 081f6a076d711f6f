import { deepStrictEqual as deepEqual, ok, strictEqual as equal } from "node:assert/strict";
import { fieldsOf, parseText } from "../../hparams/fields.ts";
import {
  describeMelDifference,
  melConfig,
  melConfigFields,
  melConfigSchema,
  melPresets,
} from "../../hparams/mel_config.ts";
import { z } from "../../deps/zod.ts";

const melGan = melPresets["upstream-melgan"];

Deno.test("melConfigSchema defaults to the front end of MelGAN", () => {
  deepEqual(melConfigSchema.parse({}), melGan);
  const { sampleRate, nFft, winLength, hopLength, nMels, fMin, fMax } = melGan;
  deepEqual([sampleRate, nFft, winLength, hopLength, nMels, fMin, fMax], [
    22050,
    1024,
    1024,
    256,
    80,
    0,
    null,
  ]);
});

Deno.test("melConfigSchema refuses front ends that cannot be computed", () => {
  const cases: [object, string, string][] = [
    [{ nFft: 1023, winLength: 512 }, "nFft", "must be even; take 1024"],
    [{ nFft: 512 }, "winLength", "must be <= nFft (512)"],
    [{ hopLength: 2048 }, "hopLength", "must be <= nFft (1024)"],
    [{ fMax: 12_000 }, "fMax", "must be <= half of sampleRate (11025)"],
    [{ fMin: 8000, fMax: 8000 }, "fMin", "must be < fMax (8000)"],
    [{ fMin: 11_025 }, "fMin", "must be < fMax (11025)"],
    [{ fMax: 0 }, "fMax", "expected number to be >0"],
    [{ melPower: 3 }, "melPower", "Too big"],
    [{ hop: 256 }, "", "Unrecognized"],
  ];
  for (const [values, field, message] of cases) {
    const { error } = melConfigSchema.safeParse(values);
    ok(error, `${JSON.stringify(values)} was accepted`);
    equal(error.issues[0].path.join("."), field);
    ok(error.issues[0].message.includes(message), error.issues[0].message);
  }
});

Deno.test("melConfig() picks the front end out of a model's hparams", () => {
  const hparams = { ...melGan, seed: 3, batchSize: 16 };
  deepEqual(melConfig(hparams), melGan);
});

Deno.test("describeMelDifference() names what differs, and takes null for half of the rate", () => {
  equal(describeMelDifference(melGan, { ...melGan }), "");
  equal(describeMelDifference(melGan, { ...melGan, fMax: 11_025 }), "");
  equal(
    describeMelDifference(melPresets["upstream-vae"], melGan),
    "sampleRate 22500 against 22050, nMels 256 against 80, fMax 8000 against 11025, " +
      "logBase e against 10, framePadding centerZero against none, logMelOffset 5 against 0, " +
      "logMelScale 5 against 1",
  );
});

Deno.test("melConfigFields are read from text, null and choices of numbers included", () => {
  const fields = new Map(fieldsOf(z.strictObject(melConfigFields)).map((f) => [f.name, f]));
  const read = (name: string, text: string) => parseText(fields.get(name)!, text);
  deepEqual([read("fMax", "null"), read("fMax", "7600"), read("fMax", "x")], [null, 7600, "x"]);
  deepEqual([read("melPower", "2"), read("logBase", "10")], [2, "10"]);
  equal(fields.get("fMax")!.expected, "a number > 0 and <= 384000, or null");
  equal(fields.get("melPower")!.expected, "an integer >= 1 and <= 2");
});
