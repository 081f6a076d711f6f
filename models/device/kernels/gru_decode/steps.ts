/** A decoding on the processor: the network's input, its clocks and the draws; the products come from the backend. @module */
import { RandomStream } from "../../../../datatools/random.ts";
import { drawClasses } from "../../../decoding/sampling.ts";
import type { DecodeSettings, DecodeSizes } from "./call.ts";

/** The small arrays of a call; shapes as in `gruDecode`. */
export interface DecodeTables {
  readonly eventTable: Float32Array;
  readonly controlTable: Float32Array;
  readonly rowTicks: Int32Array;
  readonly eventTicks: Int32Array;
  readonly event: Int32Array;
  readonly clock: Int32Array;
}

/** The large products of a step. */
export interface DecodeProducts {
  /** [batch, hidden], the input of the first layer; set before each step. */
  readonly x: Float32Array;
  /** [batch, events], what a step leaves. */
  readonly logits: Float32Array;
  /** Moves the states of all layers and sets the logits. */
  advance(): void;
}

const lastTick = 2 ** 31 - 1;

/** The last row that has begun; the first if none has. */
function rowAt(rowTicks: Int32Array, clock: number): number {
  let low = 0, high = rowTicks.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (rowTicks[middle] <= clock) low = middle;
    else high = middle;
  }
  return low;
}

/** Draws `settings.steps` events for each item: [steps, batch], and the clocks [batch] after them. */
export function decodeSteps(
  tables: DecodeTables,
  { batch, hidden, nEvents }: DecodeSizes,
  settings: DecodeSettings,
  products: DecodeProducts,
): { events: Int32Array; clock: Int32Array } {
  const { eventTable, controlTable, rowTicks, eventTicks } = tables, { x, logits } = products;
  const { steps, firstStep, slope } = settings, random = RandomStream.fromKey(settings.key);
  const events = new Int32Array(steps * batch), clock = tables.clock.slice();
  const known = (event: number) => Math.min(Math.max(event, 0), nEvents - 1);
  let last = tables.event;
  for (let step = 0; step < steps; step++) {
    for (let i = 0; i < batch; i++) {
      const from = known(last[i]) * hidden, row = rowAt(rowTicks, clock[i]) * hidden;
      for (let j = 0; j < hidden; j++) {
        const sum = eventTable[from + j] + controlTable[row + j];
        x[i * hidden + j] = sum < 0 ? slope * sum : sum;
      }
    }
    products.advance();
    last = drawClasses(logits, random.uniform(firstStep + step, 2 * batch), settings);
    events.set(last, step * batch);
    for (let i = 0; i < batch; i++) {
      clock[i] = Math.min(clock[i] + eventTicks[known(last[i])], lastTick);
    }
  }
  return { events, clock };
}
