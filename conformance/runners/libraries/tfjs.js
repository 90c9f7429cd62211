"use strict";
/* TensorFlow.js: functions of immutable tensors, on its backend in plain JavaScript. https://js.tensorflow.org */

const { FUNCTIONAL, Missing, Slice, axes, named, needed, rows } = require("../runner.js");
const { dependencies } = require("../package.json");

const { module: tf, version } = needed("@tensorflow/tfjs", dependencies);

const POSITIONAL = `
add=add sub=sub mul=mul div=div true_divide=div floor_divide=floorDiv remainder=mod pow=pow maximum=maximum minimum=minimum
atan2=atan2 eq=equal ne=notEqual lt=less le=lessEqual gt=greater ge=greaterEqual logical_and=logicalAnd
logical_or=logicalOr logical_xor=logicalXor logical_not=logicalNot neg=neg abs=abs square=square sqrt=sqrt rsqrt=rsqrt
reciprocal=reciprocal exp=exp expm1=expm1 log=log log1p=log1p sin=sin cos=cos tan=tan asin=asin acos=acos atan=atan sinh=sinh
cosh=cosh tanh=tanh asinh=asinh acosh=acosh atanh=atanh sigmoid=sigmoid relu=relu erf=erf floor=floor ceil=ceil round=round
sign=sign isnan=isNaN isinf=isInf isfinite=isFinite where=where matmul=matMul mm=matMul bmm=matMul mv=dot dot=dot
outer=outerProduct clone=clone zeros_like=zerosLike ones_like=onesLike
nn.functional.softplus=softplus nn.functional.selu=selu nn.functional.relu6=relu6 nn.functional.logsigmoid=logSigmoid
`;

const reduction = (f) => ({ input, dim, keepdim }) => f(input, axes(dim), keepdim);
const clip = ({ input, min, max }) => {
  if (typeof min !== "number" || typeof max !== "number") throw new Missing("torch.clamp without two numbers");
  return tf.clipByValue(input, min, max);
};
const along = (input, dim) => (dim < 0 ? dim + input.rank : dim);

/* An index as stridedSlice takes it; one of tensors is not among what tf.gather does for several dimensions. */
function indexed(input, index) {
  const missing = input.rank - index.filter((one) => one !== null && one !== "...").length;
  const parts = index.flatMap((one) => (one === "..." ? Array.from({ length: missing }, () => new Slice(null, null, null)) : [one]));
  if (parts.length === 1 && parts[0] instanceof tf.Tensor && parts[0].dtype === "int32") return tf.gather(input, parts[0]);
  if (!parts.every((one) => one instanceof Slice || typeof one === "number")) throw new Missing("an index of this kind");
  const begin = [];
  const end = [];
  const dropped = [];
  parts.forEach((one, dim) => {
    if (one instanceof Slice && (one.step ?? 1) !== 1) throw new Missing("a slice with a step");
    const length = input.shape[dim];
    const from = one instanceof Slice ? Math.min((one.start ?? 0) + (one.start < 0 ? length : 0), length) : one < 0 ? one + length : one;
    const to = one instanceof Slice ? Math.min((one.stop ?? length) + (one.stop < 0 ? length : 0), length) : from + 1;
    begin.push(from);
    end.push(Math.max(to - from, 0));
    if (!(one instanceof Slice)) dropped.push(dim);
  });
  const cut = tf.slice(input, begin, [...end, ...input.shape.slice(parts.length)]);
  return dropped.length ? tf.squeeze(cut, dropped) : cut;
}

