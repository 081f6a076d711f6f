/** Assertions of tests. */
import { deepStrictEqual, ok, rejects, throws } from "node:assert/strict";

/** Fails with `message` unless `value` is truthy. */
export function assert(value: unknown, message?: string): asserts value {
  ok(value, message);
}

/** Fails unless both are equal in depth. */
export function assertEquals(actual: unknown, expected: unknown, message?: string): void {
  deepStrictEqual(actual, expected, message);
}

export { rejects as assertRejects, throws as assertThrows };
