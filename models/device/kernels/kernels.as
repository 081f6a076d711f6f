// The one binary: the pool and the operations that it runs.
export { launch, serve } from "./pool";
