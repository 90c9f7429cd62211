// What of engine.mjs a program can use. runner.cjs says at its top what may stand here.

import * as engine from "./engine.mjs";
import runner from "./runner.cjs";

const tensorOf = (value) => (typeof value === "number" ? new engine.Tensor(Float64Array.of(value), []) : value);
const binary = (name) => ({ input, other }) => engine[name](tensorOf(input), tensorOf(other));
const unary = (name) => ({ input }) => engine[name](input);

// By PyTorch's names. An operator that is added here is one of the `features`, too.
const operators = {
  ...runner.rows(["add", "sub", "mul", "div"], binary),
  ...runner.rows(["neg", "exp", "log", "relu"], unary),
  sum: ({ input }) => engine.sum(input),
};

export default {
  name: "engine",
  version: "0.1",
  // What cases may ask for; `torchstone list --requires` has all of them. Those that need anything else count as nothing.
  features: runner.featuresOf(operators, "backward", "tape"),
  facets: ["value", "grad", "raised", "shape", "requires_grad", "is_leaf"],
  // Its numbers are doubles, which also hold those of float32.
  dtypes: ["float64"],
  stands: { float32: "float64" },
  array: (dtype, shape, elements) => new engine.Tensor(Float64Array.from(elements), shape),
  read: (tensor) => ({ dtype: "float64", shape: tensor.shape, data: tensor.data }),
  facts: ({ requiresGrad, parents }) => ({ requires_grad: requiresGrad, is_leaf: !requiresGrad || !parents.length }),
  operators,
  track: (tensor, on) => tensor.track(on),
  backward: (tensor, gradient) => tensor.backward(gradient ?? undefined),
  grad: (tensor) => tensor.grad,
};
