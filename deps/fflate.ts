/** fflate: zlib and zip. @module */
export { unzipSync, unzlibSync, zlibSync } from "npm:fflate@0.8.3";
