import { deepStrictEqual as deepEqual } from "node:assert/strict";
import { PaceMeter } from "../../../supervisors/logging/pace_meter.ts";

Deno.test("PaceMeter counts units a second without pauses", () => {
  let time = 500;
  const meter = new PaceMeter(() => time);
  deepEqual([meter.rate, meter.lap()], [0, 0]);
  meter.count(100);
  time += 2000;
  deepEqual([meter.rate, meter.activeSeconds], [50, 2]);
  meter.pause();
  time += 10_000;
  meter.pause();
  time += 10_000;
  meter.resume();
  deepEqual([meter.lap(), meter.activeSeconds], [50, 2]);
  meter.count(10);
  time += 1000;
  deepEqual(meter.rate, 50); // of the last whole lap
  deepEqual(meter.lap(), 10);
  deepEqual(meter.rate, 10);
});
