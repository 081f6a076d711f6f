import { deepStrictEqual as deepEqual, throws } from "node:assert/strict";
import { encodePng } from "../../../datatools/plot/png.ts";
import { pngFacts, wavFacts } from "../../../supervisors/logging/media_header.ts";
import { wavOf } from "../../support/event_file.ts";

Deno.test("pngFacts() reads the size of a picture", () => {
  deepEqual(pngFacts(encodePng(3, 2, new Uint8Array(18))), { width: 3, height: 2 });
  for (const bad of [new Uint8Array(0), new Uint8Array(50)]) {
    throws(() => pngFacts(bad), SyntaxError);
  }
});

Deno.test("wavFacts() reads the format of a sound and steps over other chunks", () => {
  deepEqual(wavFacts(wavOf({ nFrames: 5 })), { sampleRate: 8000, nChannels: 2, nFrames: 5 });
  deepEqual(wavFacts(wavOf({ nFrames: 5, extraBytes: 3 })).nFrames, 5);
});

Deno.test("wavFacts() refuses a sound cut at any length", () => {
  const wav = wavOf({ nFrames: 5, extraBytes: 3 });
  for (let n = 0; n < wav.length; n++) throws(() => wavFacts(wav.subarray(0, n)), SyntaxError);
  const claims = wav.slice();
  new DataView(claims.buffer).setUint32(16, 0xffffffff, true);
  throws(() => wavFacts(claims), SyntaxError);
});
