/** What a pickle holds: plain data, and objects of ours that stand for those of Python. @module */
import { CheckpointError } from "./checkpoint_error.ts";

/** What can be a key of a dictionary. */
export type PickleKey = string | number | bigint | boolean | null;

/** What a pickle holds: a tuple is a frozen array, a dictionary a Map, an integer beyond 2^53 a bigint. */
export type PickleValue =
  | PickleKey
  | Uint8Array
  | readonly PickleValue[]
  | Map<PickleKey, PickleValue>
  | PickleObject;

/** Something that a global of the pickle stands for, or made. */
export abstract class PickleObject {
  /** How many bytes were copied to make it, at most. */
  get copied(): number {
    return 0;
  }

  /** Takes what BUILD hands over. @throws {CheckpointError} If this holds no state */
  build(_state: PickleValue): void {
    throw new CheckpointError("BUILD of an object that has no state");
  }
}

/** A global of the pickle, with the function of ours that stands for it; one without can only be named. */
export class PickleGlobal extends PickleObject {
  /** Stands for the Python name `module.name`. */
  constructor(
    readonly name: string,
    readonly make?: (args: readonly PickleValue[]) => PickleValue,
  ) {
    super();
  }
}

/**
 * How many values lie in each other at most, without recursion: `Infinity` for one that contains itself; where
 * that is more than `limit`, any number above it.
 */
export function nestingOf(root: PickleValue, limit: number): number {
  const heights = new Map<PickleValue, number>(); // of what was visited; Infinity while it is open
  const path: { value: PickleValue; parts: Iterator<PickleValue>; height: number }[] = [];
  /** The height of a value, if it is known; else 0, and it is opened. */
  const enter = (value: PickleValue): number => {
    if (value === null || typeof value !== "object") return 0;
    const height = heights.get(value);
    if (height !== undefined) return height;
    heights.set(value, Infinity);
    path.push({ value, parts: partsOf(value), height: 1 });
    return 0;
  };
  let highest = enter(root);
  for (let last = path.at(-1); last !== undefined; last = path.at(-1)) {
    const { done, value } = last.parts.next();
    if (!done) last.height = Math.max(last.height, 1 + enter(value));
    else {
      heights.set(last.value, last.height);
      highest = last.height;
      path.pop();
      const outer = path.at(-1);
      if (outer) outer.height = Math.max(outer.height, 1 + last.height);
    }
    if (last.height > limit) return last.height;
    if (path.length > limit) return path.length;
  }
  return highest;
}

function partsOf(value: PickleValue): Iterator<PickleValue> {
  if (value instanceof Map) return value.values();
  return (Array.isArray(value) ? value as readonly PickleValue[] : []).values();
}
