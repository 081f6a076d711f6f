/**
 * Packages that run the specs of TensorFlow.js; none is part of the library. The text of files inside packages needs
 * `--unstable-raw-imports`.
 *
 * @module
 */
import "npm:@tensorflow/tfjs-core@4.22.0"; // makes its files known to the import below

export { default as jasmineRequire } from "npm:jasmine-core@3.99.1/lib/jasmine-core/jasmine.js";
export { default as long } from "npm:long@4.0.0";
export { default as seedrandom } from "npm:seedrandom@3.0.5";
export { transform } from "npm:sucrase@3.35.1";

/** The text of a compiled module of tfjs-core, such as `ops/add_test`. */
export async function coreSource(module: string): Promise<string> {
  const { default: text } = await import(
    `npm:@tensorflow/tfjs-core@4.22.0/dist/${module}.js`,
    { with: { type: "text" } }
  );
  return text;
}