module.exports = {
  name: "tfjs",
  version,
  features: [...FUNCTIONAL.filter((name) => !["complex", "linalg"].includes(name)), "clone"],
  dtypes: ["bool", "int32", "float32"],
  stands: { int64: "int32" },
  async open() {
    await tf.setBackend("cpu");
    tf.env().set("IS_TEST", true); // No greeting on every start.
  },
  begin: () => tf.engine().startScope(),
  end: () => tf.engine().endScope(),
  array: (dtype, shape, elements) =>
    tf.tensor(dtype === "float32" ? Float32Array.from(elements) : dtype === "bool" ? Uint8Array.from(elements) : Int32Array.from(elements), shape, dtype),
  read: (value) => ({ dtype: value.dtype, shape: value.shape, data: value.dataSync() }),
  number: (value, isFloat) => tf.scalar(value, isFloat ? "float32" : "int32"),
  operators: {
    ...named(tf, POSITIONAL),
    ...rows(["sum", "mean", "prod", "all", "any"], (name) => reduction(tf[name])),
    amax: reduction(tf.max),
    amin: reduction(tf.min),
    max: ({ input }) => tf.max(input),
    min: ({ input }) => tf.min(input),
    logsumexp: ({ input, dim, keepdim }) => tf.logSumExp(input, axes(dim), keepdim),
    argmax: ({ input, dim }) => tf.argMax(dim === null ? tf.reshape(input, [-1]) : input, dim ?? 0),
    argmin: ({ input, dim }) => tf.argMin(dim === null ? tf.reshape(input, [-1]) : input, dim ?? 0),
    cumsum: ({ input, dim }) => tf.cumsum(input, dim),
    cumprod: ({ input, dim }) => tf.cumprod(input, dim),
    softmax: ({ input, dim }) => tf.softmax(input, dim),
    log_softmax: ({ input, dim }) => tf.logSoftmax(input, dim),
    norm: ({ input }) => tf.norm(input),
    "linalg.vector_norm": ({ x, ord, dim, keepdim }) => tf.norm(dim === null ? tf.reshape(x, [-1]) : x, ord, dim, keepdim),
    clamp: clip,
    clip,
    topk: ({ input, k, sorted }) => {
      const { values, indices } = tf.topk(input, k, sorted);
      return [values, indices];
    },
    "nn.functional.elu": ({ input }) => tf.elu(input),
    "nn.functional.leaky_relu": ({ input, negative_slope: slope }) => tf.leakyRelu(input, slope),
    ...rows(["reshape", "view"], () => ({ input, shape }) => tf.reshape(input, shape)),
    squeeze: ({ input, dim }) => tf.squeeze(input, dim === null ? undefined : [].concat(dim)),
    unsqueeze: ({ input, dim }) => tf.expandDims(input, dim),
    t({ input }) {
      if (input.shape.length > 2) throw new Missing("torch.t of more than a matrix");
      return tf.transpose(input);
    },
    permute: ({ input, dims }) => tf.transpose(input, dims),
    broadcast_to: ({ input, shape }) => tf.broadcastTo(input, shape),
    ...rows(["repeat", "tile"], (name) => (given) => tf.tile(given.input, given[name === "tile" ? "dims" : "repeats"])),
    flip: ({ input, dims }) => tf.reverse(input, dims),
    unbind: ({ input, dim }) => tf.unstack(input, dim),
    split: ({ input, split_size_or_sections: sizes, dim }) =>
      tf.split(input, Array.isArray(sizes) ? sizes : pieces(input.shape[along(input, dim)], sizes), dim),
    cat: ({ tensors, dim }) => tf.concat(tensors, dim),
    stack: ({ tensors, dim }) => tf.stack(tensors, dim),
    index_select: ({ input, dim, index }) => tf.gather(input, index, along(input, dim)),
    einsum: ({ equation, operands }) => tf.einsum(equation, ...operands),
    getitem: ({ input, index }) => indexed(input, index),
  },
  /* tf.grads, with null for an operand that the results do not depend on. It takes one result at a time. */
  vjp: (f, values) => (cotangents) =>
    cotangents
      .map((cotangent, at) => tf.engine().gradients(() => f(...values)[at], values, cotangent, true).grads)
      .reduce((sums, found) => sums.map((sum, at) => (sum && found[at] ? tf.add(sum, found[at]) : (sum ?? found[at])))),
  lacks: (error) => /gradient function not found|not (yet )?supported|Kernel .* not registered/i.test(error.message),
};

function pieces(total, size) {
  return Array.from({ length: Math.ceil(total / size) }, (_, at) => Math.min(size, total - at * size));
}
