"use strict";
/* jax-js: functions of immutable arrays, on WebAssembly. https://github.com/ekzhang/jax-js */

const { FUNCTIONAL, Missing, Slice, axes, named, needed, rows } = require("../runner.js");
const { dependencies } = require("../package.json");

/* Where JavaScript has no float16 (node before 24), jax-js makes no float64 either, as it asks whether data is a Float16Array. */
const half = "Float16Array" in globalThis ? ["float16"] : [];
globalThis.Float16Array ??= class Float16Array {};

const { module: jax, version } = needed("@jax-js/jax", dependencies);
const { numpy: np, nn } = jax;

/* A function consumes the arrays that it is given; so each of them is handed over as a reference of its own. */
const own = (value) => (Array.isArray(value) ? value.map(own) : (value?.ref ?? value));
const call = (f, ...args) => f(...args.map(own));
const KINDS = { bool: Int32Array, int32: Int32Array, uint32: Uint32Array, float32: Float32Array, float64: Float64Array };
KINDS.float16 = globalThis.Float16Array;

const reduction = (f) => ({ input, dim, keepdim }) => f(own(input), axes(dim), { keepdims: keepdim });
const spread = (f) => ({ input, dim, correction, keepdim }) =>
  f(own(input), axes(dim), { keepdims: keepdim, correction });
const clip = ({ input, min, max }) => np.clip(own(input), own(min ?? undefined), own(max ?? undefined));

const POSITIONAL = `
add=add sub=subtract mul=multiply div=trueDivide true_divide=trueDivide floor_divide=floorDivide remainder=remainder
fmod=fmod pow=power float_power=floatPower maximum=maximum minimum=minimum fmax=fmax fmin=fmin atan2=atan2 hypot=hypot
logaddexp=logaddexp logaddexp2=logaddexp2 copysign=copysign heaviside=heaviside eq=equal ne=notEqual lt=less le=lessEqual
gt=greater ge=greaterEqual logical_and=logicalAnd logical_or=logicalOr logical_xor=logicalXor logical_not=logicalNot
neg=negative abs=abs square=square sqrt=sqrt reciprocal=reciprocal exp=exp exp2=exp2 expm1=expm1 log=log log2=log2
log10=log10 log1p=log1p sin=sin cos=cos tan=tan asin=asin acos=acos atan=atan sinh=sinh cosh=cosh tanh=tanh asinh=asinh
acosh=acosh atanh=atanh sinc=sinc floor=floor ceil=ceil round=round trunc=trunc sign=sign deg2rad=deg2rad rad2deg=rad2deg
isnan=isnan isinf=isinf isfinite=isfinite where=where matmul=matmul mm=matmul mv=matmul bmm=matmul dot=dot inner=inner
outer=outer trace=trace ravel=ravel linalg.inv=linalg.inv inverse=linalg.inv linalg.det=linalg.det det=linalg.det
linalg.slogdet=linalg.slogdet slogdet=linalg.slogdet linalg.cholesky=linalg.cholesky cholesky=linalg.cholesky
linalg.solve=linalg.solve linalg.eigvalsh=linalg.eigvalsh linalg.svdvals=linalg.svdvals linalg.multi_dot=linalg.multiDot
linalg.matrix_power=linalg.matrixPower matrix_power=linalg.matrixPower zeros_like=zerosLike ones_like=onesLike
`;

const MORE = `
relu=nn.relu sigmoid=nn.sigmoid nn.functional.softplus=nn.softplus nn.functional.silu=nn.silu nn.functional.selu=nn.selu
nn.functional.relu6=nn.relu6 nn.functional.softsign=nn.softSign nn.functional.mish=nn.mish
nn.functional.hardtanh=nn.hardTanh nn.functional.hardsigmoid=nn.hardSigmoid nn.functional.hardswish=nn.hardSwish
nn.functional.logsigmoid=nn.logSigmoid erf=lax.erf erfc=lax.erfc logit=scipySpecial.logit detach=lax.stopGradient
`;

/* An index as jax-js takes it: a number, an array, [from, to], [] for a whole dimension, null for a new one. */
function indexed(input, index) {
  const missing = input.shape.length - index.filter((one) => one !== null && one !== "...").length;
  const parts = index.flatMap((one) => {
    if (one === "...") return Array.from({ length: missing }, () => []);
    if (one?.dtype === "bool" || typeof one === "boolean" || Array.isArray(one)) throw new Missing("an index of this kind");
    if (!(one instanceof Slice)) return [own(one)];
    if ((one.step ?? 1) !== 1) throw new Missing("a slice with a step");
    return [one.stop === null ? (one.start === null ? [] : [one.start]) : [one.start ?? 0, one.stop]];
  });
  return own(input).slice(...parts);
}

