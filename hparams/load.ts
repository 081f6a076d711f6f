/** Hparams from their layers: the schema's defaults, a preset, a file, single settings. @module */
import { impliedByCodec } from "./codec.ts";
import { HParamsError } from "./errors.ts";
import { type Field, fieldsOf, parseText } from "./fields.ts";
import { nearestName } from "./nearest.ts";
import { presetOf } from "./presets.ts";
import { type HParamsOf, type ModelId, schemaOf } from "./registry.ts";

/** Where hparams come from; a later layer overrides an earlier one. */
export interface HParamsLayers {
  /** A name of `presetNames`; without it, the schema's defaults. */
  readonly preset?: string;
  /** The parsed content of a JSON file. */
  readonly file?: unknown;
  /** What messages call that file; default "the hparams file". */
  readonly fileName?: string;
  /** Settings `key=value` in the order given. */
  readonly set?: readonly string[];
}

interface Layer {
  readonly source: string;
  readonly values: Record<string, unknown>;
}

function unknownField(name: string, fields: readonly Field[], where: string): HParamsError {
  const nearest = nearestName(name, fields.map((field) => field.name));
  return new HParamsError(
    `Cannot set hparam "${name}" ${where}: there is none of that name; did you mean "${nearest}"?`,
    name,
  );
}

function show(value: unknown): string {
  return typeof value === "bigint" ? String(value) : JSON.stringify(value) ?? String(value);
}

function fileLayer(model: ModelId, { file, fileName }: HParamsLayers): Layer {
  const source = `in ${fileName ?? "the hparams file"}`;
  if (typeof file !== "object" || file === null || Array.isArray(file)) {
    throw new HParamsError(
      `Cannot read hparams of ${model} ${source}: found ${show(file)}, ` +
        `expected a JSON object such as {"seed": 7}`,
      "",
    );
  }
  return { source, values: { ...file } };
}

function setLayer(model: ModelId, fields: readonly Field[], setting: string): Layer {
  const at = setting.indexOf("=");
  if (at < 1) {
    throw new HParamsError(
      `Cannot read "--set ${setting}" for ${model}: expected key=value, as in --set seed=7`,
      setting,
    );
  }
  const name = setting.slice(0, at).trim();
  const field = fields.find((candidate) => candidate.name === name);
  if (!field) throw unknownField(name, fields, `of ${model} with --set`);
  return { source: "with --set", values: { [name]: parseText(field, setting.slice(at + 1)) } };
}

/**
 * Reads the hparams of a model: defaults, then `preset`, then `file`, then each of `set`. Where none of these
 * says `eventDim`, it is what their `codec` writes.
 *
 * @param model Whose hparams
 * @param layers Where they come from
 * @returns All hparams, checked
 * @throws {HParamsError} If a hparam does not exist (the message names the nearest), has another type or is
 * out of range (the message says the range), or if hparams contradict each other
 */
export function parseHParams<M extends ModelId>(
  model: M,
  layers: HParamsLayers = {},
): HParamsOf[M] {
  const schema = schemaOf(model);
  const fields = fieldsOf(schema);
  const read: Layer[] = [];
  if (layers.preset !== undefined) {
    read.push({
      source: `in preset "${layers.preset}"`,
      values: { ...presetOf(model, layers.preset) },
    });
  }
  if (layers.file !== undefined) read.push(fileLayer(model, layers));
  for (const setting of layers.set ?? []) read.push(setLayer(model, fields, setting));
  for (const { source, values } of read) {
    for (const name of Object.keys(values)) {
      if (!fields.some((field) => field.name === name)) {
        throw unknownField(name, fields, `of ${model} ${source}`);
      }
    }
  }
  const given: Record<string, unknown> = Object.assign({}, ...read.map((layer) => layer.values));
  const merged: Record<string, unknown> = { ...impliedByCodec(given.codec), ...given };
  const result = schema.safeParse(merged);
  if (result.success) return result.data as HParamsOf[M];
  const [issue] = result.error.issues;
  const name = String(issue.path[0] ?? "");
  const source = read.findLast((layer) => Object.hasOwn(layer.values, name))?.source ??
    "by default";
  const field = fields.find((candidate) => candidate.name === name);
  const expected = issue.code === "custom" ? issue.message : `expected ${field?.expected}`;
  const found = show(Object.hasOwn(merged, name) ? merged[name] : field?.default);
  throw new HParamsError(
    `Cannot set hparam "${name}" of ${model} ${source}: found ${found}, ${expected}`,
    name,
  );
}
