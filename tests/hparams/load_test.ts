import { deepStrictEqual as deepEqual, ok, strictEqual, throws } from "node:assert/strict";
import { fc } from "../../deps/fast_check.ts";
import { HParamsError } from "../../hparams/errors.ts";
import { fieldsOf } from "../../hparams/fields.ts";
import { type HParamsLayers, parseHParams } from "../../hparams/load.ts";
import { schemaOf } from "../../hparams/registry.ts";

function failure(layers: HParamsLayers): HParamsError {
  try {
    parseHParams("performance_rnn", layers);
  } catch (error) {
    ok(error instanceof HParamsError && error instanceof RangeError, String(error));
    return error;
  }
  throw new Error(`${JSON.stringify(layers)} was accepted`);
}

Deno.test("parseHParams() gives the contract's defaults", () => {
  const hparams = parseHParams("performance_rnn");
  const { hiddenDim, gruLayers, gruDropout, windowSize, strideSize, batchSize } = hparams;
  deepEqual(
    { hiddenDim, gruLayers, gruDropout, windowSize, strideSize, batchSize },
    {
      hiddenDim: 512,
      gruLayers: 3,
      gruDropout: 0.3,
      windowSize: 200,
      strideSize: 10,
      batchSize: 64,
    },
  );
  strictEqual(hparams.codec, "corrected");
  strictEqual(hparams.upstreamInitToHidden, false);
});

Deno.test("parseHParams() lets the file override the preset, and --set both", () => {
  const layers = { preset: "tiny", file: { hiddenDim: 48, seed: 3 }, set: ["seed=4", "seed=5"] };
  const hparams = parseHParams("performance_rnn", layers);
  strictEqual(hparams.windowSize, 32);
  strictEqual(hparams.hiddenDim, 48);
  strictEqual(hparams.seed, 5);
});

Deno.test("parseHParams() reads what it wrote", () => {
  const hparams = parseHParams("performance_rnn", { preset: "upstream", set: ["sustain=true"] });
  const file = JSON.parse(JSON.stringify(hparams));
  deepEqual(parseHParams("performance_rnn", { file }), hparams);
});

Deno.test("parseHParams() reads --set by the type of the hparam", () => {
  const set = ["sustain=false", "learningRate=2e-4", "seed=4294967295", "schedule=cosine"];
  const { sustain, learningRate, seed, schedule } = parseHParams("performance_rnn", { set });
  deepEqual([sustain, learningRate, seed, schedule], [false, 2e-4, 4294967295, "cosine"]);
});

Deno.test("parseHParams() names the nearest to an unknown hparam, and where it stands", () => {
  const cases: [HParamsLayers, string, string][] = [
    [
      { set: ["hidenDim=3"] },
      "hidenDim",
      'with --set: there is none of that name; did you mean "hiddenDim"',
    ],
    [{ set: ["hidden_dim=3"] }, "hidden_dim", '"hiddenDim"'],
    [{ file: { batch_siz: 3 }, fileName: "my.json" }, "batch_siz", "in my.json: there is none"],
    [{ file: { windowsize: 3 } }, "windowsize", '"windowSize"'],
  ];
  for (const [layers, field, message] of cases) {
    const error = failure(layers);
    strictEqual(error.field, field);
    ok(error.message.includes(message), error.message);
  }
});

Deno.test("parseHParams() says the range that a value is out of", () => {
  const cases: [string, string][] = [
    ["topP=1.5", "found 1.5, expected a number > 0 and <= 1"],
    ["topP=0", "expected a number > 0 and <= 1"],
    ["windowSize=1", "expected an integer >= 2 and <= 100000"],
    ["batchSize=4.5", "expected an integer >= 1"],
    ["seed=-1", "expected an integer >= 0 and <= 4294967295"],
    ["sustain=yes", 'found "yes", expected true or false'],
    ["codec=foo", "expected one of corrected, upstream, magenta"],
    ["hiddenDim=", 'found "", expected an integer'],
    ["hiddenDim=Infinity", 'found "Infinity", expected an integer'],
    ["hiddenDim=0x", 'found "0x", expected an integer'],
    ["minLearningRate=1", "must be <= learningRate (0.001)"],
  ];
  for (const [setting, message] of cases) {
    const error = failure({ set: [setting] });
    strictEqual(error.field, setting.split("=")[0]);
    ok(error.message.includes(message), error.message);
    ok(error.message.includes("with --set"), error.message);
  }
});

