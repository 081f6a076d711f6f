import { PickledTensor } from "../../../datatools/checkpoints/pickled_tensor.ts";
import { CheckpointError } from "../../../datatools/checkpoints/safetensors.ts";
import type { PickleValue } from "../../../datatools/checkpoints/torch.ts";
import { readTorchAdam } from "../../../supervisors/interchange/torch_adam.ts";
import { assert, assertEquals, assertThrows } from "../../support/assert.ts";

type Fields = Record<string, PickleValue>;
const mapOf = (fields: Fields) => new Map(Object.entries(fields));

function tensor(...values: number[]): PickledTensor {
  const made = new PickledTensor();
  const raw = new Uint8Array(Float32Array.from(values).buffer);
  made.fill("F32", raw, { offset: 0, shape: [values.length], strides: [1] });
  return made;
}

const state = new Map([["a", tensor(1, 2)], ["b", tensor(3)]]);
const entry = (fields: Fields = {}, values = [1, 2]) =>
  mapOf({ step: 4, exp_avg: tensor(...values), exp_avg_sq: tensor(...values), ...fields });
const settings = { lr: 0.1, betas: [0.9, 0.99], eps: 1e-8, weight_decay: 0, params: [0, 1] };

/** An optimizer of two parameters, with other settings or entries where given. */
function optimizer(
  group: Fields = {},
  entries: [number, PickleValue][] = [[0, entry()], [1, entry({}, [3])]],
): Map<string, PickleValue> {
  const groups = [mapOf({ ...settings, ...group })];
  return new Map<string, PickleValue>([["state", new Map(entries)], ["param_groups", groups]]);
}

function refused(found: PickleValue | undefined, message: RegExp): void {
  assertThrows(
    () => readTorchAdam(found, state, "x.pt"),
    (error) => {
      assert(error instanceof CheckpointError, String(error));
      assert(message.test(error.message), error.message);
      assert(error.message.startsWith('Cannot go on with the optimizer in "x.pt": '));
      return true;
    },
  );
}

Deno.test("readTorchAdam() gives moments by key, and its settings", () => {
  const { step, moments, hparams, notes } = readTorchAdam(optimizer(), state, "x.pt");
  assertEquals([step, notes], [4, []]);
  assertEquals([...moments.keys()], ["a/exp_avg", "a/exp_avg_sq", "b/exp_avg", "b/exp_avg_sq"]);
  assertEquals(moments.get("b/exp_avg"), { dtype: "F32", shape: [1], data: Float32Array.of(3) });
  assertEquals(hparams, {
    learningRate: 0.1,
    adamBeta1: 0.9,
    adamBeta2: 0.99,
    adamEpsilon: 1e-8,
    weightDecay: 0,
  });
});

Deno.test("readTorchAdam() reads counts and rates that are tensors, and AdamW's decay", () => {
  const both: [number, PickleValue][] = [0, 1].map((i) => [
    i,
    entry({ step: tensor(7) }, i === 0 ? [1, 2] : [3]),
  ]);
  const group = { lr: tensor(0.5), weight_decay: 0.01, decoupled_weight_decay: true };
  const { step, hparams, notes } = readTorchAdam(optimizer(group, both), state, "x.pt");
  assertEquals([step, hparams.learningRate, hparams.weightDecay, notes], [7, 0.5, 0.01, []]);
});

Deno.test("readTorchAdam() gives zeros to an optimizer that has made no step", () => {
  const { step, moments, notes } = readTorchAdam(optimizer({}, []), state, "x.pt");
  assertEquals([step, notes.length], [0, 2]);
  assertEquals(moments.get("a/exp_avg_sq")!.data, new Float32Array(2));
});

Deno.test("readTorchAdam() refuses what is not Adam over these parameters, and says why", () => {
  refused(undefined, /there is none/);
  refused(new Map(), /there is none/);
  const two = optimizer();
  two.set("param_groups", [mapOf(settings), mapOf(settings)]);
  refused(two, /2 groups of parameters, expected 1/);
  refused(optimizer({ params: [0] }), /moves 1 parameters, the network has 2/);
  refused(optimizer({ params: [1, 0] }), /in its order/);
  refused(optimizer({ params: null }), /moves no parameters/);
  refused(optimizer({}, [[0, entry()], [5, entry()]]), /moments of a parameter 5 that is none/);
  refused(optimizer({ amsgrad: true }), /amsgrad is on/);
  refused(optimizer({ maximize: true }), /maximize is on/);
  refused(optimizer({ lr: "fast" }), /its lr is no number/);
  refused(optimizer({ betas: [0.9] }), /its betas is no number/);
  refused(optimizer({}, [[0, mapOf({ step: 1, momentum_buffer: tensor(1, 2) })]]), /no exp_avg/);
  refused(optimizer({}, [[0, entry({}, [1])]]), /exp_avg of "a" has shape \[1\], expected \[2\]/);
  const uneven: [number, PickleValue][] = [[0, entry()], [1, entry({ step: 5 }, [3])]];
  refused(optimizer({}, uneven), /different numbers of times: "a" 4, "b" 5/);
});
