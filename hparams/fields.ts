/** The fields of a schema as data: for help, for parsing text and for messages. @module */
import { z } from "../deps/zod.ts";

type JsonSchema = z.core.JSONSchema.JSONSchema;

/** One hparam or flag. */
export interface Field {
  /** Its name in camelCase. */
  readonly name: string;
  /** What its value is; `numbers` are written with commas between them, `list` is given item by item. */
  readonly type: "number" | "integer" | "boolean" | "text" | "numbers" | "list";
  /** What values are allowed, in words: "an integer >= 1", "one of a, b". */
  readonly expected: string;
  /** The values of a choice. */
  readonly choices?: readonly string[];
  /** The value taken when none is given; undefined if there is none. */
  readonly default?: unknown;
  /** Whether a value must be given. */
  readonly required: boolean;
  /** Whether null is a value too. */
  readonly nullable: boolean;
  /** What it does, in one line. */
  readonly description: string;
  /** What help calls its value, such as DIR. */
  readonly placeholder?: string;
}

const isLimit = (value: unknown): value is number =>
  typeof value === "number" && Math.abs(value) < Number.MAX_SAFE_INTEGER;

function range(schema: JsonSchema): string {
  const parts: string[] = [];
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema;
  if (isLimit(exclusiveMinimum)) parts.push(`> ${exclusiveMinimum}`);
  else if (isLimit(minimum)) parts.push(`>= ${minimum}`);
  if (isLimit(exclusiveMaximum)) parts.push(`< ${exclusiveMaximum}`);
  else if (isLimit(maximum)) parts.push(`<= ${maximum}`);
  return parts.length === 0 ? "" : ` ${parts.join(" and ")}`;
}

function expectation(schema: JsonSchema): string {
  if (schema.enum) return `one of ${schema.enum.join(", ")}`;
  switch (schema.type) {
    case "integer":
      return `an integer${range(schema)}`;
    case "number":
      return `a number${range(schema)}`;
    case "boolean":
      return "true or false";
    case "array":
      return holdsNumbers(schema)
        ? `numbers with commas between them, each ${expectation(itemOf(schema))}`
        : "a list";
    default:
      return "text";
  }
}

const itemOf = (schema: JsonSchema) => schema.items as JsonSchema;

function holdsNumbers(schema: JsonSchema): boolean {
  return itemOf(schema).type === "integer" || itemOf(schema).type === "number";
}

function typeOf(schema: JsonSchema): Field["type"] {
  if (schema.type === "array") return holdsNumbers(schema) ? "numbers" : "list";
  if (schema.type === "integer" || schema.type === "number" || schema.type === "boolean") {
    return schema.type;
  }
  return "text";
}

/** What a value has to be where it isn't null; the schema itself where null is no value. */
function withoutNull(schema: JsonSchema): JsonSchema {
  const kinds = schema.anyOf as JsonSchema[] | undefined;
  if (kinds?.length !== 2 || kinds[1].type !== "null") return schema;
  return kinds[0];
}

/** Lists the fields of a schema in the order in which they are declared. */
export function fieldsOf(schema: z.ZodObject): Field[] {
  const json = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  const required = new Set(json.required ?? []);
  return Object.entries(json.properties ?? {}).map(([name, property]) => {
    const field = property as JsonSchema;
    const value = withoutNull(field);
    const nullable = value !== field;
    return {
      name,
      type: typeOf(value),
      expected: expectation(value) + (nullable ? ", or null" : ""),
      choices: field.enum?.map(String),
      default: field.default,
      required: required.has(name),
      nullable,
      description: field.description ?? "",
      placeholder: typeof field.placeholder === "string" ? field.placeholder : undefined,
    };
  });
}

/**
 * Reads a value as text the way its field wants it; text that does not fit is returned as it is, for the
 * schema to refuse.
 */
export function parseText(field: Field, text: string): unknown {
  if (field.nullable && text === "null") return null;
  switch (field.type) {
    case "boolean":
      return text === "true" ? true : text === "false" ? false : text;
    case "integer":
    case "number":
      return numberIn(text);
    case "numbers":
      return text.split(",").map(numberIn);
    default:
      return text;
  }
}

/** The number that `text` is, or `text` itself. */
function numberIn(text: string): number | string {
  return text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
}
