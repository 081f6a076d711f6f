/**
 * The names of all opcodes of pickle protocols 0 to 5, so that one which is not read can be named.
 *
 * Source: Python's `pickletools`; PEP 307, 3154 and 574.
 *
 * @module
 */

const printable =
  "( MARK . STOP 0 POP 1 POP_MARK 2 DUP F FLOAT G BINFLOAT I INT J BININT K BININT1 " +
  "L LONG M BININT2 N NONE P PERSID Q BINPERSID R REDUCE S STRING T BINSTRING U SHORT_BINSTRING " +
  "V UNICODE X BINUNICODE B BINBYTES C SHORT_BINBYTES a APPEND b BUILD c GLOBAL d DICT e APPENDS " +
  "g GET h BINGET i INST j LONG_BINGET l LIST o OBJ p PUT q BINPUT r LONG_BINPUT s SETITEM " +
  "t TUPLE u SETITEMS ) EMPTY_TUPLE ] EMPTY_LIST } EMPTY_DICT";

/** From 0x80 on, without a gap. */
const upper = "PROTO NEWOBJ EXT1 EXT2 EXT4 TUPLE1 TUPLE2 TUPLE3 NEWTRUE NEWFALSE LONG1 LONG4 " +
  "SHORT_BINUNICODE BINUNICODE8 BINBYTES8 EMPTY_SET ADDITEMS FROZENSET NEWOBJ_EX STACK_GLOBAL " +
  "MEMOIZE FRAME BYTEARRAY8 NEXT_BUFFER READONLY_BUFFER";

/** The name of each opcode by its byte. */
export const opcodeNames: ReadonlyMap<number, string> = new Map([
  ...printable.match(/\S \S+/g)!.map((pair) => [pair.charCodeAt(0), pair.slice(2)] as const),
  ...upper.split(" ").map((name, i) => [0x80 + i, name] as const),
]);
