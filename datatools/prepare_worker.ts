/**
 * The worker of a preparation: bytes of a file in, what a prepared set holds of it out. It touches no file
 * and needs no permission of its own.
 *
 * @module
 */
import { encodeFile, type EncodeRequest } from "./prepare_encoders.ts";

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<EncodeRequest>) => void;
  postMessage: (message: unknown) => void;
};

scope.onmessage = async ({ data }) => scope.postMessage(await encodeFile(data));
scope.postMessage("ready");
