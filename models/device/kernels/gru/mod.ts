/** A gated recurrent unit over a whole sequence: Cho et al. 2014, arXiv:1406.1078, in PyTorch's form. @module */
import {
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
  tf,
} from "../../../../deps/tf.ts";
import { runKernel } from "../register.ts";

type Saver = (tensors: Tensor[]) => void;

/** What `gruSequence` reads. Gates come in the order reset, update, new. */
export interface GruInputs {
  /** x W_ih^T + b_ih, [time, batch, 3 * hidden]. */
  readonly xProj: Tensor3D;
  /** The state before the first step, [batch, hidden]. */
  readonly h0: Tensor2D;
  /** [3 * hidden, hidden] */
  readonly weightHh: Tensor2D;
  /** [3 * hidden] */
  readonly biasHh: Tensor1D;
}

function checkInputs({ xProj, h0, weightHh, biasHh }: GruInputs): void {
  const [time, batch] = xProj.shape, hidden = h0.shape[1];
  const expected: [string, Tensor, number[]][] = [
    ["xProj", xProj, [time, batch, 3 * hidden]],
    ["h0", h0, [batch, hidden]],
    ["weightHh", weightHh, [3 * hidden, hidden]],
    ["biasHh", biasHh, [3 * hidden]],
  ];
  for (const [name, tensor, shape] of expected) {
    if (tensor.dtype === "float32" && tf.util.arraysEqual(tensor.shape, shape)) continue;
    throw new TypeError(
      `gruSequence: ${name} is ${tensor.dtype} [${tensor.shape}], expected float32 [${shape}]`,
    );
  }
  if (time * batch * hidden === 0) {
    throw new TypeError(
      `gruSequence: xProj is [${xProj.shape}], expected no dimension of length 0`,
    );
  }
}

function isTapeOn(): boolean {
  const { gradientDepth, kernelDepth } = tf.engine().state;
  return gradientDepth > 0 && kernelDepth === 0;
}

function forward(inputs: Tensor[], saveGates: boolean): Tensor[] {
  const [xProj, h0, weightHh, biasHh] = inputs;
  return runKernel<Tensor[]>("GruSequence", { xProj, h0, weightHh, biasHh }, { saveGates });
}

function backward(dStates: Tensor, saved: Tensor[]): Tensor[] {
  const [h0, weightHh, states, gates] = saved;
  return runKernel<Tensor[]>("GruSequenceGrad", { dStates, h0, weightHh, states, gates });
}

/**
 * The states of a GRU after each step, [time, batch, hidden]:
 * r = sigmoid(x_r + h U_r + b_r), z = sigmoid(x_z + h U_z + b_z), n = tanh(x_n + r (h U_n + b_n)), h' = (1 - z) n + z h.
 * Differentiable in all four inputs.
 *
 * @throws {TypeError} If shapes do not fit together or a dimension is 0
 */
export function gruSequence(
  xProj: Tensor3D,
  h0: Tensor2D,
  weightHh: Tensor2D,
  biasHh: Tensor1D,
): Tensor3D {
  checkInputs({ xProj, h0, weightHh, biasHh });
  const inputs = [xProj, h0, weightHh, biasHh];
  if (!isTapeOn()) return forward(inputs, false)[0] as Tensor3D;
  // A custom gradient, since a registered one would be handed a zero gradient as large as the saved gates.
  const op = tf.customGrad((...args) => {
    const save = args.pop() as unknown as Saver, tensors = args as Tensor[];
    const [states, gates] = forward(tensors, true);
    save([tensors[1], tensors[2], states, gates]);
    return {
      value: states,
      gradFunc: (dy: Tensor, saved: Tensor[]) => backward(dy, saved),
    };
  });
  return op(...inputs) as Tensor3D;
}
