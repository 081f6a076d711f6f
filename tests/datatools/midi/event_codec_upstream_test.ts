import { throws } from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { miditools } from "../../support/golden_miditools.ts";

const folders = [new URL("../../golden/", import.meta.url)];
const extra = Deno.env.get("COOPERTUNES_GOLDEN");
if (extra) folders.push(pathToFileURL(`${Deno.realPathSync(extra)}/`));

for (const folder of folders) {
  for (const { name } of Deno.readDirSync(folder)) {
    if (!name.startsWith(miditools.prefix) || !name.endsWith(".json")) continue;
    const json = JSON.parse(Deno.readTextFileSync(new URL(name, folder)));
    Deno.test(`the upstream codec repeats ${name}`, () => miditools.check({ name, json }));
  }
}

Deno.test("the golden check of MIDI tools fails on a changed leaf and on an unknown output", () => {
  const notes = { pitch: [60], velocity: [64], start: [0], end: [1] };
  const events = [192, 39, 237, 222, 127];
  const check = (json: unknown) => miditools.check({ name: "made up", json });
  check({ cases: [{ input_notes: notes, events }] });
  check({ input_notes: notes, adjust_time_minus0p5: { ...notes, start: [-0.5], end: [0.5] } });
  throws(() => check({ input_notes: notes, events: [192, 39, 237, 221, 127] }), /events\.3/);
  throws(() => check({ input_notes: notes, events: [192] }), /expected 1 items/);
  throws(() => check({ cases: [{ input_notes: notes, out_of_thin_air: 1 }] }), /out_of_thin_air/);
  throws(() => check({ event_dim: 241 }), /expected 241/);
});
