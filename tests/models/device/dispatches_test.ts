/** How many dispatches the kernels promise: what `deno task bench dispatches` prints may not grow. */
import { deepStrictEqual as deepEqual, ok } from "node:assert/strict";
import { countAdam, countEvent, countTraining } from "../../../bench/dispatches.ts";
import { smallModel } from "../../support/performance_rnn.ts";
import { testOn } from "./support.ts";

testOn(
  "webgpu",
  "an event of PerformanceRnn takes at most 8 dispatches at three layers",
  async () => {
    using model = smallModel({ gruLayers: 3 });
    for (const batch of [1, 5]) {
      const { dispatches, readBacks } = await countEvent(model, batch);
      ok(dispatches > 5 && dispatches <= 8, `${dispatches}`);
      ok(readBacks > 0 && readBacks <= 1 / 32, `${readBacks} read-backs`);
    }
  },
);

testOn(
  "webgpu",
  "a step of training takes 2 dispatches a time step and layer, forward and back",
  async () => {
    for (const gruLayers of [1, 3]) {
      using model = smallModel({ gruLayers });
      const counts = [await countTraining(model, 6), await countTraining(model, 16)];
      const each = (counts[1].dispatches - counts[0].dispatches) / 10 / gruLayers;
      deepEqual(each, 2);
      const rest = counts[0].dispatches - 6 * each * gruLayers;
      ok(rest <= 60 + 25 * gruLayers, `${rest} beside the time steps of ${gruLayers} layers`);
      deepEqual(counts.map(({ readBacks }) => readBacks), [1, 1]);
    }
  },
);

testOn(
  "webgpu",
  "an update by Adam takes one dispatch a parameter, whatever its size",
  async () => {
    for (const hiddenDim of [12, 70]) {
      using model = smallModel({ hiddenDim });
      const parameters = [...model.parameters()].length;
      deepEqual(await countAdam(model), { dispatches: parameters, readBacks: 0 });
    }
  },
);
