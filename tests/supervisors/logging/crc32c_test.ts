import { deepStrictEqual as deepEqual } from "node:assert/strict";
import { crc32c, maskCrc } from "../../../supervisors/logging/crc32c.ts";

Deno.test("crc32c() gives the known answers of RFC 3720", () => {
  deepEqual(crc32c(new TextEncoder().encode("123456789")), 0xe3069283);
  deepEqual(crc32c(new Uint8Array(32)), 0x8a9136aa);
  deepEqual(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
  deepEqual(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e);
  deepEqual(crc32c(Uint8Array.from({ length: 32 }, (_, i) => 31 - i)), 0x113fdb5c);
  deepEqual(crc32c(new Uint8Array(0)), 0);
});

Deno.test("maskCrc() rotates by 15 bits and adds the constant", () => {
  deepEqual(maskCrc(0), 0xa282ead8);
  deepEqual(maskCrc(0xffffffff), 0xa282ead7);
  deepEqual(maskCrc(1), 0xa284ead8);
});
