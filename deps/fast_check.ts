/** fast-check: generated input for tests, seeded so that every run repeats. @module */
import fc from "npm:fast-check@4.10.2";

fc.configureGlobal({ seed: 20240229 });

export { fc };
