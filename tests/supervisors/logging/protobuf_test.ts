import { deepStrictEqual as deepEqual, throws } from "node:assert/strict";
import {
  bytesField,
  doubleField,
  floatField,
  integerField,
  join,
  stringField,
} from "../../../supervisors/logging/protobuf.ts";

Deno.test("the fields of a message are encoded as protobuf does", () => {
  const cases: [Uint8Array, string][] = [
    [integerField(1, 150), "089601"], // the example of the encoding guide
    [integerField(2, 0), ""],
    [integerField(16, 1), "800101"],
    [integerField(1, 2 ** 40), "08808080808020"],
    [integerField(1, Number.MAX_SAFE_INTEGER), "08ffffffffffffff0f"],
    [stringField(2, "testing"), "120774657374696e67"],
    [bytesField(3, join(integerField(1, 150))), "1a03089601"],
    [floatField(2, 0), "1500000000"],
    [floatField(2, 1), "150000803f"],
    [doubleField(1, 1), "09000000000000f03f"],
  ];
  for (const [bytes, hex] of cases) deepEqual(bytes.toHex(), hex);
  deepEqual(bytesField(1, new Uint8Array(300)).length, 303);
});

Deno.test("integerField() refuses what it cannot write exactly", () => {
  for (const bad of [-1, 0.5, NaN, 2 ** 53]) throws(() => integerField(1, bad), RangeError);
});
