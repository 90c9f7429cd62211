"use strict";
/* js-pytorch: nested arrays of numbers with a tape. https://github.com/eduardoleao052/js-pytorch */

const { Missing, TAPE, needed, rows } = require("../runner.js");
const { dependencies } = require("../package.json");

const { module: library, version } = needed("js-pytorch", dependencies);
const { torch } = library;

/* The library has no tensors without dimensions: a number is a tensor of one element. Those that stand for one are marked. */
const numbers = new WeakSet();
const asNumber = (value) => (numbers.add(value), value);
const isNumber = (value) => typeof value === "number" || numbers.has(value);
const like = (value, ...operands) => (operands.every(isNumber) ? asNumber(value) : value);

const unary = (name) => ({ input }) => like(torch[name](input), input);
const binary = (name) => ({ input, other }) => {
  if (typeof input !== "number") return like(input[name](other), input, other);
  // A number on the left is written on the right; a division has a function for it, and a difference has nothing.
  if (name === "sub") throw new Missing("a number minus a tensor");
  return like(name === "div" ? torch.div(input, other) : other[name](input), other);
};

/* Without a dimension it means the last one here, and every one in PyTorch. */
const reduction = (name) => ({ input, dim, keepdim }) => {
  const { shape } = input;
  if ((dim === null && shape.length > 1) || Array.isArray(dim)) throw new Missing(`${name} over several dimensions`);
  const found = input[name](dim ?? -1, keepdim);
  return shape.length === 1 && !keepdim ? asNumber(found) : found;
};

/* A leaf begins with a gradient of zeros; until a backward puts another in its place, it is shown as none. */
const initial = new WeakSet();

function nested(elements, shape) {
  if (shape.length <= 1) return elements;
  const step = elements.length / shape[0];
  return Array.from({ length: shape[0] }, (_, at) => nested(elements.slice(at * step, (at + 1) * step), shape.slice(1)));
}

module.exports = {
  name: "js-pytorch",
  version,
  features: TAPE.filter((name) => !["linalg", "promotion"].includes(name)),
  // Its numbers are those of JavaScript.
  facets: ["value", "grad", "raised", "shape"],
  dtypes: ["float64"],
  stands: { float32: "float64" },
  array(dtype, shape, elements) {
    if (shape.includes(0)) throw new Missing("a tensor without elements");
    const made = torch.tensor(nested(elements, shape));
    return shape.length === 0 ? asNumber(made) : made;
  },
  read: (value) => ({
    dtype: "float64",
    shape: numbers.has(value) ? [] : value.shape,
    data: [value.data].flat(Infinity),
  }),
  operators: {
    ...rows(["add", "sub", "mul", "div"], binary),
    ...rows(["neg", "sqrt", "exp", "log"], unary),
    true_divide: binary("div"),
    pow: ({ input, exponent }) => {
      if (typeof exponent !== "number" || typeof input === "number") throw new Missing("a power that is no number");
      return like(torch.pow(input, exponent), input);
    },
    ...rows(["sum", "mean"], reduction),
    matmul: ({ input, other }) => torch.matmul(input, other),
    ...rows(["mm", "bmm"], () => ({ input, mat2 }) => torch.matmul(input, mat2)),
    transpose: ({ input, dim0, dim1 }) => torch.transpose(input, dim0, dim1),
    ...rows(["reshape", "view"], () => ({ input, shape }) => torch.reshape(input, shape)),
    relu: ({ input }) => like(new torch.nn.ReLU().forward(input), input),
    softmax: ({ input, dim }) => new torch.nn.Softmax().forward(input, dim),
  },
  track(value) {
    const leaf = torch.tensor(value.data, true);
    initial.add(leaf._grad);
    return like(leaf, value);
  },
  backward: (value, cotangent) => value.backward(cotangent),
  grad: (value) => (value._grad && !initial.has(value._grad) ? like(value._grad, value) : null),
};
