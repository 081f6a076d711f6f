/** Prints the path of the running Deno, so that a task can allow running it and nothing else. @module */
console.log(Deno.execPath());