module.exports = {
  name: "jax-js",
  version,
  features: FUNCTIONAL.filter((name) => name !== "complex"),
  dtypes: ["bool", "int32", "uint32", ...half, "float32", "float64"],
  stands: { int64: "int32" },
  open: () => jax.init("wasm"),
  array(dtype, shape, elements) {
    if (elements.length === 0) return np.zeros(shape, { dtype });
    return np.array(KINDS[dtype].from(elements), { shape, dtype });
  },
  read: (value) => ({ dtype: value.dtype, shape: value.shape, data: Array.from(own(value).dataSync()) }),
  // Two gradients may be one array.
  end: (values) => new Set(values).forEach((value) => value.dispose()),
  operators: {
    ...named(np, POSITIONAL, call),
    ...named(jax, MORE, call),
    ...rows(["sum", "nansum", "mean", "nanmean", "prod", "all", "any"], (name) => reduction(np[name])),
    amax: reduction(np.max),
    amin: reduction(np.min),
    max: ({ input }) => np.max(own(input)),
    min: ({ input }) => np.min(own(input)),
    std: spread(np.std),
    var: spread(np.var_),
    argmax: ({ input, dim }) => np.argmax(own(input), dim ?? undefined),
    argmin: ({ input, dim }) => np.argmin(own(input), dim ?? undefined),
    cumsum: ({ input, dim }) => np.cumsum(own(input), dim),
    cumprod: ({ input, dim }) => np.cumprod(own(input), dim),
    count_nonzero: ({ input, dim }) => np.countNonzero(own(input), axes(dim)),
    logsumexp: ({ input, dim, keepdim }) => nn.logsumexp(own(input), axes(dim), { keepdims: keepdim }),
    softmax: ({ input, dim }) => nn.softmax(own(input), dim),
    log_softmax: ({ input, dim }) => nn.logSoftmax(own(input), dim),
    norm: ({ input }) => np.linalg.vectorNorm(own(input), {}),
    "linalg.vector_norm": ({ x, ord, dim, keepdim }) =>
      np.linalg.vectorNorm(own(x), { ord, axis: dim, keepdims: keepdim }),
    clamp: clip,
    clip,
    nan_to_num: ({ input, nan, posinf, neginf }) => np.nanToNum(own(input), { nan: nan ?? 0, posinf, neginf }),
    sort: ({ input, dim }) => [np.sort(own(input), dim), np.argsort(own(input), dim)],
    argsort: ({ input, dim }) => np.argsort(own(input), dim),
    "nn.functional.gelu": ({ input, approximate }) => nn.gelu(own(input), { approximate: approximate === "tanh" }),
    "nn.functional.elu": ({ input, alpha }) => nn.elu(own(input), alpha),
    "nn.functional.celu": ({ input, alpha }) => nn.celu(own(input), alpha),
    "nn.functional.leaky_relu": ({ input, negative_slope: slope }) => nn.leakyRelu(own(input), slope),
    ...rows(["reshape", "view"], () => ({ input, shape }) => np.reshape(own(input), shape)),
    squeeze: ({ input, dim }) => np.squeeze(own(input), dim),
    unsqueeze: ({ input, dim }) => np.expandDims(own(input), dim),
    transpose: ({ input, dim0, dim1 }) => np.swapaxes(own(input), dim0, dim1),
    t({ input }) {
      if (input.shape.length > 2) throw new Missing("torch.t of more than a matrix");
      return np.transpose(own(input));
    },
    permute: ({ input, dims }) => np.transpose(own(input), dims),
    movedim: ({ input, source, destination }) => np.moveaxis(own(input), source, destination),
    broadcast_to: ({ input, shape }) => np.broadcastTo(own(input), shape),
    ...rows(["repeat", "tile"], (name) => (given) => np.tile(own(given.input), given[name === "tile" ? "dims" : "repeats"])),
    flip: ({ input, dims }) => np.flip(own(input), dims),
    roll: ({ input, shifts, dims }) => np.roll(own(input), shifts, dims),
    diag: ({ input, diagonal }) => np.diag(own(input), diagonal),
    diagonal: ({ input, offset, dim1, dim2 }) => np.diagonal(own(input), offset, dim1, dim2),
    tril: ({ input, diagonal }) => np.tril(own(input), diagonal),
    triu: ({ input, diagonal }) => np.triu(own(input), diagonal),
    unbind: ({ input, dim }) => np.unstack(own(input), dim),
    cat: ({ tensors, dim }) => np.concatenate(own(tensors), dim),
    stack: ({ tensors, dim }) => np.stack(own(tensors), dim),
    gather: ({ input, dim, index }) => np.takeAlongAxis(own(input), own(index), dim),
    index_select: ({ input, dim, index }) => np.take(own(input), own(index), dim),
    masked_fill: ({ input, mask, value }) => np.where(own(mask), own(value), own(input)),
    einsum: ({ equation, operands }) => np.einsum(equation, ...own(operands)),
    tensordot: ({ a, b, dims }) => np.tensordot(own(a), own(b), dims),
    getitem: ({ input, index }) => indexed(input, index),
  },
  vjp: (f, values) => {
    const [, pull] = jax.vjp((...args) => f(...args).map(own), own(values));
    return (cotangents) => pull(own(cotangents));
  },
  lacks: (error) => /not supported|not implemented|not yet implemented|unimplemented/i.test(error.message),
};
