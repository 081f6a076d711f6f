/** Decoders in WebAssembly by the wasm-audio-decoders project: large, so import this at first use. @module */
export { FLACDecoder } from "npm:@wasm-audio-decoders/flac@0.2.11";
export { OggVorbisDecoder } from "npm:@wasm-audio-decoders/ogg-vorbis@0.1.20";
export { MPEGDecoder } from "npm:mpg123-decoder@1.0.3";
export { OpusDecoder } from "npm:opus-decoder@0.7.12";
export { default as CodecParser } from "npm:codec-parser@2.5.0";