Deno.test("parseHParams() lets the codec say eventDim where nothing else does", () => {
  const eventDim = (layers: HParamsLayers) => parseHParams("performance_rnn", layers).eventDim;
  strictEqual(eventDim({}), 240);
  strictEqual(eventDim({ preset: "tiny", set: ["codec=magenta"] }), 388);
  strictEqual(eventDim({ preset: "upstream", file: { codec: "magenta" } }), 388);
  strictEqual(eventDim({ file: { codec: "magenta" }, set: ["codec=corrected"] }), 240);
  strictEqual(eventDim({ file: { eventDim: 240 }, set: ["codec=magenta", "eventDim=388"] }), 388);
  strictEqual(eventDim({ file: { eventDim: 60 } }), 60, "a network of no codec's size");
  strictEqual(eventDim({ file: { eventDim: 60, codec: "magenta" } }), 60);
});

Deno.test("parseHParams() refuses to stretch the events of upstream, and says so", () => {
  const error = failure({ preset: "cpu", set: ["codec=upstream"] });
  strictEqual(error.field, "stretch");
  ok(
    error.message.includes('in preset "cpu": found 0.05, must be 0 with codec upstream'),
    error.message,
  );
  const set = ["codec=upstream", "stretch=0"];
  strictEqual(parseHParams("performance_rnn", { preset: "cpu", set }).codec, "upstream");
  strictEqual(parseHParams("performance_rnn", { file: { codec: "upstream" } }).stretch, 0);
});

Deno.test("parseHParams() refuses the eventDim of another codec, saying which it must be", () => {
  const cases: [HParamsLayers, string][] = [
    [
      { set: ["codec=magenta", "eventDim=240"] },
      "with --set: found 240, must be 388 with codec magenta",
    ],
    [{ file: { codec: "magenta", eventDim: 240 }, fileName: "h.json" }, "in h.json: found 240"],
    [
      { file: { eventDim: 240 }, set: ["codec=magenta"] },
      "leave eventDim out, or choose another codec",
    ],
    [{ set: ["eventDim=388"] }, "found 388, must be 240 with codec corrected"],
  ];
  for (const [layers, message] of cases) {
    const error = failure(layers);
    strictEqual(error.field, "eventDim");
    ok(error.message.includes(message), error.message);
  }
});

Deno.test("parseHParams() refuses a wrong type in a file, whatever it is", () => {
  const fields = fieldsOf(schemaOf("performance_rnn"));
  const wrong = fc.oneof(fc.constant(null), fc.array(fc.integer()), fc.object());
  fc.assert(
    fc.property(fc.constantFrom(...fields), wrong, ({ name }, value) => {
      strictEqual(failure({ file: { [name]: value } }).field, name);
    }),
    { seed: 1, numRuns: 100 },
  );
});

Deno.test("parseHParams() refuses what is no object and what is no setting", () => {
  for (const file of [3, "x", null, []]) {
    ok(failure({ file }).message.includes("expected a JSON object"));
  }
  ok(failure({ set: ["seed"] }).message.includes("expected key=value"));
  ok(failure({ set: ["=3"] }).message.includes("expected key=value"));
});

Deno.test("parseHParams() tells a default that another setting contradicts", () => {
  throws(() => parseHParams("mel_gan", { set: ["hopLength=252"] }), {
    name: "HParamsError",
    message: 'Cannot set hparam "generatorRatios" of mel_gan by default: found [8,8,2,2], ' +
      "has the product 256, must have hopLength (252); change one of them",
  });
});

Deno.test("parseHParams() refuses keys that every object has", () => {
  for (const name of ["constructor", "__proto__", "toString"]) {
    strictEqual(failure({ set: [`${name}=1`] }).field, name);
    throws(
      () => parseHParams("performance_rnn", { file: JSON.parse(`{"${name}": 1}`) }),
      HParamsError,
    );
  }
});
