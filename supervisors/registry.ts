/** What can be done with a model, by its ModelId: the commands that `cli.ts` runs on use. @module */
export { convert } from "./convert.ts";
export { demo } from "./demo.ts";
export { evaluate } from "./evaluate.ts";
export { generate } from "./generate.ts";
export { reconstruct } from "./reconstruct.ts";
export { summary } from "./summary.ts";
export { train } from "./train.ts";
