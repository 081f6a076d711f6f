/**
 * The state of PyTorch's Adam and AdamW, as ours keeps it: by the keys of parameters, not by their numbers.
 *
 * Source: `torch.optim.Optimizer.state_dict`.
 *
 * @module
 */
import {
  CheckpointError,
  type TensorData,
  toFloat32,
} from "../../datatools/checkpoints/safetensors.ts";
import { sizeOf } from "../../datatools/checkpoints/tensor_data.ts";
import { isTensor, type PickleValue, type StateDict } from "../../datatools/checkpoints/torch.ts";
import type { TrainingHParams } from "../../hparams/training.ts";

/** An optimizer to go on with. */
export interface TorchAdam {
  /** Updates made. */
  readonly step: number;
  /** `<key>/exp_avg` and `<key>/exp_avg_sq`, float32. */
  readonly moments: ReadonlyMap<string, TensorData>;
  /** Its settings. */
  readonly hparams: Partial<TrainingHParams>;
  /** What was not as usual. */
  readonly notes: readonly string[];
}

type Fail = (problem: string, key?: string) => CheckpointError;
type Fields = ReadonlyMap<unknown, PickleValue>;

/**
 * Reads `optimizer.state_dict()`: parameter `i` of its one group is the `i`-th of `state`. A parameter without
 * moments has never had a gradient; it starts with zeros.
 *
 * @param source What errors call the file
 * @throws {CheckpointError} If it is of another optimizer, or of other parameters
 */
export function readTorchAdam(
  optimizer: PickleValue | undefined,
  state: StateDict,
  source: string,
): TorchAdam {
  const fail: Fail = (problem, key) =>
    new CheckpointError(`Cannot go on with the optimizer in "${source}": ${problem}`, key);
  const entries = fieldsOf(optimizer)?.get("state");
  const groups = fieldsOf(optimizer)?.get("param_groups");
  if (!(entries instanceof Map && Array.isArray(groups))) throw fail("there is none");
  const group = fieldsOf(groups[0]);
  if (groups.length !== 1 || !group) {
    throw fail(`it has ${groups.length} groups of parameters, expected 1`);
  }
  checkNumbers(group.get("params"), entries, state, fail);
  const steps = new Map<number, string>(); // each count, with a key that has it
  const moments = new Map<string, TensorData>();
  const notes: string[] = [];
  for (const [i, [key, { shape }]] of [...state].entries()) {
    const entry = fieldsOf(entries.get(i));
    if (entry) steps.set(numberOf(entry.get("step"), "step", fail), key);
    else notes.push(`"${key}" has no moments, it starts with zeros`);
    for (const name of ["exp_avg", "exp_avg_sq"]) {
      moments.set(`${key}/${name}`, momentOf(entry, name, { key, shape, fail }));
    }
  }
  if (steps.size > 1) {
    const counts = [...steps].map(([step, key]) => `"${key}" ${step}`).join(", ");
    throw fail(`its parameters were updated different numbers of times: ${counts}`);
  }
  const [step = 0] = steps.keys();
  const { hparams, note } = settingsOf(group, fail);
  return { step, moments, hparams, notes: note ? [...notes, note] : notes };
}

/** The parameters must be numbered from 0 in their order, as many as there are. */
function checkNumbers(
  numbers: PickleValue | undefined,
  entries: Fields,
  state: StateDict,
  fail: Fail,
): void {
  const inOrder = Array.isArray(numbers) && numbers.every((number, i) => number === i);
  if (!inOrder || numbers.length !== state.size) {
    const found = Array.isArray(numbers) ? numbers.length : "no";
    throw fail(
      `it moves ${found} parameters, the network has ${state.size}; they must be all, in its order, ` +
        "and none shared by two keys",
    );
  }
  const unknown = [...entries.keys()].find((number) => !numbers.includes(number as PickleValue));
  if (unknown !== undefined) throw fail(`it has moments of a parameter ${unknown} that is none`);
}

function momentOf(
  entry: Fields | undefined,
  name: string,
  { key, shape, fail }: { key: string; shape: readonly number[]; fail: Fail },
): TensorData {
  if (!entry) {
    return { dtype: "F32", shape: [...shape], data: new Float32Array(sizeOf(shape)) };
  }
  const moment = entry.get(name);
  if (!isTensor(moment)) throw fail(`"${key}" has no ${name}; it is not of Adam`, key);
  if (moment.shape.join() !== shape.join()) {
    throw fail(`${name} of "${key}" has shape [${moment.shape}], expected [${shape}]`, key);
  }
  return { dtype: "F32", shape: [...shape], data: toFloat32(moment) };
}

function settingsOf(
  group: Fields,
  fail: Fail,
): { hparams: Partial<TrainingHParams>; note?: string } {
  for (const variant of ["amsgrad", "maximize"]) {
    if (group.get(variant) === true) throw fail(`${variant} is on, which is not done here`);
  }
  const [beta1, beta2] = listOf(group.get("betas"));
  const weightDecay = numberOf(group.get("weight_decay"), "weight_decay", fail);
  const hparams = {
    learningRate: numberOf(group.get("lr"), "lr", fail),
    adamBeta1: numberOf(beta1, "betas", fail),
    adamBeta2: numberOf(beta2, "betas", fail),
    adamEpsilon: numberOf(group.get("eps"), "eps", fail),
    weightDecay,
  };
  if (weightDecay === 0 || group.get("decoupled_weight_decay") === true) return { hparams };
  const note = `weight_decay ${weightDecay} may be Adam's, in the gradient; here it is AdamW's`;
  return { hparams, note };
}

/** A number, or a tensor of one. */
function numberOf(value: PickleValue | undefined, name: string, fail: Fail): number {
  const number = isTensor(value) && value.data.length === 1 ? toFloat32(value)[0] : value;
  if (typeof number === "number" && Number.isFinite(number)) return number;
  throw fail(`its ${name} is no number; it is not of Adam`);
}

function fieldsOf(value: PickleValue | undefined): Fields | undefined {
  return value instanceof Map ? value : undefined;
}

function listOf(value: PickleValue | undefined): readonly PickleValue[] {
  return Array.isArray(value) ? value : [];
}
