/** Tensors of strings. */
import { deepStrictEqual as deepEqual } from "node:assert/strict";
import { tf } from "../../../../deps/tf.ts";
import { testOn } from "../support.ts";

testOn(
  "wasm",
  "strings: they are compared, and repeated, and leave nothing behind",
  async () => {
    const before = tf.memory();
    const words = tf.tensor2d([["b", "ä"], ["", "a"]]), a = tf.scalar("a");
    const results = {
      equal: tf.equal(words, a),
      greater: tf.greater(words, a),
      lessEqual: tf.lessEqual(words, a),
      tile: tf.tile(words, [1, 2]),
      fill: tf.fill([2], "c"),
    };
    const found: Record<string, unknown[]> = {};
    for (const [name, tensor] of Object.entries(results)) found[name] = [...await tensor.data()];
    deepEqual(found, {
      equal: [0, 0, 0, 1],
      greater: [1, 1, 0, 0],
      lessEqual: [0, 0, 1, 1],
      tile: ["b", "ä", "b", "ä", "", "a", "", "a"],
      fill: ["c", "c"],
    });
    tf.dispose([words, a, results]);
    deepEqual(tf.memory(), before);
  },
);
