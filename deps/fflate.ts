/** fflate: zlib and zip. @module */
export { unzlibSync, zlibSync } from "npm:fflate@0.8.3";
