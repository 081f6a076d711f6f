/**
 * An interpreter of pickles (protocols 0 to 5) that can make data and nothing else. A pickle is a program for a
 * stack machine; of its opcodes those are known that build numbers, texts, bytes, lists, tuples and
 * dictionaries. A global stands for an entry of a table of ours, or is refused by name: there is no way from a
 * pickle to code. All work and memory is bounded by the size of the pickle and by {@linkcode limits}.
 *
 * Source: Python's `pickletools`.
 *
 * @module
 */
import { CheckpointError } from "./checkpoint_error.ts";
import { opcodeNames } from "./pickle_opcodes.ts";
import { PickleSource } from "./pickle_source.ts";
import {
  nestingOf,
  PickleGlobal,
  type PickleKey,
  PickleObject,
  type PickleValue,
} from "./pickle_value.ts";

/** How a pickle is read. */
export interface PickleOptions {
  /** What errors call the file. */
  readonly name: string;
  /** Where the pickle begins; 0 if not given. */
  readonly at?: number;
  /** All globals that may be named, by their Python names. */
  readonly globals: ReadonlyMap<string, PickleGlobal>;
  /** What a persistent id stands for; without it there may be none. */
  readonly persistent?: (id: PickleValue) => PickleValue;
}

/** Bounds of one pickle, far above what checkpoints need. */
export const limits = {
  /** Length in bytes: tensors lie outside of it. */
  bytes: 2 ** 26,
  /** Opcodes that are run. */
  opcodes: 2_000_000,
  /** Lists, tuples and dictionaries in each other. */
  depth: 100,
  /** Bytes and entries that calls copy. */
  copied: 2 ** 26,
} as const;

/**
 * Reads one pickle.
 *
 * @returns Its value, and where the bytes after it begin
 * @throws {CheckpointError} If it is damaged, too large, or does anything but build data; names the opcode or
 *   global, and its byte
 */
export function readPickle(
  bytes: Uint8Array,
  options: PickleOptions,
): { value: PickleValue; end: number } {
  const machine = new Machine(bytes, options);
  const value = machine.run();
  const depth = nestingOf(value, limits.depth);
  if (depth === Infinity) throw machine.source.fail("a list or dictionary contains itself");
  if (depth > limits.depth) throw machine.source.fail(`values nest deeper than ${limits.depth}`);
  return { value, end: machine.source.at };
}

type Operation = (machine: Machine, source: PickleSource) => void;

class Machine {
  readonly source: PickleSource;
  readonly memo = new Map<number, PickleValue>();
  #stack: PickleValue[] = [];
  readonly #outer: PickleValue[][] = []; // the stacks below each open MARK
  #copied = 0;

  constructor(bytes: Uint8Array, readonly options: PickleOptions) {
    const { at = 0, name } = options;
    this.source = new PickleSource(bytes.subarray(0, at + limits.bytes), at, name);
  }

  run(): PickleValue {
    const { source } = this;
    for (let done = 0; done < limits.opcodes; done++) {
      const code = source.opcode();
      const name = opcodeNames.get(code);
      if (name === undefined) throw source.fail(`byte ${code} is no opcode; the file was damaged`);
      if (name === "STOP") return this.#result();
      const operation = operations[name];
      if (!operation) {
        throw source.fail(`the opcode ${name} is refused: it does more than hold data`);
      }
      operation(this, source);
    }
    throw source.fail(`it has more than ${limits.opcodes} opcodes`);
  }

  push(value: PickleValue): void {
    this.#stack.push(value);
  }

