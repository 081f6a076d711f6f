/** zod: schemas of hparams, flags and manifests. @module */
export { z } from "npm:zod@4.6.7";
