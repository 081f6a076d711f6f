import { deepStrictEqual as deepEqual, rejects, throws } from "node:assert/strict";
import { IoError, listFiles, readBytes, writeText } from "../../../datatools/io.ts";
import { EventFileWriter } from "../../../supervisors/logging/tensorboard.ts";
import { readFields, readRecords, readScalars, wavOf } from "../../support/event_file.ts";
import { testFolder } from "../../support/midi_fixtures.ts";

const now = () => 1234567890.5;

/** A picture of two pixels. */
const png = Uint8Array.fromBase64(
  "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAIAAAB7QOjdAAAADUlEQVR4nGP4z8DwHwAFAAH/5vrsRQAAAABJRU5ErkJggg==",
);

/** The events of the first test as TensorBoard 2.21 serializes and frames them. */
const fromPython =
  "GAAAAAAAAACjf0siCQAAoLSAZdJBGg1icmFpbi5FdmVudDoy9ejwFg8AAAAAAAAAbVMrCQkAAKC0gGXSQRAMOgIIAbqeFUEtAAAA" +
  "AAAAADxBivsJAACgtIBl0kEQDCogChEKCnRyYWluL2xvc3MVAABQQAoLCgR6ZXJvFQAAAADsjOazNwAAAAAAAADn6MpZCQAAoLSA" +
  "ZdJBEKwCKikKJwoHaHBhcmFtc0IQCAcSBBICCAFCBnwgw6QgfEoKCgYKBHRleHQgAinF/1BqAAAAAAAAAK+B7WcJAACgtIBl0kEQ" +
  "gICAgIAgKlgKVgoEcm9sbCJOCAEQAhgDIkaJUE5HDQoaCgAAAA1JSERSAAAAAgAAAAEIAgAAAHtA6N0AAAANSURBVHicY/jPwPAf" +
  "AAUAAf/m+uxFAAAAAElFTkSuQmCC+jt3PmIAAAAAAAAAef1gbwkAAKC0gGXSQRAFKlUKUwoFc291bmQySg0AAPpFEAIYAiI0UklG" +
  "RiwAAABXQVZFZm10IBAAAAABAAIAQB8AAAB9AAAEABAAZGF0YQgAAAAAAQIDBAUGByoJYXVkaW8vd2F2i4TpOg==";

Deno.test("EventFileWriter writes the bytes that TensorBoard's own writer does", async () => {
  await using folder = await testFolder();
  const writer = await EventFileWriter.open(folder.path, { now, restartAt: 12 });
  writer.scalars({ "train/loss": 3.25, zero: 0 }, 12);
  writer.text("hparams", "| ä |", 300);
  writer.image("roll", png, 2 ** 40);
  writer.audio("sound", wavOf({ nFrames: 2 }), 5);
  writer.close();
  writer.close();
  deepEqual(writer.path, `${folder.path}/events.out.tfevents.1234567890.coopertunes`);
  deepEqual((await readBytes(writer.path)).toBase64(), fromPython);
});

Deno.test("EventFileWriter is read while it is open, and by its records", async () => {
  await using folder = await testFolder();
  using writer = await EventFileWriter.open(`${folder.path}/new/logs`);
  for (let step = 1; step <= 3; step++) writer.scalar("a", step / 2, step);
  writer.scalars({}, 4);
  const bytes = await readBytes(writer.path);
  deepEqual(readScalars(bytes), [["a", 1, 0.5], ["a", 2, 1], ["a", 3, 1.5]]);
  deepEqual(readRecords(bytes).length, 4);
  deepEqual(readFields(readRecords(bytes)[0]!).map(([field]) => field), [1, 3]);
});

Deno.test("EventFileWriter.open() begins a file that comes after all others, even in the same second", async () => {
  await using folder = await testFolder();
  await writeText(`${folder.path}/events.out.tfevents.2000000000.other`, "");
  for (let i = 0; i < 3; i++) (await EventFileWriter.open(folder.path, { now, name: "x" })).close();
  deepEqual(await listFiles(folder.path), [
    "events.out.tfevents.2000000000.other",
    "events.out.tfevents.2000000001.x",
    "events.out.tfevents.2000000002.x",
    "events.out.tfevents.2000000003.x",
  ]);
});

Deno.test("EventFileWriter refuses what is no picture, no sound and no folder", async () => {
  await using folder = await testFolder();
  using writer = await EventFileWriter.open(folder.path);
  throws(() => writer.image("x", new Uint8Array(9), 1), SyntaxError);
  throws(() => writer.audio("x", png, 1), SyntaxError);
  throws(() => writer.scalar("x", 1, -1), RangeError);
  deepEqual(readRecords(await readBytes(writer.path)).length, 1);
  await rejects(EventFileWriter.open(writer.path), IoError);
});