  pop(): PickleValue {
    if (this.#stack.length === 0) throw this.source.fail("it takes a value that is not there");
    return this.#stack.pop()!;
  }

  /** The topmost value, which stays. */
  get top(): PickleValue {
    if (this.#stack.length === 0) throw this.source.fail("it needs a value that is not there");
    return this.#stack.at(-1)!;
  }

  mark(): void {
    this.#outer.push(this.#stack);
    this.#stack = [];
  }

  /** All values since the last MARK. */
  popToMark(): PickleValue[] {
    const values = this.#stack;
    const outer = this.#outer.pop();
    if (outer === undefined) throw this.source.fail("it closes a group that is not open");
    this.#stack = outer;
    return values;
  }

  /** The topmost `count` values as a tuple. */
  tuple(count: number): void {
    const values = Array.from({ length: count }, () => this.pop()).reverse();
    this.push(Object.freeze(values));
  }

  append(values: readonly PickleValue[]): void {
    const list = this.top;
    if (!Array.isArray(list) || Object.isFrozen(list)) throw this.source.fail("it adds to no list");
    for (const value of values) list.push(value);
  }

  setItems(flat: readonly PickleValue[]): void {
    const dictionary = this.top;
    if (!(dictionary instanceof Map)) throw this.source.fail("it sets an item of no dictionary");
    if (flat.length % 2 !== 0) throw this.source.fail("a key has no value");
    for (let i = 0; i < flat.length; i += 2) dictionary.set(this.key(flat[i]!), flat[i + 1]!);
  }

  key(value: PickleValue): PickleKey {
    if (value === null || typeof value !== "object") return value;
    throw this.source.fail("a key of a dictionary is no number or text");
  }

  recall(index: number): void {
    const value = this.memo.get(index);
    if (value === undefined) throw this.source.fail(`memo ${index} is empty`);
    this.push(value);
  }

  find(module: PickleValue, name: PickleValue): void {
    const full = `${module}.${name}`;
    const found = typeof module === "string" && typeof name === "string" &&
      this.options.globals.get(full);
    if (found) return this.push(found);
    throw this.source.fail(
      `the global ${
        JSON.stringify(full.slice(0, 200))
      } is refused: checkpoints are read as data, ` +
        "nothing in them is run",
    );
  }

  persist(id: PickleValue): void {
    const { persistent } = this.options;
    if (!persistent) throw this.source.fail("a persistent id is not expected here");
    this.push(this.#attempt("its storage", () => persistent(id)));
  }

  call(): void {
    const args = this.pop(), global = this.pop();
    if (!(global instanceof PickleGlobal)) throw this.source.fail("REDUCE calls what is no global");
    const { make, name } = global;
    if (!make) throw this.source.fail(`REDUCE calls ${name}, which can only be named`);
    if (!Array.isArray(args)) throw this.source.fail(`REDUCE calls ${name} without arguments`);
    const made = this.#attempt(name, () => make(args));
    this.#count(sizeOf(made));
    this.push(made);
  }

  build(): void {
    const state = this.pop(), object = this.top;
    if (object instanceof Map) return; // attributes of an OrderedDict, such as a state_dict's versions
    if (!(object instanceof PickleObject)) throw this.source.fail("BUILD of what has no state");
    this.#attempt("BUILD", () => object.build(state));
    this.#count(sizeOf(object));
  }

  #count(copied: number): void {
    this.#copied += copied;
    if (this.#copied > limits.copied) throw this.source.fail("it copies more than is accepted");
  }

  /** Says where a call went wrong. */
  #attempt<T>(what: string, body: () => T): T {
    try {
      return body();
    } catch (cause) {
      if (!(cause instanceof CheckpointError)) throw cause;
      throw this.source.fail(`${what}: ${cause.message}`, cause);
    }
  }

  #result(): PickleValue {
    if (this.#outer.length > 0 || this.#stack.length !== 1) {
      throw this.source.fail("it stops with more or less than one value; the file was damaged");
    }
    return this.pop();
  }
}

/** Bytes or entries that were copied to make a value, at most; 1 for small ones. */
function sizeOf(made: PickleValue): number {
  if (made instanceof Map) return made.size;
  if (made instanceof PickleObject) return 1 + made.copied;
  return made instanceof Uint8Array ? made.length : 1;
}

/** What is run; an opcode that is not here is refused. */
const operations: Readonly<Record<string, Operation>> = {
  PROTO: (_, source) => {
    const protocol = source.uint8();
    if (protocol > 5) throw source.fail(`its protocol is ${protocol}, at most 5 is known`);
  },
  FRAME: (_, source) => {
    const length = source.uint64();
    const left = source.bytes.length - source.at;
    if (length > left) throw source.fail(`a frame claims ${length} bytes, ${left} are left`);
  },
  MARK: (machine) => machine.mark(),
  POP: (machine) => void machine.pop(),
  POP_MARK: (machine) => void machine.popToMark(),
  DUP: (machine) => machine.push(machine.top),

  NONE: (machine) => machine.push(null),
  NEWTRUE: (machine) => machine.push(true),
  NEWFALSE: (machine) => machine.push(false),
  INT: (machine, source) => machine.push(source.integerLine({ booleans: true })),
  LONG: (machine, source) => machine.push(source.integerLine({ booleans: false })),
  BININT: (machine, source) => machine.push(source.int32()),
  BININT1: (machine, source) => machine.push(source.uint8()),
  BININT2: (machine, source) => machine.push(source.uint16()),
  LONG1: (machine, source) => machine.push(source.integer(source.uint8())),
  LONG4: (machine, source) => machine.push(source.integer(source.int32())),
  FLOAT: (machine, source) => machine.push(source.floatLine()),
  BINFLOAT: (machine, source) => machine.push(source.float64()),

  STRING: (machine, source) => machine.push(source.quotedLine()),
  SHORT_BINSTRING: (machine, source) => machine.push(source.text(source.uint8())),
  BINSTRING: (machine, source) => machine.push(source.text(source.int32())),
  UNICODE: (machine, source) => machine.push(source.unicodeLine()),
  SHORT_BINUNICODE: (machine, source) => machine.push(source.text(source.uint8())),
  BINUNICODE: (machine, source) => machine.push(source.text(source.uint32())),
  BINUNICODE8: (machine, source) => machine.push(source.text(source.uint64())),
  SHORT_BINBYTES: (machine, source) => machine.push(source.take(source.uint8())),
  BINBYTES: (machine, source) => machine.push(source.take(source.uint32())),
  BINBYTES8: (machine, source) => machine.push(source.take(source.uint64())),
  BYTEARRAY8: (machine, source) => machine.push(source.take(source.uint64())),

  EMPTY_LIST: (machine) => machine.push([]),
  LIST: (machine) => machine.push(machine.popToMark()),
  APPEND: (machine) => machine.append([machine.pop()]),
  APPENDS: (machine) => machine.append(machine.popToMark()),
  EMPTY_TUPLE: (machine) => machine.tuple(0),
  TUPLE1: (machine) => machine.tuple(1),
  TUPLE2: (machine) => machine.tuple(2),
  TUPLE3: (machine) => machine.tuple(3),
  TUPLE: (machine) => machine.push(Object.freeze(machine.popToMark())),
  EMPTY_DICT: (machine) => machine.push(new Map()),
  DICT: (machine) => {
    const items = machine.popToMark();
    machine.push(new Map());
    machine.setItems(items);
  },
  SETITEM: (machine) => {
    const value = machine.pop();
    machine.setItems([machine.pop(), value]);
  },
  SETITEMS: (machine) => machine.setItems(machine.popToMark()),

  MEMOIZE: (machine) => machine.memo.set(machine.memo.size, machine.top),
  PUT: (machine, source) =>
    machine.memo.set(Number(source.integerLine({ booleans: false })), machine.top),
  BINPUT: (machine, source) => machine.memo.set(source.uint8(), machine.top),
  LONG_BINPUT: (machine, source) => machine.memo.set(source.uint32(), machine.top),
  GET: (machine, source) => machine.recall(Number(source.integerLine({ booleans: false }))),
  BINGET: (machine, source) => machine.recall(source.uint8()),
  LONG_BINGET: (machine, source) => machine.recall(source.uint32()),

  GLOBAL: (machine, source) => machine.find(source.line(), source.line()),
  STACK_GLOBAL: (machine) => {
    const name = machine.pop();
    machine.find(machine.pop(), name);
  },
  REDUCE: (machine) => machine.call(),
  BUILD: (machine) => machine.build(),
  PERSID: (machine, source) => machine.persist(source.line()),
  BINPERSID: (machine) => machine.persist(machine.pop()),
};
