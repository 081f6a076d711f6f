/**
 * Lint rules of this project.
 *
 * `no-sync-read`: `dataSync`, `arraySync` and `tensor.print` throw on the WebGPU backend, so they are errors
 * everywhere.
 *
 * @module
 */
const advice: Readonly<Record<string, string>> = {
  dataSync: "await tensor.data()",
  arraySync: "await tensor.array()",
};

const plugin: Deno.lint.Plugin = {
  name: "coopertunes",
  rules: {
    "no-sync-read": {
      create: (context) => ({
        MemberExpression(node) {
          const { property } = node;
          if (property.type !== "Identifier" || !Object.hasOwn(advice, property.name)) return;
          context.report({
            node: property,
            message: `${property.name} fails on the WebGPU backend`,
            hint: `Use ${advice[property.name]}`,
          });
        },
        CallExpression(node) {
          const { callee } = node;
          if (callee.type !== "MemberExpression" || callee.property.type !== "Identifier") return;
          if (callee.property.name !== "print") return;
          const isTf = callee.object.type === "Identifier" && callee.object.name === "tf";
          if (!isTf && node.arguments.length > 0) return; // a method of something else than a tensor
          context.report({
            node: callee.property,
            message: "print reads a tensor at once, which fails on the WebGPU backend",
            hint: "Await tensor.data() and show that",
          });
        },
      }),
    },
  },
};

export default plugin;
